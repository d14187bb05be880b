//! The one ring of recent roots, instead of an account per root.

use pinocchio::{error::ProgramError, Address};

use super::Kind;
use crate::errors::Refusal;
use crate::seeds;

/// Over three minutes at one root a second, over an hour at heartbeats.
pub const ROOT_SLOTS: usize = 200;

/// 9,616 bytes; rent 67,818,240 lamports. Seeds: `["roots"]`.
#[repr(C)]
pub struct Roots {
    pub discriminator: [u8; 8],
    pub bump: u8,
    pub padding: [u8; 7],
    /// The root of a number lies at the number modulo 200.
    pub ring: [CommittedRoot; ROOT_SLOTS],
}

/// 48 bytes.
#[repr(C)]
pub struct CommittedRoot {
    pub number: u64,
    /// Unix seconds.
    pub committed_at: i64,
    pub root: [u8; 32],
}

const _: () = assert!(size_of::<CommittedRoot>() == 48);
const _: () = assert!(size_of::<Roots>() == 9_616);

// SAFETY: repr(C), no padding (asserted by the sizes), integers and bytes only.
unsafe impl Kind for Roots {
    const DISCRIMINATOR: [u8; 8] = *b"GDROOTS1";

    fn address(&self, program: &Address) -> Address {
        Address::derive_address(&[seeds::ROOTS], Some(self.bump), program)
    }
}

impl Roots {
    /// Give the root with this number, or refuse one that is not (or no longer) there.
    pub fn find(&self, number: u64) -> Result<&[u8; 32], ProgramError> {
        let slot = &self.ring[slot_of(number)];
        if number == 0 || slot.number != number {
            return Err(Refusal::UnknownRoot.into());
        }
        Ok(&slot.root)
    }

    /// The same, and refuse one from before a moment.
    pub fn find_since(&self, number: u64, moment: i64) -> Result<&[u8; 32], ProgramError> {
        let root = self.find(number)?;
        if self.ring[slot_of(number)].committed_at < moment {
            return Err(Refusal::UnknownRoot.into());
        }
        Ok(root)
    }

    /// Put a root in the place of the one 200 numbers before it.
    pub fn push(&mut self, number: u64, committed_at: i64, root: &[u8; 32]) {
        self.ring[slot_of(number)] = CommittedRoot { number, committed_at, root: *root };
    }
}

fn slot_of(number: u64) -> usize {
    (number % ROOT_SLOTS as u64) as usize
}
