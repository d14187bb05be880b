//! One vault per wallet: what came in from it and what went out to it.

use pinocchio::{error::ProgramError, Address};

use super::{Exchange, Kind};
use crate::errors::Refusal;
use crate::hashing::{head, leaf, root_of, Hash, MAX_DEPTH};
use crate::seeds;

/// 256 bytes; rent 2,672,640 lamports, returned on closing. Seeds: `["vault", owner]`.
#[repr(C)]
pub struct Vault {
    pub discriminator: [u8; 8],
    pub bump: u8,
    pub padding: [u8; 7],
    pub owner: Address,
    /// Never used twice: a leaf names the id, so a closed vault's leaf pays nothing to the next.
    pub id: u64,
    pub created_at: i64,
    pub deposited_micro: u64,
    pub paid_micro: u64,
    /// A payout that waits, and until when (Unix seconds).
    pub queued_micro: u64,
    pub queued_until: i64,
    /// What was paid at once since this moment; starts anew after `delay_seconds`.
    pub window_started_at: i64,
    pub window_paid_micro: u64,
    /// Number of the root that proved what waits.
    pub queued_root: u64,
    /// When a forced exit was asked for, Unix seconds, and what was pledged; zero for none.
    pub exit_requested_at: i64,
    pub exit_bond_lamports: u64,
    /// When the owner left after the freeze, Unix seconds, and with how much.
    pub exited_at: i64,
    pub exited_micro: u64,
    /// Since when the owner is under sanctions, Unix seconds, and why; zero for not.
    pub sanctioned_at: i64,
    pub sanction_reason: [u8; 64],
    pub reserved: [u8; 32],
}

const _: () = assert!(size_of::<Vault>() == 256);

// SAFETY: repr(C), no padding (asserted by the size), integers and bytes only.
unsafe impl Kind for Vault {
    const DISCRIMINATOR: [u8; 8] = *b"GDVAULT1";

    fn address(&self, program: &Address) -> Address {
        Address::derive_address(&[seeds::VAULT, self.owner.as_array()], Some(self.bump), program)
    }
}

/// Within a day a forced exit is served, and a root comes; else anybody may freeze.
pub const EXIT_SECONDS: i64 = 86_400;

/// How a payout of some amount goes.
pub enum Course {
    /// At once; these become the window's start and sum.
    AtOnce { window_started_at: i64, window_paid_micro: u64 },
    /// After the delay, at this moment.
    Delayed { until: i64 },
}

impl Vault {
    /// Refuse totals that the root does not prove for this vault.
    pub fn check_leaf(&self, claim: &Claim, root: &Hash) -> Result<(), ProgramError> {
        if claim.path.len() > MAX_DEPTH || claim.index >> claim.path.len() != 0 {
            return Err(Refusal::ProofFails.into());
        }
        let head = head(self.owner.as_array(), self.id, claim.deposits_micro, claim.released_micro);
        if root_of(leaf(&head, claim.body), claim.index, claim.path) != *root {
            return Err(Refusal::ProofFails.into());
        }
        Ok(())
    }

    /// Refuse while a forced exit is asked for.
    pub fn check_no_exit(&self) -> Result<(), ProgramError> {
        if self.exit_requested_at == 0 {
            Ok(())
        } else {
            Err(Refusal::ExitRequested.into())
        }
    }

    /// Refuse unless a forced exit is asked for.
    pub fn check_exit(&self) -> Result<(), ProgramError> {
        if self.exit_requested_at == 0 {
            Err(Refusal::NoExitRequested.into())
        } else {
            Ok(())
        }
    }

    /// End a request, and give the bond that lay in pledge.
    pub fn end_exit(&mut self) -> u64 {
        self.exit_requested_at = 0;
        core::mem::take(&mut self.exit_bond_lamports)
    }

    /// What was released and is neither paid nor queued.
    pub fn owed_micro(&self, released_micro: u64) -> u64 {
        released_micro.saturating_sub(self.paid_micro).saturating_sub(self.queued_micro)
    }

    /// Decide whether `amount_micro` is paid at once or waits; refuse a second one that waits.
    pub fn course(
        &self,
        exchange: &Exchange,
        amount_micro: u64,
        now: i64,
    ) -> Result<Course, ProgramError> {
        let ends_at = add_seconds(self.window_started_at, exchange.delay_seconds)?;
        let (started_at, paid) =
            if now < ends_at { (self.window_started_at, self.window_paid_micro) } else { (now, 0) };
        let sum = paid.checked_add(amount_micro).ok_or(Refusal::Overflow)?;
        if sum <= exchange.delay_above_micro {
            return Ok(Course::AtOnce { window_started_at: started_at, window_paid_micro: sum });
        }
        if self.queued_micro != 0 {
            return Err(Refusal::PayoutQueued.into());
        }
        Ok(Course::Delayed { until: add_seconds(now, exchange.delay_seconds)? })
    }
}

/// The public half of a leaf, the hash of its hidden half, and the path to a root.
pub struct Claim<'a> {
    pub index: u32,
    pub deposits_micro: u64,
    pub released_micro: u64,
    pub body: &'a Hash,
    pub path: &'a [Hash],
}

fn add_seconds(moment: i64, seconds: i64) -> Result<i64, ProgramError> {
    moment.checked_add(seconds).ok_or(Refusal::Overflow.into())
}
