//! 32: create the account of checkpoints, signed by the authority.
//!
//! | # | account     |     |                                       |
//! |---|-------------|-----|---------------------------------------|
//! | 0 | exchange    |     | `["exchange"]`                        |
//! | 1 | checkpoints |   w | `["checkpoints"]`, not there yet      |
//! | 2 | payer       | s w | anybody; pays the rent                |
//! | 3 | authority   | s   | the exchange's authority              |
//! | 4 | system      |     | the system program                    |
//!
//! Data: least seconds between checkpoints i64 (1 to 86,400), bond of a forced exit in lamports u64
//! (at most ten SOL). Event: instruction, the two.

use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};

use crate::accounts::{
    check_key, check_program, check_seeds, check_signer, check_writable, create_own, load,
};
use crate::errors::Refusal;
use crate::state::{Checkpoints, Exchange, ExitTerms};
use crate::sysvars::now;
use crate::{events, seeds};

pub fn run(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    let [exchange, checkpoints, payer, authority, system] = accounts else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };
    let terms = ExitTerms::read(data)?;

    // Accounts.
    let exchange = load::<Exchange>(exchange, program)?;
    check_writable(checkpoints)?;
    check_signer(payer)?;
    check_writable(payer)?;
    check_key(authority, &exchange.authority)?;
    check_program(system, &pinocchio_system::ID)?;
    let seed_list: [&[u8]; 1] = [seeds::CHECKPOINTS];
    let bump = check_seeds(checkpoints, &seed_list, program)?;
    if !checkpoints.is_data_empty() {
        return Err(Refusal::AlreadyExists.into());
    }
    exchange.check_not_frozen()?;
    let opened_at = now()?;

    // Writes.
    events::of_exchange(32, terms.numbers(), &[]);
    let state = create_own::<Checkpoints>(checkpoints, payer, program, &seed_list, bump)?;
    state.opened_at = opened_at;
    terms.write(state);
    Ok(())
}
