//! 40: leave a frozen exchange with deposits of which the last checkpoint knows nothing.
//!
//! | # | account     |     |                                          |
//! |---|-------------|-----|------------------------------------------|
//! | 0 | exchange    |   w | `["exchange"]`                           |
//! | 1 | checkpoints |   w | `["checkpoints"]`                        |
//! | 2 | vault       |   w | `["vault", owner]`                       |
//! | 3 | treasury    |   w | `["treasury"]`                           |
//! | 4 | destination |   w | a USDT account of the vault's owner      |
//! | 5 | token       |     | the SPL token program                    |
//! | 6 | owner       | s w | the vault's owner; gets a bond back      |
//!
//! Data: the chunk of the map of vaults in which this one's bit is not set 32, length of its path
//! u8, the path; none for a vault beyond the map. Event: as of `exit_by_claim`.

use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};

use super::exit_by_claim::{leave, Proof};
use crate::input::Input;
use crate::state::Told;

pub fn run(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    leave(program, accounts, &Told::default(), &read(data)?)
}

/// Read the chunk and its path, if there are any.
fn read(data: &[u8]) -> Result<Proof<'_>, ProgramError> {
    if data.is_empty() {
        return Ok(Proof::BeyondTheMap);
    }
    let mut input = Input::new(data);
    let chunk = input.bytes()?;
    let length = usize::from(input.u8()?);
    Ok(Proof::NoClaim { chunk, path: input.hashes(length)? })
}
