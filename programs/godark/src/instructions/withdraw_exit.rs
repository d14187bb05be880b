//! 36: take back the request of a forced exit; the bond goes to the operator, whom it cost work.
//!
//! | # | account  |     |                                     |
//! |---|----------|-----|-------------------------------------|
//! | 0 | exchange |     | `["exchange"]`                      |
//! | 1 | vault    |   w | `["vault", owner]`                  |
//! | 2 | operator |   w | the exchange's operator             |
//! | 3 | owner    | s   | the vault's owner                   |
//!
//! Data: none. Event: instruction, owner, vault id, bond in lamports.

use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};

use crate::accounts::{check_address, check_key, check_writable, load, load_mut, move_lamports};
use crate::events;
use crate::input::Input;
use crate::state::{Exchange, Vault};

pub fn run(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    let [exchange, vault_account, operator, owner] = accounts else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };
    Input::new(data).end()?;

    // Accounts.
    let exchange = load::<Exchange>(exchange, program)?;
    let vault = load_mut::<Vault>(vault_account, program)?;
    check_writable(operator)?;
    check_address(operator, &exchange.operator)?;
    check_key(owner, &vault.owner)?;
    exchange.check_not_frozen()?;
    vault.check_exit()?;

    // Writes.
    let bond_lamports = vault.end_exit();
    events::of_owner(36, vault.owner.as_array(), [vault.id, bond_lamports]);
    move_lamports(vault_account, operator, bond_lamports)
}
