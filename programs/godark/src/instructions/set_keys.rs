//! 2: change the key of one duty.
//!
//! | # | account   |     |                              |
//! |---|-----------|-----|------------------------------|
//! | 0 | exchange  |   w | `["exchange"]`               |
//! | 1 | authority | s   | the exchange's authority     |
//!
//! Data: duty u8 (0 authority, 1 guardian, 2 operator, 3 witness), key 32. Operator and witness
//! are never the same, and no duty ever loses its key. Event: instruction, duty, key.

use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};

use crate::accounts::{check_key, load_mut};
use crate::errors::Refusal;
use crate::events;
use crate::input::Input;
use crate::state::Exchange;

const ZERO: [u8; 32] = [0; 32];

pub fn run(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    let [exchange, authority] = accounts else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };
    let mut input = Input::new(data);
    let duty = usize::from(input.u8()?);
    let key = Address::new_from_array(*input.bytes()?);
    input.end()?;

    // Duties.
    let exchange = load_mut::<Exchange>(exchange, program)?;
    check_key(authority, &exchange.authority)?;
    exchange.check_not_frozen()?;
    let mut keys = [
        exchange.authority.clone(),
        exchange.guardian.clone(),
        exchange.operator.clone(),
        exchange.witness.clone(),
    ];
    if duty >= keys.len() || key.as_array() == &ZERO {
        return Err(Refusal::BadKeys.into());
    }
    events::of_exchange(2, [duty as u64], key.as_array());
    keys[duty] = key;
    check_keys(&keys)?;

    // Writes.
    let [authority, guardian, operator, witness] = keys;
    exchange.authority = authority;
    exchange.guardian = guardian;
    exchange.operator = operator;
    exchange.witness = witness;
    Ok(())
}

/// Refuse a missing key of authority, guardian or operator, and operator and witness in one hand.
pub fn check_keys(keys: &[Address; 4]) -> ProgramResult {
    let [authority, guardian, operator, witness] = keys;
    let missing = [authority, guardian, operator].iter().any(|key| key.as_array() == &ZERO);
    if missing || operator == witness {
        return Err(Refusal::BadKeys.into());
    }
    Ok(())
}
