//! 12: stop deposits, payouts or roots, signed by the guardian. He can stop, never start.
//!
//! | # | account  |     |                             |
//! |---|----------|-----|-----------------------------|
//! | 0 | exchange |   w | `["exchange"]`              |
//! | 1 | guardian | s   | the exchange's guardian     |
//!
//! Data: bits u8 (1 deposits, 2 payouts, 4 roots). Event: instruction, all bits that now stand.

use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};

use crate::accounts::{check_key, load_mut};
use crate::errors::Refusal;
use crate::events;
use crate::input::Input;
use crate::state::{Exchange, PAUSE_ALL};

pub fn run(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    let [exchange, guardian] = accounts else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };
    let bits = read_bits(data)?;

    // Duties.
    let exchange = load_mut::<Exchange>(exchange, program)?;
    check_key(guardian, &exchange.guardian)?;

    // Writes.
    exchange.paused |= bits;
    events::of_exchange(12, [exchange.paused.into()], &[]);
    Ok(())
}

/// Read the parts that are meant; refuse none and unknown ones.
pub fn read_bits(data: &[u8]) -> Result<u8, ProgramError> {
    let mut input = Input::new(data);
    let bits = input.u8()?;
    input.end()?;
    if bits == 0 || bits & !PAUSE_ALL != 0 {
        return Err(Refusal::BadParameter.into());
    }
    Ok(bits)
}
