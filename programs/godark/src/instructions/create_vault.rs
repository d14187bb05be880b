//! 4: open a vault for a wallet.
//!
//! | # | account  |     |                                        |
//! |---|----------|-----|----------------------------------------|
//! | 0 | exchange |   w | `["exchange"]`                         |
//! | 1 | vault    |   w | `["vault", owner]`, not there yet      |
//! | 2 | owner    | s w | the wallet; pays the rent              |
//! | 3 | system   |     | the system program                     |
//!
//! Data: none. Event: instruction, owner, id.

use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};

use crate::accounts::{
    check_program, check_seeds, check_signer, check_writable, create_own, load_mut,
};
use crate::errors::Refusal;
use crate::input::Input;
use crate::state::{Exchange, Vault, PAUSE_DEPOSITS};
use crate::sysvars::now;
use crate::{events, seeds};

pub fn run(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    let [exchange, vault, owner, system] = accounts else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };
    Input::new(data).end()?;

    // Accounts.
    let exchange = load_mut::<Exchange>(exchange, program)?;
    check_writable(vault)?;
    check_signer(owner)?;
    check_writable(owner)?;
    check_program(system, &pinocchio_system::ID)?;
    let bump = check_seeds(vault, &[seeds::VAULT, owner.address().as_array()], program)?;
    if !vault.is_data_empty() {
        return Err(Refusal::AlreadyExists.into());
    }
    exchange.check_open(PAUSE_DEPOSITS)?;
    let id = exchange.vaults_created.checked_add(1).ok_or(Refusal::Overflow)?;
    let created_at = now()?;

    // Writes.
    let key = owner.address().clone();
    let seed_list = [seeds::VAULT, key.as_array()];
    let state = create_own::<Vault>(vault, owner, program, &seed_list, bump)?;
    exchange.vaults_created = id;
    state.id = id;
    state.created_at = created_at;
    events::of_owner(4, key.as_array(), [id]);
    state.owner = key;
    Ok(())
}
