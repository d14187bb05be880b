//! 41: pay the venue what is left for it, a month after the freeze, signed by the authority.
//!
//! | # | account     |     |                                          |
//! |---|-------------|-----|------------------------------------------|
//! | 0 | exchange    |   w | `["exchange"]`                           |
//! | 1 | checkpoints |   w | `["checkpoints"]`                        |
//! | 2 | treasury    |   w | `["treasury"]`                           |
//! | 3 | destination |   w | a USDT account of the authority          |
//! | 4 | token       |     | the SPL token program                    |
//! | 5 | authority   | s   | the exchange's authority                 |
//!
//! What every user could still take stays there, whenever he comes. Data: none. Event:
//! instruction, amount.

use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};

use super::pay_out::{check_destination, pay};
use crate::accounts::{check_key, load_mut};
use crate::errors::Refusal;
use crate::events;
use crate::input::Input;
use crate::state::{Checkpoints, Exchange};
use crate::sysvars::now;

const WAIT_SECONDS: i64 = 30 * 86_400;

pub fn run(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    let [exchange_account, checkpoints, treasury, destination, token, authority] = accounts else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };
    Input::new(data).end()?;

    // Accounts.
    let exchange = load_mut::<Exchange>(exchange_account, program)?;
    let checkpoints = load_mut::<Checkpoints>(checkpoints, program)?;
    check_destination(exchange, &exchange.authority, treasury, destination, token)?;
    check_key(authority, &exchange.authority)?;

    // What is left, and when.
    exchange.check_frozen()?;
    if now()?.saturating_sub(exchange.frozen_at) < WAIT_SECONDS {
        return Err(Refusal::VenueNotDue.into());
    }
    let amount_micro = checkpoints.venue_micro.saturating_sub(checkpoints.venue_exited_micro);
    if amount_micro == 0 {
        return Err(Refusal::NothingOwed.into());
    }
    let paid_micro = exchange.paid_micro.checked_add(amount_micro).ok_or(Refusal::Overflow)?;

    // Writes.
    exchange.paid_micro = paid_micro;
    checkpoints.venue_exited_micro = checkpoints.venue_micro;
    events::of_exchange(41, [amount_micro], &[]);
    pay(program, exchange_account, treasury, destination, amount_micro)
}
