//! Reads SPL token accounts and moves USDT into and out of the treasury.

use pinocchio::cpi::{Seed, Signer};
use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};
use pinocchio_token::instructions::Transfer;
use pinocchio_token::state::{Account, Mint};

use crate::errors::Refusal;
use crate::seeds;
use crate::state::Exchange;

/// Decimals of USDT: amounts are micro-USDT.
const DECIMALS: u8 = 6;

/// What the program needs to know of a token account.
pub struct Tokens {
    pub owner: Address,
    pub amount_micro: u64,
    /// What `delegate` may still take; zero where another delegate stands.
    pub delegated_micro: u64,
}

/// Read a token account of the exchange's currency.
pub fn read(
    account: &AccountView,
    mint: &Address,
    delegate: &Address,
) -> Result<Tokens, ProgramError> {
    if !account.owned_by(&pinocchio_token::ID) {
        return Err(Refusal::WrongOwner.into());
    }
    if account.data_len() != Account::LEN {
        return Err(Refusal::WrongKind.into());
    }
    // SAFETY: owner and length were checked, and nothing holds the data.
    let tokens = unsafe { Account::from_bytes_unchecked(account.borrow_unchecked()) };
    if !tokens.is_initialized() {
        return Err(Refusal::WrongKind.into());
    }
    if tokens.mint() != mint {
        return Err(Refusal::WrongMint.into());
    }
    let ours = tokens.delegate() == Some(delegate);
    Ok(Tokens {
        owner: tokens.owner().clone(),
        amount_micro: tokens.amount(),
        delegated_micro: if ours { tokens.delegated_amount() } else { 0 },
    })
}

/// Refuse a mint that is not an SPL mint of six decimals.
pub fn check_mint(mint: &AccountView) -> ProgramResult {
    if !mint.owned_by(&pinocchio_token::ID) {
        return Err(Refusal::WrongOwner.into());
    }
    if mint.data_len() != Mint::LEN {
        return Err(Refusal::WrongKind.into());
    }
    // SAFETY: owner and length were checked, and nothing holds the data.
    let read = unsafe { Mint::from_bytes_unchecked(mint.borrow_unchecked()) };
    if !read.is_initialized() || read.decimals() != DECIMALS {
        return Err(Refusal::WrongMint.into());
    }
    Ok(())
}

/// Pay out of the treasury, signed by the exchange.
pub fn pay(
    treasury: &AccountView,
    to: &AccountView,
    exchange_account: &AccountView,
    exchange: &Exchange,
    amount_micro: u64,
) -> ProgramResult {
    let bump = [exchange.bump];
    let signer = [Seed::from(seeds::EXCHANGE), Seed::from(&bump)];
    Transfer::new(treasury, to, exchange_account, amount_micro)
        .invoke_signed(&[Signer::from(&signer)])
}

/// Draw what an owner approved, signed by the delegate.
pub fn draw(
    from: &AccountView,
    treasury: &AccountView,
    delegate: &AccountView,
    bump: u8,
    amount_micro: u64,
) -> ProgramResult {
    let bump = [bump];
    let signer = [Seed::from(seeds::DELEGATE), Seed::from(&bump)];
    Transfer::new(from, treasury, delegate, amount_micro).invoke_signed(&[Signer::from(&signer)])
}
