//! 7: commit the next state root.
//!
//! | # | account  |     |                                              |
//! |---|----------|-----|----------------------------------------------|
//! | 0 | exchange |   w | `["exchange"]`                               |
//! | 1 | markets  |   w | `["markets"]`                                |
//! | 2 | roots    |   w | `["roots"]`                                  |
//! | 3 | treasury |     | `["treasury"]`, for its balance              |
//! | 4 | operator | s   | the exchange's operator                      |
//! | 5 | witness  | s   | the exchange's witness; left out while none is set |
//!
//! Data: number u64, previous root 32, root 32, total i64 (micro-USDT), root of the trades 32,
//! head of the engine's hash chain 32, count of marks u8, then each mark u64 in half ticks, in the
//! markets' order; a mark of zero leaves the market's as it is. Event: instruction, number, total,
//! root, root of the marks.

use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};

use crate::accounts::{check_address, check_key, load_mut};
use crate::errors::Refusal;
use crate::input::Input;
use crate::state::{Exchange, Markets, Roots, PAUSE_ROOTS};
use crate::sysvars::now;
use crate::{events, hashing, tokens};

pub fn run(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    let [exchange, markets, roots, treasury, operator, co_signers @ ..] = accounts else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };
    let commitment = Commitment::read(data)?;

    // Accounts and duties.
    let exchange = load_mut::<Exchange>(exchange, program)?;
    let markets = load_mut::<Markets>(markets, program)?;
    let roots = load_mut::<Roots>(roots, program)?;
    check_address(treasury, &exchange.treasury)?;
    check_key(operator, &exchange.operator)?;
    check_witness(exchange, co_signers)?;
    exchange.check_open(PAUSE_ROOTS)?;

    // The chain of roots.
    if exchange.root_number.checked_add(1) != Some(commitment.number) {
        return Err(Refusal::NumberNotNext.into());
    }
    if &exchange.root != commitment.previous_root {
        return Err(Refusal::PreviousRootDiffers.into());
    }

    // What is owed is covered: I1, money is conserved.
    let held = tokens::read(treasury, &exchange.mint, &exchange.treasury)?.amount_micro;
    let covered = i128::from(held) + i128::from(exchange.paid_micro);
    if i128::from(commitment.total_micro) > covered {
        return Err(Refusal::NotCovered.into());
    }

    // Marks.
    let now = now()?;
    if commitment.marks.len() > usize::from(markets.count) {
        return Err(Refusal::BadMarket.into());
    }
    for (slot, bytes) in commitment.marks.iter().enumerate() {
        let half_ticks = u64::from_le_bytes(*bytes);
        if half_ticks != 0 {
            markets.check_mark(slot, half_ticks, now)?;
        }
    }

    // Writes.
    for (slot, bytes) in commitment.marks.iter().enumerate() {
        let half_ticks = u64::from_le_bytes(*bytes);
        if half_ticks != 0 {
            markets.marks[slot] = half_ticks;
            markets.marked_at[slot] = now;
        }
    }
    exchange.marks_root = hashing::marks(markets.mark_bytes());
    exchange.root_number = commitment.number;
    exchange.root = *commitment.root;
    exchange.root_at = now;
    exchange.total_micro = commitment.total_micro;
    exchange.trades_root = *commitment.trades_root;
    exchange.chain_head = *commitment.chain_head;
    roots.push(commitment.number, now, commitment.root);
    let hashes = [*commitment.root, exchange.marks_root];
    let numbers = [commitment.number, commitment.total_micro as u64];
    events::of_exchange(7, numbers, hashes.as_flattened());
    Ok(())
}

struct Commitment<'a> {
    number: u64,
    previous_root: &'a [u8; 32],
    root: &'a [u8; 32],
    total_micro: i64,
    trades_root: &'a [u8; 32],
    chain_head: &'a [u8; 32],
    marks: &'a [[u8; 8]],
}

impl<'a> Commitment<'a> {
    fn read(data: &'a [u8]) -> Result<Self, ProgramError> {
        let mut input = Input::new(data);
        let number = input.u64()?;
        let previous_root = input.bytes()?;
        let root = input.bytes()?;
        let total_micro = input.i64()?;
        let trades_root = input.bytes()?;
        let chain_head = input.bytes()?;
        let count = usize::from(input.u8()?);
        let marks = input.words(count)?;
        Ok(Self { number, previous_root, root, total_micro, trades_root, chain_head, marks })
    }
}

/// Refuse a commitment without the witness where one is set, and strangers where none is.
pub fn check_witness(exchange: &Exchange, co_signers: &[AccountView]) -> ProgramResult {
    match co_signers {
        [] if exchange.witness.as_array() == &[0; 32] => Ok(()),
        [witness] => check_key(witness, &exchange.witness),
        _ => Err(Refusal::MissingSignature.into()),
    }
}
