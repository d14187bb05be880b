//! 1: add the next market, or change the bounds or the listing of one that is there.
//!
//! | # | account   |     |                                             |
//! |---|-----------|-----|---------------------------------------------|
//! | 0 | exchange  |     | `["exchange"]`                              |
//! | 1 | markets   |   w | `["markets"]`                               |
//! | 2 | authority | s   | the exchange's authority                    |
//!
//! Data: number u16, symbol 24, unit in micro-USDT u64, step u32, per second u32 (both in
//! millionths), listed u8. Symbol and unit of a market that is there must be its own. Event:
//! instruction, number, unit, step, per second, listed.

use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};

use crate::accounts::{check_key, load, load_mut};
use crate::errors::Refusal;
use crate::events;
use crate::input::Input;
use crate::state::{Exchange, Market, Markets, MARKET_SLOTS};

pub fn run(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    let [exchange, markets, authority] = accounts else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };
    let mut input = Input::new(data);
    let number = input.u16()?;
    let symbol = *input.bytes::<24>()?;
    let unit_micro = input.u64()?;
    let step_ppm = input.u32()?;
    let per_second_ppm = input.u32()?;
    let listed = input.u8()?;
    input.end()?;

    // Accounts and duties.
    let exchange = load::<Exchange>(exchange, program)?;
    let markets = load_mut::<Markets>(markets, program)?;
    check_key(authority, &exchange.authority)?;
    exchange.check_not_frozen()?;

    // Bounds.
    let slot = usize::from(number);
    if slot >= MARKET_SLOTS || number > markets.count {
        return Err(Refusal::BadMarket.into());
    }
    if unit_micro == 0 || step_ppm == 0 || listed > 1 || symbol[0] == 0 {
        return Err(Refusal::BadParameter.into());
    }
    let is_new = number == markets.count;
    let known = &markets.listings[slot];
    if !is_new && (known.symbol != symbol || known.unit_micro != unit_micro) {
        return Err(Refusal::BadMarket.into());
    }

    // Writes.
    markets.listings[slot] =
        Market { symbol, unit_micro, step_ppm, per_second_ppm, listed, reserved: [0; 23] };
    if is_new {
        markets.count += 1;
    }
    let numbers =
        [number.into(), unit_micro, step_ppm.into(), per_second_ppm.into(), listed.into()];
    events::of_exchange(1, numbers, &symbol);
    Ok(())
}
