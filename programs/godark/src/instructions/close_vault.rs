//! 11: close a vault and return its rent.
//!
//! | # | account  |     |                                          |
//! |---|----------|-----|------------------------------------------|
//! | 0 | exchange |     | `["exchange"]`                           |
//! | 1 | roots    |     | `["roots"]`                              |
//! | 2 | vault    |   w | `["vault", owner]`                       |
//! | 3 | owner    | s w | the vault's owner; gets the rent         |
//!
//! The leaf must show that the vault's deposits are all counted, all that was released is paid,
//! and that there is neither cash nor a position. A vault that never saw money needs no proof.
//!
//! Data: none for a vault without history; else number of the root u64, index u32, salt 32, length
//! of the path u8, the path. Event: instruction, owner, vault id.

use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};

use crate::accounts::{check_key, check_writable, load, load_mut};
use crate::errors::Refusal;
use crate::input::Input;
use crate::state::{Claim, Exchange, Roots, Vault};
use crate::{events, hashing};

pub fn run(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    let [exchange, roots, vault_account, owner] = accounts else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };

    // Accounts.
    let exchange = load::<Exchange>(exchange, program)?;
    let roots = load::<Roots>(roots, program)?;
    let vault = load_mut::<Vault>(vault_account, program)?;
    check_writable(owner)?;
    check_key(owner, &vault.owner)?;
    exchange.check_not_frozen()?;

    // Nothing is left in it.
    if vault.queued_micro != 0 {
        return Err(Refusal::VaultNotEmpty.into());
    }
    if vault.deposited_micro == 0 && vault.paid_micro == 0 {
        Input::new(data).end()?;
    } else {
        check_empty(vault, roots, data)?;
    }

    // Writes.
    events::of_owner(11, vault.owner.as_array(), [vault.id]);
    let sum = owner.lamports().checked_add(vault_account.lamports());
    owner.set_lamports(sum.ok_or(Refusal::Overflow)?);
    vault_account.set_lamports(0);
    vault_account.close()
}

/// Refuse unless the leaf is empty and its totals are exactly the vault's.
fn check_empty(vault: &Vault, roots: &Roots, data: &[u8]) -> ProgramResult {
    let mut input = Input::new(data);
    let number = input.u64()?;
    let index = input.u32()?;
    let salt = input.bytes::<32>()?;
    let length = usize::from(input.u8()?);
    let body = hashing::empty_body(salt);
    let claim = Claim {
        index,
        deposits_micro: vault.deposited_micro,
        released_micro: vault.paid_micro,
        body: &body,
        path: input.hashes(length)?,
    };
    let proven = vault.check_leaf(&claim, roots.find(number)?);
    proven.map_err(|_| Refusal::VaultNotEmpty.into())
}
