//! 19: seat other members, by the multisig itself; whatever is open is void.
//!
//! | # | account  |     |                                          |
//! |---|----------|-----|------------------------------------------|
//! | 0 | multisig | s w | `["multisig"]`: only by `execute`        |
//!
//! Data: five members, 32 each, all different. Event: instruction, the five.

use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};

use crate::accounts::{check_signer, load_mut};
use crate::events;
use crate::state::{read_members, Multisig};

pub fn run(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    let [multisig] = accounts else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };
    let members = read_members(data)?;

    // Duties.
    check_signer(multisig)?;
    let state = load_mut::<Multisig>(multisig, program)?;

    // Writes.
    tell(19, &members);
    state.members = members;
    state.void_up_to = state.proposals;
    Ok(())
}

/// Write the event of new members.
pub fn tell(kind: u8, members: &[Address; 5]) {
    let mut told = [[0; 32]; 5];
    for (seat, member) in told.iter_mut().zip(members) {
        *seat = *member.as_array();
    }
    events::of_exchange(kind, [], told.as_flattened());
}
