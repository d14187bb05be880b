//! 38: freeze the exchange for good: a forced exit, or a root, is overdue by a day.
//!
//! | # | account     |     |                                                     |
//! |---|-------------|-----|-----------------------------------------------------|
//! | 0 | exchange    |   w | `["exchange"]`                                      |
//! | 1 | checkpoints |   w | `["checkpoints"]`                                   |
//! | 2 | treasury    |     | `["treasury"]`, for its balance                     |
//! | 3 | vault       |     | whose forced exit is overdue; left out for a root   |
//!
//! Anybody may send it; nobody has to sign. What all exits divide by is fixed here. An owner under
//! sanctions freezes nothing.
//!
//! Data: none. Event: instruction, number of the checkpoint that counts, treasury, reserve, users'
//! claims, venue's share.

use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};

use crate::accounts::{check_address, load, load_mut};
use crate::errors::Refusal;
use crate::input::Input;
use crate::state::{Checkpoints, Exchange, Vault, EXIT_SECONDS};
use crate::sysvars::now;
use crate::{events, tokens};

pub fn run(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    let [exchange, checkpoints, treasury, vaults @ ..] = accounts else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };
    Input::new(data).end()?;

    // Accounts.
    let exchange = load_mut::<Exchange>(exchange, program)?;
    let checkpoints = load_mut::<Checkpoints>(checkpoints, program)?;
    check_address(treasury, &exchange.treasury)?;
    exchange.check_not_frozen()?;

    // What is overdue.
    let now = now()?;
    let since = match vaults {
        [] => exchange.root_at.max(checkpoints.opened_at),
        [vault] => exit_since(load::<Vault>(vault, program)?)?,
        _ => return Err(ProgramError::InvalidArgument),
    };
    if now.saturating_sub(since) < EXIT_SECONDS {
        return Err(Refusal::NotOverdue.into());
    }
    let held_micro = tokens::read(treasury, &exchange.mint, &exchange.treasury)?.amount_micro;

    // Writes.
    exchange.frozen_at = now;
    checkpoints.freeze(exchange, held_micro);
    let numbers = [
        checkpoints.number,
        held_micro,
        checkpoints.reserve_micro,
        checkpoints.claims_micro,
        checkpoints.venue_micro,
    ];
    events::of_exchange(38, numbers, &[]);
    Ok(())
}

/// Since when a vault's forced exit waits; refuse one without, and an owner under sanctions.
fn exit_since(vault: &Vault) -> Result<i64, ProgramError> {
    vault.check_exit()?;
    if vault.sanctioned_at != 0 {
        return Err(Refusal::Sanctioned.into());
    }
    Ok(vault.exit_requested_at)
}
