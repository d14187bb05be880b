//! The one multisig: five members, any three of whom act as the exchange's authority.

use pinocchio::{error::ProgramError, AccountView, Address};

use super::Kind;
use crate::accounts::check_signer;
use crate::errors::Refusal;
use crate::input::Input;
use crate::seeds;

pub const MEMBERS: usize = 5;
pub const APPROVALS: u32 = 3;

/// 256 bytes; rent 2,672,640 lamports. Seeds: `["multisig"]`.
#[repr(C)]
pub struct Multisig {
    pub discriminator: [u8; 8],
    pub bump: u8,
    pub padding: [u8; 7],
    /// The number of proposals ever made: each gets the next.
    pub proposals: u64,
    /// Proposals up to this number are of other members' time, and void.
    pub void_up_to: u64,
    pub members: [Address; MEMBERS],
    pub reserved: [u8; 64],
}

const _: () = assert!(size_of::<Multisig>() == 256);

// SAFETY: repr(C), no padding (asserted by the size), integers and bytes only.
unsafe impl Kind for Multisig {
    const DISCRIMINATOR: [u8; 8] = *b"GDMULTI1";

    fn address(&self, program: &Address) -> Address {
        Address::derive_address(&[seeds::MULTISIG], Some(self.bump), program)
    }
}

impl Multisig {
    /// Give a signing member's bit; refuse anybody else.
    pub fn check_member(&self, account: &AccountView) -> Result<u8, ProgramError> {
        check_signer(account)?;
        let place = self.members.iter().position(|member| member == account.address());
        place.map(|place| 1 << place).ok_or(Refusal::WrongKey.into())
    }
}

/// Read five members, the whole data; refuse a missing one and one with two seats.
pub fn read_members(data: &[u8]) -> Result<[Address; MEMBERS], ProgramError> {
    let mut input = Input::new(data);
    let members = [
        Address::new_from_array(*input.bytes()?),
        Address::new_from_array(*input.bytes()?),
        Address::new_from_array(*input.bytes()?),
        Address::new_from_array(*input.bytes()?),
        Address::new_from_array(*input.bytes()?),
    ];
    input.end()?;
    for (place, member) in members.iter().enumerate() {
        if member.as_array() == &[0; 32] || members[..place].contains(member) {
            return Err(Refusal::BadKeys.into());
        }
    }
    Ok(members)
}
