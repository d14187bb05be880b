//! 10: take back a payout that waits, when keys were stolen; the owner may queue it again.
//!
//! | # | account   |     |                              |
//! |---|-----------|-----|------------------------------|
//! | 0 | exchange  |     | `["exchange"]`               |
//! | 1 | vault     |   w | `["vault", owner]`           |
//! | 2 | authority | s   | the exchange's authority     |
//!
//! Data: none. Event: instruction, owner, vault id, amount.

use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};

use crate::accounts::{check_key, load, load_mut};
use crate::errors::Refusal;
use crate::events;
use crate::input::Input;
use crate::state::{Exchange, Vault};

pub fn run(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    let [exchange, vault, authority] = accounts else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };
    Input::new(data).end()?;

    // Duties.
    let exchange = load::<Exchange>(exchange, program)?;
    let vault = load_mut::<Vault>(vault, program)?;
    check_key(authority, &exchange.authority)?;
    exchange.check_not_frozen()?;
    if vault.queued_micro == 0 {
        return Err(Refusal::PayoutNotDue.into());
    }

    // Writes.
    events::of_owner(10, vault.owner.as_array(), [vault.id, vault.queued_micro]);
    vault.queued_micro = 0;
    vault.queued_until = 0;
    Ok(())
}
