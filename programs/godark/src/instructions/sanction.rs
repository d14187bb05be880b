//! 42: put an owner under sanctions, or lift them, with the reason; he can freeze nothing then.
//!
//! | # | account   |     |                              |
//! |---|-----------|-----|------------------------------|
//! | 0 | exchange  |     | `["exchange"]`               |
//! | 1 | vault     |   w | `["vault", owner]`           |
//! | 2 | authority | s   | the exchange's authority     |
//!
//! His money stays his: it is paid like anybody's. Data: 1 to put, 0 to lift u8, reason 64 (UTF-8,
//! filled up with zeros, not empty). Event: instruction, vault id, which of the two, owner, reason.

use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};

use crate::accounts::{check_key, load, load_mut};
use crate::errors::Refusal;
use crate::events;
use crate::input::Input;
use crate::state::{Exchange, Vault};
use crate::sysvars::now;

pub fn run(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    let [exchange, vault, authority] = accounts else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };
    let mut input = Input::new(data);
    let is_put = input.u8()?;
    let reason = *input.bytes::<64>()?;
    input.end()?;

    // Duties.
    let exchange = load::<Exchange>(exchange, program)?;
    let vault = load_mut::<Vault>(vault, program)?;
    check_key(authority, &exchange.authority)?;
    exchange.check_not_frozen()?;
    if is_put > 1 || reason[0] == 0 {
        return Err(Refusal::BadParameter.into());
    }
    let now = now()?;

    // Writes.
    vault.sanctioned_at = if is_put == 1 { now } else { 0 };
    vault.sanction_reason = reason;
    let mut told = [0; 96];
    told[..32].copy_from_slice(vault.owner.as_array());
    told[32..].copy_from_slice(&reason);
    events::of_exchange(42, [vault.id, is_put.into()], &told);
    Ok(())
}
