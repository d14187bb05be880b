//! 8: pay what a root proves to be released, at once or after the delay.
//!
//! | # | account     |     |                                          |
//! |---|-------------|-----|------------------------------------------|
//! | 0 | exchange    |   w | `["exchange"]`                           |
//! | 1 | roots       |     | `["roots"]`                              |
//! | 2 | vault       |   w | `["vault", owner]`                       |
//! | 3 | treasury    |   w | `["treasury"]`                           |
//! | 4 | destination |   w | a USDT account of the vault's owner      |
//! | 5 | token       |     | the SPL token program                    |
//! | 6 | caller      | s   | the exchange's operator or the owner     |
//!
//! The proof decides, and the money can only reach its owner; the caller only keeps strangers, who
//! see a proof once it was used, from cutting what is left into pieces that wait.
//!
//! Data: number of the root u64, amount u64, index of the leaf u32, the leaf's deposits credited
//! u64 and withdrawals released u64, hash of its hidden half 32, length of the path u8, the path.
//! Event: instruction, owner, vault id, amount, the vault's total paid, and when it may be
//! collected (Unix seconds; zero when it is paid).

use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};

use crate::accounts::{check_address, check_program, check_signer, check_writable, load, load_mut};
use crate::errors::Refusal;
use crate::input::Input;
use crate::state::{Claim, Course, Exchange, Roots, Vault, PAUSE_PAYOUTS};
use crate::sysvars::now;
use crate::{events, tokens};

pub fn run(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    let [exchange_account, roots, vault, treasury, destination, token, caller] = accounts else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };
    let mut input = Input::new(data);
    let number = input.u64()?;
    let amount_micro = input.u64()?;
    let claim = read_claim(&mut input)?;

    // Accounts.
    let roots = load::<Roots>(roots, program)?;
    let vault = load_mut::<Vault>(vault, program)?;
    let exchange = load_mut::<Exchange>(exchange_account, program)?;
    check_destination(exchange, &vault.owner, treasury, destination, token)?;
    check_signer(caller)?;
    if caller.address() != &exchange.operator && caller.address() != &vault.owner {
        return Err(Refusal::WrongKey.into());
    }

    // The proof, and what it leaves to pay.
    exchange.check_open(PAUSE_PAYOUTS)?;
    vault.check_leaf(&claim, roots.find(number)?)?;
    if amount_micro == 0 {
        return Err(Refusal::ZeroAmount.into());
    }
    if amount_micro > vault.owed_micro(claim.released_micro) {
        return Err(Refusal::NothingOwed.into());
    }
    let now = now()?;
    match vault.course(exchange, amount_micro, now)? {
        Course::Delayed { until } => {
            vault.queued_micro = amount_micro;
            vault.queued_until = until;
            vault.queued_root = number;
            let numbers = [vault.id, amount_micro, vault.paid_micro, until as u64];
            events::of_owner(8, vault.owner.as_array(), numbers);
            Ok(())
        }
        Course::AtOnce { window_started_at, window_paid_micro } => {
            let totals = exchange.after_payout(amount_micro, now)?;

            // Writes. What is paid never passes what was released, so it stays in range.
            exchange.set_totals(&totals);
            exchange.count_under_checkpoint(number, amount_micro);
            vault.paid_micro += amount_micro;
            vault.window_started_at = window_started_at;
            vault.window_paid_micro = window_paid_micro;
            let numbers = [vault.id, amount_micro, vault.paid_micro, 0];
            events::of_owner(8, vault.owner.as_array(), numbers);
            pay(program, exchange_account, treasury, destination, amount_micro)
        }
    }
}

/// Read index, totals, hidden half and path of a leaf: the rest of the data.
pub fn read_claim<'a>(input: &mut Input<'a>) -> Result<Claim<'a>, ProgramError> {
    let index = input.u32()?;
    let deposits_micro = input.u64()?;
    let released_micro = input.u64()?;
    let body = input.bytes()?;
    let length = usize::from(input.u8()?);
    Ok(Claim { index, deposits_micro, released_micro, body, path: input.hashes(length)? })
}

/// Refuse a treasury, destination or token program that is not the right one.
pub fn check_destination(
    exchange: &Exchange,
    owner: &Address,
    treasury: &AccountView,
    destination: &AccountView,
    token: &AccountView,
) -> ProgramResult {
    check_writable(treasury)?;
    check_writable(destination)?;
    check_address(treasury, &exchange.treasury)?;
    check_program(token, &pinocchio_token::ID)?;
    let tokens = tokens::read(destination, &exchange.mint, &exchange.treasury)?;
    if &tokens.owner != owner {
        return Err(Refusal::WrongTokenOwner.into());
    }
    Ok(())
}

/// Move the money, once all sums are written.
pub fn pay(
    program: &Address,
    exchange_account: &AccountView,
    treasury: &AccountView,
    destination: &AccountView,
    amount_micro: u64,
) -> ProgramResult {
    let exchange = load::<Exchange>(exchange_account, program)?;
    tokens::pay(treasury, destination, exchange_account, exchange, amount_micro)
}
