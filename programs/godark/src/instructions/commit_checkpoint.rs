//! 34: commit the next checkpoint: what everybody would be paid if everything ended now.
//!
//! | # | account     |     |                                              |
//! |---|-------------|-----|----------------------------------------------|
//! | 0 | exchange    |   w | `["exchange"]`                               |
//! | 1 | checkpoints |   w | `["checkpoints"]`                            |
//! | 2 | roots       |     | `["roots"]`                                  |
//! | 3 | treasury    |     | `["treasury"]`, for its balance              |
//! | 4 | operator    | s   | the exchange's operator                      |
//! | 5 | witness     | s   | the exchange's witness; left out while none is set |
//!
//! Data: number u64, number of the state root u64, sum of the users' claims u64, of the venue's
//! u64, deposits credited u64, withdrawals released u64, paid u64 (all in micro-USDT), count of
//! claims u32, depth of the trees u8, depth of the map of vaults u8, plain root 32, sum root 32,
//! root of the map 32, root of the marks 32, hash of the file 32. Event: instruction, number, number
//! of the state root, users' claims, venue's claims, plain root, sum root, hash of the file.

use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};

use super::commit_root::check_witness;
use crate::accounts::{check_address, check_key, load, load_mut};
use crate::errors::Refusal;
use crate::input::Input;
use crate::state::{Checkpoint, Checkpoints, Exchange, Roots, PAUSE_ROOTS};
use crate::sysvars::now;
use crate::{events, tokens};

/// All claims may be this many times the treasury: marks of thirty minutes may be off.
const MOST_CLAIMS: u128 = 2;

pub fn run(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    let [exchange, checkpoints, roots, treasury, operator, co_signers @ ..] = accounts else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };
    let now = now()?;
    let checkpoint = read(data, now)?;

    // Accounts and duties.
    let exchange = load_mut::<Exchange>(exchange, program)?;
    let checkpoints = load_mut::<Checkpoints>(checkpoints, program)?;
    let roots = load::<Roots>(roots, program)?;
    check_address(treasury, &exchange.treasury)?;
    check_key(operator, &exchange.operator)?;
    check_witness(exchange, co_signers)?;
    exchange.check_open(PAUSE_ROOTS)?;

    // The chain of checkpoints.
    if checkpoints.number.checked_add(1) != Some(checkpoint.number) {
        return Err(Refusal::NumberNotNext.into());
    }
    let before = checkpoints.newest();
    let due_at = before.committed_at.checked_add(checkpoints.interval_seconds);
    if now < due_at.ok_or(Refusal::Overflow)? {
        return Err(Refusal::CheckpointTooSoon.into());
    }
    roots.find(checkpoint.root_number)?;

    // It fits itself, the totals that the chain knows, and what came before.
    checkpoint.check_shape()?;
    if checkpoint.root_number < before.root_number
        || checkpoint.deposits_micro > exchange.deposited_micro
        || checkpoint.paid_micro > exchange.paid_micro
        || checkpoint.paid_micro > checkpoint.released_micro
    {
        return Err(Refusal::BadCheckpoint.into());
    }

    // No claim out of nothing: it would take from everybody in a freeze.
    let held = tokens::read(treasury, &exchange.mint, &exchange.treasury)?.amount_micro;
    let claims = u128::from(checkpoint.claims_micro) + u128::from(checkpoint.venue_micro);
    if claims > MOST_CLAIMS * u128::from(held) {
        return Err(Refusal::ClaimsOutOfBound.into());
    }

    // Writes.
    exchange.checkpoint_root = checkpoint.root_number;
    exchange.paid_under_micro = checkpoint.paid_micro;
    let numbers = [
        checkpoint.number,
        checkpoint.root_number,
        checkpoint.claims_micro,
        checkpoint.venue_micro,
    ];
    let hashes = [checkpoint.plain_root, checkpoint.sum_root, checkpoint.file_hash];
    events::of_exchange(34, numbers, hashes.as_flattened());
    checkpoints.push(checkpoint);
    Ok(())
}

fn read(data: &[u8], now: i64) -> Result<Checkpoint, ProgramError> {
    let mut input = Input::new(data);
    let checkpoint = Checkpoint {
        number: input.u64()?,
        committed_at: now,
        root_number: input.u64()?,
        claims_micro: input.u64()?,
        venue_micro: input.u64()?,
        deposits_micro: input.u64()?,
        released_micro: input.u64()?,
        paid_micro: input.u64()?,
        count: input.u32()?,
        depth: input.u8()?,
        ids_depth: input.u8()?,
        padding: [0; 2],
        plain_root: *input.bytes()?,
        sum_root: *input.bytes()?,
        ids_root: *input.bytes()?,
        marks_root: *input.bytes()?,
        file_hash: *input.bytes()?,
    };
    input.end()?;
    Ok(checkpoint)
}
