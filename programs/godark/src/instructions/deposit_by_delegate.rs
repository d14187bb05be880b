//! 6: draw a deposit that the owner authorized, signed by the operator.
//!
//! | # | account  |     |                                                   |
//! |---|----------|-----|---------------------------------------------------|
//! | 0 | exchange |   w | `["exchange"]`                                    |
//! | 1 | vault    |   w | `["vault", owner]`                                |
//! | 2 | source   |   w | a USDT account of the owner, approved to delegate |
//! | 3 | treasury |   w | `["treasury"]`                                    |
//! | 4 | delegate |     | `["delegate"]`                                    |
//! | 5 | operator | s   | the exchange's operator                           |
//! | 6 | token    |     | the SPL token program                             |
//!
//! Data: amount u64 in micro-USDT: whole units, or all that is authorized and there. So the chain
//! never shows how much an order needed. Event: as of `deposit`.

use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};

use super::deposit::Counted;
use crate::accounts::{check_address, check_key, check_program, check_writable, load_mut};
use crate::errors::Refusal;
use crate::input::Input;
use crate::state::{Exchange, Vault, PAUSE_DEPOSITS};
use crate::{seeds, tokens};

pub fn run(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    let [exchange, vault, source, treasury, delegate, operator, token] = accounts else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };
    let mut input = Input::new(data);
    let amount_micro = input.u64()?;
    input.end()?;

    // Accounts.
    let exchange = load_mut::<Exchange>(exchange, program)?;
    let vault = load_mut::<Vault>(vault, program)?;
    check_writable(source)?;
    check_writable(treasury)?;
    check_address(treasury, &exchange.treasury)?;
    let bump = exchange.delegate_bump;
    check_address(delegate, &Address::derive_address(&[seeds::DELEGATE], Some(bump), program))?;
    check_key(operator, &exchange.operator)?;
    check_program(token, &pinocchio_token::ID)?;
    let tokens = tokens::read(source, &exchange.mint, delegate.address())?;
    if tokens.owner != vault.owner {
        return Err(Refusal::WrongTokenOwner.into());
    }

    // Sums.
    exchange.check_open(PAUSE_DEPOSITS)?;
    let counted = Counted::of(exchange, vault, amount_micro)?;
    let everything_micro = tokens.delegated_micro.min(tokens.amount_micro);
    if amount_micro % exchange.deposit_unit_micro != 0 && amount_micro != everything_micro {
        return Err(Refusal::NotRoundUnits.into());
    }

    // Writes.
    counted.write(6, exchange, vault, amount_micro);
    tokens::draw(source, treasury, delegate, bump, amount_micro)
}
