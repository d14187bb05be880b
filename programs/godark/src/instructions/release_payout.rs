//! 9: pay what has waited its delay.
//!
//! | # | account     |     |                                          |
//! |---|-------------|-----|------------------------------------------|
//! | 0 | exchange    |   w | `["exchange"]`                           |
//! | 1 | vault       |   w | `["vault", owner]`                       |
//! | 2 | treasury    |   w | `["treasury"]`                           |
//! | 3 | destination |   w | a USDT account of the vault's owner      |
//! | 4 | token       |     | the SPL token program                    |
//!
//! Nobody has to sign, and no proof is asked again: the vault's own record decides. Data: none.
//! Event: instruction, owner, vault id, amount, the vault's total paid.

use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};

use super::pay_out::{check_destination, pay};
use crate::accounts::load_mut;
use crate::errors::Refusal;
use crate::events;
use crate::input::Input;
use crate::state::{Exchange, Vault, PAUSE_PAYOUTS};
use crate::sysvars::now;

pub fn run(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    let [exchange_account, vault, treasury, destination, token] = accounts else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };
    Input::new(data).end()?;

    // Accounts.
    let vault = load_mut::<Vault>(vault, program)?;
    let exchange = load_mut::<Exchange>(exchange_account, program)?;
    check_destination(exchange, &vault.owner, treasury, destination, token)?;

    // What waits, and since when.
    exchange.check_open(PAUSE_PAYOUTS)?;
    let now = now()?;
    let amount_micro = vault.queued_micro;
    if amount_micro == 0 || now < vault.queued_until {
        return Err(Refusal::PayoutNotDue.into());
    }
    let totals = exchange.after_payout(amount_micro, now)?;

    // Writes. What is paid never passes what was released, so it stays in range.
    exchange.set_totals(&totals);
    exchange.count_under_checkpoint(vault.queued_root, amount_micro);
    vault.paid_micro += amount_micro;
    vault.queued_micro = 0;
    vault.queued_until = 0;
    let numbers = [vault.id, amount_micro, vault.paid_micro];
    events::of_owner(9, vault.owner.as_array(), numbers);
    pay(program, exchange_account, treasury, destination, amount_micro)
}
