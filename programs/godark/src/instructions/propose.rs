//! 15: propose what the multisig shall do; the proposer approves by that.
//!
//! | # | account      |     |                                           |
//! |---|--------------|-----|-------------------------------------------|
//! | 0 | multisig     |   w | `["multisig"]`                            |
//! | 1 | proposal     |   w | `["proposal", number]`, not there yet     |
//! | 2 | member       | s w | one of the five; pays the rent            |
//! | 3 | instructions |     | the sysvar: no durable nonces             |
//! | 4 | system       |     | the system program                        |
//!
//! Data: target u8 (0 this program, 1 the upgradeable loader, 2 the token program), count of
//! accounts u8 (at most 8), each 32 with flags u8 (1 signs: the multisig alone, 2 is writable),
//! length of the instruction's data u16 (at most 256), the data. What may be proposed, and how long
//! it waits: `Target::timelock`. Event: instruction, number, expiry (Unix seconds), proposer.

use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};

use crate::accounts::{check_program, check_seeds, check_writable, create_own, load_mut};
use crate::errors::Refusal;
use crate::input::Input;
use crate::nonces::check_signed_now;
use crate::state::{Multisig, Proposal, Target, PROPOSED_ACCOUNTS, PROPOSED_BYTES};
use crate::sysvars::now;
use crate::{events, seeds};

const KNOWN_FLAGS: u8 = 3;
const SIGNER: u8 = 1;

pub fn run(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    let [multisig_account, proposal, member, instructions, system] = accounts else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };
    let call = Call::read(data)?;

    // Accounts.
    let multisig_address = multisig_account.address().clone();
    let multisig = load_mut::<Multisig>(multisig_account, program)?;
    check_writable(proposal)?;
    check_writable(member)?;
    let bit = multisig.check_member(member)?;
    check_signed_now(instructions)?;
    check_program(system, &pinocchio_system::ID)?;
    let number = multisig.proposals.checked_add(1).ok_or(Refusal::Overflow)?;
    let number_bytes = number.to_le_bytes();
    let seed_list: [&[u8]; 2] = [seeds::PROPOSAL, &number_bytes];
    let bump = check_seeds(proposal, &seed_list, program)?;
    if !proposal.is_data_empty() {
        return Err(Refusal::AlreadyExists.into());
    }

    // What is proposed: on the list, and signed by nobody but the multisig.
    Target::of(call.target)?.timelock(call.data)?;
    for account in call.accounts {
        let (address, flags) = account.split_at(32);
        let signs = flags[0] & SIGNER != 0;
        if flags[0] & !KNOWN_FLAGS != 0 || (signs && address != multisig_address.as_array()) {
            return Err(Refusal::NotAllowed.into());
        }
    }
    let now = now()?;
    let expires_at = Proposal::expiry(now)?;

    // Writes.
    multisig.proposals = number;
    events::of_exchange(15, [number, expires_at as u64], member.address().as_array());
    let state = create_own::<Proposal>(proposal, member, program, &seed_list, bump)?;
    state.target = call.target;
    state.accounts_count = call.accounts.len() as u8;
    state.data_length = call.data.len() as u16;
    state.number = number;
    state.proposer = member.address().clone();
    state.proposed_at = now;
    state.expires_at = expires_at;
    for (slot, account) in state.accounts.iter_mut().zip(call.accounts) {
        let mut address = [0; 32];
        address.copy_from_slice(&account[..32]);
        slot.address = Address::new_from_array(address);
        slot.flags = account[32];
    }
    state.data[..call.data.len()].copy_from_slice(call.data);
    state.approve(bit, now);
    Ok(())
}

struct Call<'a> {
    target: u8,
    accounts: &'a [[u8; 33]],
    data: &'a [u8],
}

impl<'a> Call<'a> {
    fn read(data: &'a [u8]) -> Result<Self, ProgramError> {
        let mut input = Input::new(data);
        let target = input.u8()?;
        let count = usize::from(input.u8()?);
        let (accounts, _) = input.slice(count * 33)?.as_chunks::<33>();
        let length = usize::from(input.u16()?);
        let data = input.slice(length)?;
        input.end()?;
        if count > PROPOSED_ACCOUNTS || length > PROPOSED_BYTES {
            return Err(Refusal::NotAllowed.into());
        }
        Ok(Self { target, accounts, data })
    }
}
