//! 17: do what three members approved, once its timelock has run; by any member.
//!
//! | # | account      |     |                                            |
//! |---|--------------|-----|--------------------------------------------|
//! | 0 | multisig     |     | `["multisig"]`                             |
//! | 1 | proposal     |   w | `["proposal", number]`                     |
//! | 2 | member       | s   | one of the five                            |
//! | 3 | instructions |     | the sysvar: no durable nonces              |
//! | 4 | target       |     | the program that the proposal calls        |
//!
//! After these, the accounts of the proposal in their order. Data: none. Event: instruction, number,
//! member; then what was called writes its own.

use pinocchio::cpi::{invoke_signed_with_bounds, Seed, Signer};
use pinocchio::instruction::{InstructionAccount, InstructionView};
use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};

use crate::accounts::{check_address, check_program, check_writable, load, load_mut};
use crate::input::Input;
use crate::nonces::check_signed_now;
use crate::state::{Multisig, Proposal, Target, PROPOSED_ACCOUNTS};
use crate::sysvars::now;
use crate::{events, seeds};

pub fn run(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    let [multisig, proposal, member, instructions, target, rest @ ..] = accounts else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };
    Input::new(data).end()?;

    // Duties.
    let multisig = load::<Multisig>(multisig, program)?;
    let proposal = load_mut::<Proposal>(proposal, program)?;
    multisig.check_member(member)?;
    check_signed_now(instructions)?;
    let now = now()?;
    proposal.check_open(multisig, now)?;
    proposal.check_due(now)?;

    // The call is the one that was approved.
    let target_id = Target::of(proposal.target)?.address(program);
    check_program(target, &target_id)?;
    if rest.len() != proposal.accounts().len() {
        return Err(ProgramError::NotEnoughAccountKeys);
    }
    for (account, proposed) in rest.iter().zip(proposal.accounts()) {
        check_address(account, &proposed.address)?;
        if proposed.is_writable() {
            check_writable(account)?;
        }
    }

    // Writes.
    proposal.executed = 1;
    events::of_exchange(17, [proposal.number], member.address().as_array());
    call(proposal, &target_id, rest, multisig.bump)
}

#[inline(never)]
fn call(
    proposal: &Proposal,
    target: &Address,
    accounts: &[AccountView],
    bump: u8,
) -> ProgramResult {
    let mut metas = [const { None }; PROPOSED_ACCOUNTS];
    for (meta, proposed) in metas.iter_mut().zip(proposal.accounts()) {
        *meta = Some(InstructionAccount::new(
            &proposed.address,
            proposed.is_writable(),
            proposed.is_signer(),
        ));
    }
    let nobody = InstructionAccount::readonly(target);
    let metas = metas.map(|meta| meta.unwrap_or_else(|| nobody.clone()));
    let instruction = InstructionView {
        program_id: target,
        accounts: &metas[..accounts.len()],
        data: proposal.data(),
    };
    let bump = [bump];
    let signer = [Seed::from(seeds::MULTISIG), Seed::from(&bump)];
    invoke_signed_with_bounds::<PROPOSED_ACCOUNTS, _>(
        &instruction,
        accounts,
        &[Signer::from(&signer)],
    )
}
