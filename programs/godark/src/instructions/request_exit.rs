//! 35: ask for a forced exit, with a bond against spam.
//!
//! | # | account     |     |                                          |
//! |---|-------------|-----|------------------------------------------|
//! | 0 | exchange    |     | `["exchange"]`                           |
//! | 1 | checkpoints |     | `["checkpoints"]`, for the bond          |
//! | 2 | vault       |   w | `["vault", owner]`, keeps the bond       |
//! | 3 | owner       | s w | the vault's owner; pays the bond         |
//! | 4 | system      |     | the system program                       |
//!
//! From now on nothing is deposited, and the venue takes no new orders. Unserved after a day,
//! anybody may freeze the exchange. A vault that never saw money has nothing to ask for.
//!
//! Data: none. Event: instruction, owner, vault id, bond in lamports.

use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};
use pinocchio_system::instructions::Transfer;

use crate::accounts::{check_key, check_program, check_writable, load, load_mut};
use crate::errors::Refusal;
use crate::events;
use crate::input::Input;
use crate::state::{Checkpoints, Exchange, Vault};
use crate::sysvars::now;

pub fn run(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    let [exchange, checkpoints, vault_account, owner, system] = accounts else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };
    Input::new(data).end()?;

    // Accounts.
    let exchange = load::<Exchange>(exchange, program)?;
    let checkpoints = load::<Checkpoints>(checkpoints, program)?;
    let vault = load_mut::<Vault>(vault_account, program)?;
    check_writable(owner)?;
    check_key(owner, &vault.owner)?;
    check_program(system, &pinocchio_system::ID)?;

    // What there is to ask for.
    exchange.check_not_frozen()?;
    vault.check_no_exit()?;
    if vault.deposited_micro == 0 {
        return Err(Refusal::NothingOwed.into());
    }
    let bond_lamports = checkpoints.bond_lamports;
    let requested_at = now()?;

    // Writes.
    vault.exit_requested_at = requested_at;
    vault.exit_bond_lamports = bond_lamports;
    events::of_owner(35, vault.owner.as_array(), [vault.id, bond_lamports]);
    Transfer { from: owner, to: vault_account, lamports: bond_lamports }.invoke()
}
