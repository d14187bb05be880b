//! 37: show that a forced exit was served, signed by the operator; the bond goes back.
//!
//! | # | account  |     |                                     |
//! |---|----------|-----|-------------------------------------|
//! | 0 | exchange |     | `["exchange"]`                      |
//! | 1 | roots    |     | `["roots"]`                         |
//! | 2 | vault    |   w | `["vault", owner]`                  |
//! | 3 | owner    |   w | the vault's owner; gets the bond    |
//! | 4 | operator | s   | the exchange's operator             |
//!
//! The root is no older than the request. Its leaf counts all that the vault took in, has neither
//! cash nor a position, and so has released all that there was.
//!
//! Data: number of the root u64, index u32, withdrawals released u64, salt 32, length of the path
//! u8, the path. Event: instruction, owner, vault id, withdrawals released.

use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};

use crate::accounts::{check_address, check_key, check_writable, load, load_mut, move_lamports};
use crate::input::Input;
use crate::state::{Claim, Exchange, Roots, Vault};
use crate::{events, hashing};

pub fn run(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    let [exchange, roots, vault_account, owner, operator] = accounts else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };
    let mut input = Input::new(data);
    let number = input.u64()?;
    let index = input.u32()?;
    let released_micro = input.u64()?;
    let salt = input.bytes::<32>()?;
    let length = usize::from(input.u8()?);
    let path = input.hashes(length)?;

    // Accounts.
    let exchange = load::<Exchange>(exchange, program)?;
    let roots = load::<Roots>(roots, program)?;
    let vault = load_mut::<Vault>(vault_account, program)?;
    check_writable(owner)?;
    check_address(owner, &vault.owner)?;
    check_key(operator, &exchange.operator)?;

    // The proof.
    exchange.check_not_frozen()?;
    vault.check_exit()?;
    let body = hashing::empty_body(salt);
    let deposits_micro = vault.deposited_micro;
    let claim = Claim { index, deposits_micro, released_micro, body: &body, path };
    vault.check_leaf(&claim, roots.find_since(number, vault.exit_requested_at)?)?;

    // Writes.
    let bond_lamports = vault.end_exit();
    events::of_owner(37, vault.owner.as_array(), [vault.id, released_micro]);
    move_lamports(vault_account, owner, bond_lamports)
}
