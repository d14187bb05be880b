//! 13: let deposits, payouts or roots go on, signed by the authority.
//!
//! | # | account   |     |                              |
//! |---|-----------|-----|------------------------------|
//! | 0 | exchange  |   w | `["exchange"]`               |
//! | 1 | authority | s   | the exchange's authority     |
//!
//! Data: bits u8 as in `pause`. Event: instruction, all bits that still stand.

use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};

use super::pause::read_bits;
use crate::accounts::{check_key, load_mut};
use crate::events;
use crate::state::Exchange;

pub fn run(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    let [exchange, authority] = accounts else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };
    let bits = read_bits(data)?;

    // Duties.
    let exchange = load_mut::<Exchange>(exchange, program)?;
    check_key(authority, &exchange.authority)?;

    // Writes.
    exchange.paused &= !bits;
    events::of_exchange(13, [exchange.paused.into()], &[]);
    Ok(())
}
