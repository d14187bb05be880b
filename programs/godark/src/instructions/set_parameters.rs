//! 3: change the bounds on payouts and the unit of deposits by delegate.
//!
//! | # | account   |     |                              |
//! |---|-----------|-----|------------------------------|
//! | 0 | exchange  |   w | `["exchange"]`               |
//! | 1 | authority | s   | the exchange's authority     |
//!
//! Data: daily cap u64, sum above which payouts wait u64, how long i64 (seconds, at most 30
//! days), unit of deposits by delegate u64 (not zero). Event: instruction, the four.

use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};

use crate::accounts::{check_key, load_mut};
use crate::errors::Refusal;
use crate::events;
use crate::input::Input;
use crate::state::Exchange;

const MAX_DELAY_SECONDS: i64 = 30 * 86_400;

pub fn run(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    let [exchange, authority] = accounts else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };
    let mut input = Input::new(data);
    let parameters = Parameters::read(&mut input)?;
    input.end()?;

    // Duties.
    let exchange = load_mut::<Exchange>(exchange, program)?;
    check_key(authority, &exchange.authority)?;
    exchange.check_not_frozen()?;

    // Writes.
    parameters.write(exchange);
    let numbers = [
        exchange.daily_cap_micro,
        exchange.delay_above_micro,
        exchange.delay_seconds as u64,
        exchange.deposit_unit_micro,
    ];
    events::of_exchange(3, numbers, &[]);
    Ok(())
}

/// What the authority may set.
pub struct Parameters {
    daily_cap_micro: u64,
    delay_above_micro: u64,
    delay_seconds: i64,
    deposit_unit_micro: u64,
}

impl Parameters {
    /// Read them, and refuse what is out of bounds.
    pub fn read(input: &mut Input) -> Result<Self, ProgramError> {
        let parameters = Self {
            daily_cap_micro: input.u64()?,
            delay_above_micro: input.u64()?,
            delay_seconds: input.i64()?,
            deposit_unit_micro: input.u64()?,
        };
        let in_bounds = (0..=MAX_DELAY_SECONDS).contains(&parameters.delay_seconds);
        if !in_bounds || parameters.deposit_unit_micro == 0 {
            return Err(Refusal::BadParameter.into());
        }
        Ok(parameters)
    }

    pub fn write(&self, exchange: &mut Exchange) {
        exchange.daily_cap_micro = self.daily_cap_micro;
        exchange.delay_above_micro = self.delay_above_micro;
        exchange.delay_seconds = self.delay_seconds;
        exchange.deposit_unit_micro = self.deposit_unit_micro;
    }
}
