//! Reads the chain's clock and its rent.
//!
//! The library's own `Clock::get` and `Rent::get` know only the target of `cargo build-sbf`; the
//! syscall beneath them is the same for both.

use pinocchio::error::ProgramError;
use pinocchio::sysvars::{clock::CLOCK_ID, get_sysvar, rent::RENT_ID};

use crate::errors::Refusal;

/// `Clock`: slot, start of the epoch, epoch, epoch of the leader schedule, then the time.
const TIME_OFFSET: usize = 32;
/// Bytes that every account is charged for beside its data.
const ACCOUNT_OVERHEAD: u64 = 128;
/// `Rent` holds lamports per byte and year, and after how many years an account is exempt, as a
/// double. The cluster knows two values of it: two years, and one since rent is no longer taken.
const TWO_YEARS: u64 = 0x4000_0000_0000_0000;
const ONE_YEAR: u64 = 0x3ff0_0000_0000_0000;

/// The chain's clock, Unix seconds.
pub fn now() -> Result<i64, ProgramError> {
    let mut time = [0; 8];
    get_sysvar(&mut time, &CLOCK_ID, TIME_OFFSET)?;
    Ok(i64::from_le_bytes(time))
}

/// What an account of `space` bytes must hold to stay.
pub fn rent_for(space: u64) -> Result<u64, ProgramError> {
    let mut words = [[0; 8]; 2];
    get_sysvar(words.as_flattened_mut(), &RENT_ID, 0)?;
    let per_byte_year = u64::from_le_bytes(words[0]);
    let years = match u64::from_le_bytes(words[1]) {
        TWO_YEARS => 2,
        ONE_YEAR => 1,
        _ => return Err(ProgramError::UnsupportedSysvar),
    };
    let rent = (space + ACCOUNT_OVERHEAD).checked_mul(per_byte_year);
    rent.and_then(|lamports| lamports.checked_mul(years)).ok_or(Refusal::Overflow.into())
}
