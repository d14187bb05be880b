//! 18: take a proposal away and return its rent: its proposer at any time, others once it is over.
//!
//! | # | account  |     |                                            |
//! |---|----------|-----|--------------------------------------------|
//! | 0 | multisig |     | `["multisig"]`                             |
//! | 1 | proposal |   w | `["proposal", number]`                     |
//! | 2 | proposer |   w | who proposed it; gets the rent             |
//! | 3 | caller   | s   | the proposer; anybody once it is over      |
//!
//! Data: none. Event: instruction, number, caller.

use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};

use crate::accounts::{
    check_address, check_key, check_signer, check_writable, load, load_mut, move_lamports,
};
use crate::events;
use crate::input::Input;
use crate::state::{Multisig, Proposal};
use crate::sysvars::now;

pub fn run(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    let [multisig, proposal_account, proposer, caller] = accounts else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };
    Input::new(data).end()?;

    // Duties.
    let multisig = load::<Multisig>(multisig, program)?;
    let proposal = load_mut::<Proposal>(proposal_account, program)?;
    check_writable(proposer)?;
    check_address(proposer, &proposal.proposer)?;
    check_signer(caller)?;
    if !proposal.is_over(multisig, now()?) {
        check_key(caller, &proposal.proposer)?;
    }

    // Writes.
    events::of_exchange(18, [proposal.number], caller.address().as_array());
    let rent = proposal_account.lamports();
    move_lamports(proposal_account, proposer, rent)?;
    proposal_account.close()
}
