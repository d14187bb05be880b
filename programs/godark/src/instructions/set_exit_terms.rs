//! 33: change how often checkpoints may come and what a forced exit takes in pledge.
//!
//! | # | account     |     |                              |
//! |---|-------------|-----|------------------------------|
//! | 0 | exchange    |     | `["exchange"]`               |
//! | 1 | checkpoints |   w | `["checkpoints"]`            |
//! | 2 | authority   | s   | the exchange's authority     |
//!
//! Data: as of `open_checkpoints`. Event: instruction, the two.

use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};

use crate::accounts::{check_key, load, load_mut};
use crate::events;
use crate::state::{Checkpoints, Exchange, ExitTerms};

pub fn run(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    let [exchange, checkpoints, authority] = accounts else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };
    let terms = ExitTerms::read(data)?;

    // Duties.
    let exchange = load::<Exchange>(exchange, program)?;
    let checkpoints = load_mut::<Checkpoints>(checkpoints, program)?;
    check_key(authority, &exchange.authority)?;
    exchange.check_not_frozen()?;

    // Writes.
    events::of_exchange(33, terms.numbers(), &[]);
    terms.write(checkpoints);
    Ok(())
}
