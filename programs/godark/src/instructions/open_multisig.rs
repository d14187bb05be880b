//! 14: create the multisig, signed by the authority, which then hands its duty over (`set_keys`).
//!
//! | # | account   |     |                                    |
//! |---|-----------|-----|------------------------------------|
//! | 0 | exchange  |     | `["exchange"]`                     |
//! | 1 | multisig  |   w | `["multisig"]`, not there yet      |
//! | 2 | payer     | s w | anybody; pays the rent             |
//! | 3 | authority | s   | the exchange's authority           |
//! | 4 | system    |     | the system program                 |
//!
//! Data: five members, 32 each, all different. Event: instruction, the five.

use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};

use super::set_members::tell;
use crate::accounts::{
    check_key, check_program, check_seeds, check_signer, check_writable, create_own, load,
};
use crate::errors::Refusal;
use crate::seeds;
use crate::state::{read_members, Exchange, Multisig};

pub fn run(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    let [exchange, multisig, payer, authority, system] = accounts else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };
    let members = read_members(data)?;

    // Accounts.
    let exchange = load::<Exchange>(exchange, program)?;
    check_writable(multisig)?;
    check_signer(payer)?;
    check_writable(payer)?;
    check_key(authority, &exchange.authority)?;
    check_program(system, &pinocchio_system::ID)?;
    let seed_list: [&[u8]; 1] = [seeds::MULTISIG];
    let bump = check_seeds(multisig, &seed_list, program)?;
    if !multisig.is_data_empty() {
        return Err(Refusal::AlreadyExists.into());
    }
    exchange.check_not_frozen()?;

    // Writes.
    tell(14, &members);
    let state = create_own::<Multisig>(multisig, payer, program, &seed_list, bump)?;
    state.members = members;
    Ok(())
}
