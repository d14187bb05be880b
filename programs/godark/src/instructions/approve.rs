//! 16: approve a proposal; the third approval starts the timelock.
//!
//! | # | account      |     |                                    |
//! |---|--------------|-----|------------------------------------|
//! | 0 | multisig     |     | `["multisig"]`                     |
//! | 1 | proposal     |   w | `["proposal", number]`             |
//! | 2 | member       | s   | one of the five                    |
//! | 3 | instructions |     | the sysvar: no durable nonces      |
//!
//! Data: none. Event: instruction, number, how many have approved, member.

use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};

use crate::accounts::{load, load_mut};
use crate::errors::Refusal;
use crate::events;
use crate::input::Input;
use crate::nonces::check_signed_now;
use crate::state::{Multisig, Proposal};
use crate::sysvars::now;

pub fn run(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    let [multisig, proposal, member, instructions] = accounts else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };
    Input::new(data).end()?;

    // Duties.
    let multisig = load::<Multisig>(multisig, program)?;
    let proposal = load_mut::<Proposal>(proposal, program)?;
    let bit = multisig.check_member(member)?;
    check_signed_now(instructions)?;
    let now = now()?;
    proposal.check_open(multisig, now)?;
    if proposal.approvals & bit != 0 {
        return Err(Refusal::AlreadyApproved.into());
    }

    // Writes.
    proposal.approve(bit, now);
    let count = u64::from(proposal.approvals.count_ones());
    events::of_exchange(16, [proposal.number, count], member.address().as_array());
    Ok(())
}
