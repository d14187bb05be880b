//! Refuses transactions that were signed for any time.

use pinocchio::sysvars::instructions::INSTRUCTIONS_ID;
use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};

use crate::accounts::check_address;
use crate::errors::Refusal;
use crate::input::Input;

const ACCOUNT_BYTES: usize = 33;
/// `SystemInstruction::AdvanceNonceAccount`.
const ADVANCE_NONCE: [u8; 4] = [4, 0, 0, 0];

/// Refuse a transaction whose first instruction advances a durable nonce: a blockhash lives for a
/// minute or two, a signature over a nonce lies in somebody's drawer for ever.
pub fn check_signed_now(instructions: &AccountView) -> ProgramResult {
    check_address(instructions, &INSTRUCTIONS_ID)?;
    // SAFETY: nothing holds the data, which the runtime wrote.
    let data = unsafe { instructions.borrow_unchecked() };
    if first_advances_nonce(data)? {
        return Err(Refusal::DurableNonce.into());
    }
    Ok(())
}

/// Read the sysvar: count u16, where each instruction begins u16, then each: count of accounts u16,
/// flags u8 and address 32 of each, program 32, length of the data u16, the data.
fn first_advances_nonce(data: &[u8]) -> Result<bool, ProgramError> {
    let mut head = Input::new(data);
    let _count = head.u16()?;
    let start = usize::from(head.u16()?);
    let mut first = Input::new(data.get(start..).ok_or(ProgramError::InvalidAccountData)?);
    let accounts = usize::from(first.u16()?);
    first.skip(accounts * ACCOUNT_BYTES)?;
    let program = Address::new_from_array(*first.bytes()?);
    let length = usize::from(first.u16()?);
    if program != pinocchio_system::ID || length < ADVANCE_NONCE.len() {
        return Ok(false);
    }
    Ok(first.bytes::<4>()? == &ADVANCE_NONCE)
}
