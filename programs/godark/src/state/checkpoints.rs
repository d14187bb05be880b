//! The newest checkpoints, the terms of forced exits, and what the freeze fixed for all exits.

use pinocchio::{error::ProgramError, Address};

use super::{Exchange, Kind, Vault};
use crate::errors::Refusal;
use crate::hashing::{self, Hash, MAX_DEPTH};
use crate::input::Input;
use crate::seeds;

pub const CHECKPOINT_SLOTS: usize = 8;
const IDS_PER_CHUNK: u64 = 256;
const MAX_INTERVAL_SECONDS: i64 = 86_400;
/// Ten SOL.
const MAX_BOND_LAMPORTS: u64 = 10_000_000_000;

/// 2,048 bytes; rent 15,144,960 lamports. Seeds: `["checkpoints"]`.
#[repr(C)]
pub struct Checkpoints {
    pub discriminator: [u8; 8],
    pub bump: u8,
    pub padding: [u8; 7],
    /// Unix seconds; the first sign of life, before any root.
    pub opened_at: i64,
    /// No checkpoint comes sooner after the one before.
    pub interval_seconds: i64,
    /// What asking for a forced exit takes in pledge.
    pub bond_lamports: u64,
    /// Number of the newest checkpoint; zero before the first.
    pub number: u64,
    /// What the freeze fixed: treasury, what is kept for deposits and withdrawals that the claims
    /// do not count, the users' claims, and the venue's share. Zero before.
    pub held_micro: u64,
    pub reserve_micro: u64,
    pub claims_micro: u64,
    pub venue_micro: u64,
    /// What the users, and the venue, took since.
    pub exited_micro: u64,
    pub venue_exited_micro: u64,
    pub reserved: [u8; 96],
    /// The checkpoint of a number lies at the number modulo 8.
    pub ring: [Checkpoint; CHECKPOINT_SLOTS],
}

/// 232 bytes. Sums in micro-USDT; what each counts: `docs/PROOFS.md`.
#[repr(C)]
pub struct Checkpoint {
    pub number: u64,
    /// Unix seconds.
    pub committed_at: i64,
    pub root_number: u64,
    pub claims_micro: u64,
    pub venue_micro: u64,
    pub deposits_micro: u64,
    pub released_micro: u64,
    pub paid_micro: u64,
    pub count: u32,
    pub depth: u8,
    pub ids_depth: u8,
    pub padding: [u8; 2],
    pub plain_root: Hash,
    pub sum_root: Hash,
    pub ids_root: Hash,
    pub marks_root: Hash,
    pub file_hash: Hash,
}

const _: () = assert!(size_of::<Checkpoint>() == 232);
const _: () = assert!(size_of::<Checkpoints>() == 2_048);

// SAFETY: repr(C), no padding (asserted by the sizes), integers and bytes only.
unsafe impl Kind for Checkpoints {
    const DISCRIMINATOR: [u8; 8] = *b"GDCHECK1";

    fn address(&self, program: &Address) -> Address {
        Address::derive_address(&[seeds::CHECKPOINTS], Some(self.bump), program)
    }
}

impl Checkpoints {
    /// The newest checkpoint; an empty one before the first.
    pub fn newest(&self) -> &Checkpoint {
        &self.ring[slot_of(self.number)]
    }

    /// Fix what every exit divides by, so that no exit changes another's.
    pub fn freeze(&mut self, exchange: &Exchange, held_micro: u64) {
        let (claims, venue, deposits, released) = {
            let newest = self.newest();
            (newest.claims_micro, newest.venue_micro, newest.deposits_micro, newest.released_micro)
        };
        let uncounted = exchange.deposited_micro.saturating_sub(deposits);
        let unpaid = released.saturating_sub(exchange.paid_under_micro);
        self.held_micro = held_micro;
        self.reserve_micro = uncounted.saturating_add(unpaid);
        self.claims_micro = claims;
        self.venue_micro = venue.min(self.free_micro().saturating_sub(claims));
    }

    /// What of the treasury is for claims.
    fn free_micro(&self) -> u64 {
        self.held_micro.saturating_sub(self.reserve_micro)
    }

    /// What a vault leaves with: by its claim, and beside it.
    pub fn exit_of(&self, vault: &Vault, told: &Told) -> Exit {
        let uncounted = i128::from(vault.deposited_micro) - i128::from(told.deposits_micro);
        let unpaid = i128::from(told.released_micro) - i128::from(vault.paid_micro);
        let beside = uncounted + unpaid;
        let claim = i128::from(told.claim_micro) + beside.min(0);
        let backed = self.held_micro.min(self.reserve_micro);
        Exit {
            by_claim_micro: share_rounded_down(claim, self.free_micro(), self.claims_micro),
            beside_micro: share_rounded_down(beside, backed, self.reserve_micro),
        }
    }

    /// Put a checkpoint in the place of the one eight numbers before it.
    pub fn push(&mut self, checkpoint: Checkpoint) {
        self.number = checkpoint.number;
        let slot = slot_of(checkpoint.number);
        self.ring[slot] = checkpoint;
    }
}

impl Checkpoint {
    /// Refuse a count that the depth does not hold, or that a smaller one would hold too.
    pub fn check_shape(&self) -> Result<(), ProgramError> {
        let (depth, ids_depth) = (usize::from(self.depth), usize::from(self.ids_depth));
        let fits = depth <= MAX_DEPTH && ids_depth <= MAX_DEPTH && self.count <= 1 << MAX_DEPTH;
        if !fits
            || self.count == 0
            || self.count.next_power_of_two().trailing_zeros() != depth as u32
        {
            return Err(Refusal::BadCheckpoint.into());
        }
        Ok(())
    }

    /// Refuse a claim that does not stand in the plain tree; before the first checkpoint none does.
    pub fn check_claim(&self, claim: Hash, index: u32, path: &[Hash]) -> Result<(), ProgramError> {
        if self.number == 0 {
            return Err(Refusal::ProofFails.into());
        }
        check_path(claim, index, path, self.depth, &self.plain_root)
    }

    /// Refuse a vault that has a claim, and a chunk that is not the map's.
    pub fn check_no_claim(
        &self,
        vault_id: u64,
        chunk: &Hash,
        path: &[Hash],
    ) -> Result<(), ProgramError> {
        let bit = (vault_id % IDS_PER_CHUNK) as usize;
        if self.is_beyond_map(vault_id) || chunk[bit / 8] >> (bit % 8) & 1 != 0 {
            return Err(Refusal::ProofFails.into());
        }
        let index = (vault_id / IDS_PER_CHUNK) as u32;
        check_path(*chunk, index, path, self.ids_depth, &self.ids_root)
    }

    /// Refuse a vault that the map reaches: it has to show its bit.
    pub fn check_beyond_map(&self, vault_id: u64) -> Result<(), ProgramError> {
        if self.is_beyond_map(vault_id) {
            Ok(())
        } else {
            Err(Refusal::ProofFails.into())
        }
    }

    fn is_beyond_map(&self, vault_id: u64) -> bool {
        self.number == 0 || (vault_id / IDS_PER_CHUNK) >> self.ids_depth != 0
    }
}

/// Refuse a path of another length than the tree's, or that leads elsewhere.
fn check_path(
    leaf: Hash,
    index: u32,
    path: &[Hash],
    depth: u8,
    root: &Hash,
) -> Result<(), ProgramError> {
    let fits = path.len() == usize::from(depth) && index >> depth == 0;
    if !fits || hashing::root_of(leaf, index, path) != *root {
        return Err(Refusal::ProofFails.into());
    }
    Ok(())
}

/// What a vault leaves with, in micro-USDT.
pub struct Exit {
    pub by_claim_micro: u64,
    pub beside_micro: u64,
}

/// What a claim tells; nothing for a vault without one.
#[allow(clippy::struct_field_names)] // the unit comes last in every name
#[derive(Default)]
pub struct Told {
    pub deposits_micro: u64,
    pub released_micro: u64,
    pub claim_micro: u64,
}

/// Give a part's share of `there` where `wanted` is asked of it: all of it, if there is enough.
fn share_rounded_down(part: i128, there: u64, wanted: u64) -> u64 {
    let part = part.clamp(0, i128::from(u64::MAX)) as u64;
    if there >= wanted {
        return part;
    }
    (u128::from(part) * u128::from(there) / u128::from(wanted)) as u64
}

/// What the authority may set: how often checkpoints come, and the pledge of a forced exit.
pub struct ExitTerms {
    interval_seconds: i64,
    bond_lamports: u64,
}

impl ExitTerms {
    /// Read them, the whole data, and refuse what is out of bounds.
    pub fn read(data: &[u8]) -> Result<Self, ProgramError> {
        let mut input = Input::new(data);
        let terms = Self { interval_seconds: input.i64()?, bond_lamports: input.u64()? };
        input.end()?;
        let in_bounds = (1..=MAX_INTERVAL_SECONDS).contains(&terms.interval_seconds);
        if !in_bounds || terms.bond_lamports > MAX_BOND_LAMPORTS {
            return Err(Refusal::BadParameter.into());
        }
        Ok(terms)
    }

    /// The two as an event tells them.
    pub fn numbers(&self) -> [u64; 2] {
        [self.interval_seconds as u64, self.bond_lamports]
    }

    pub fn write(&self, checkpoints: &mut Checkpoints) {
        checkpoints.interval_seconds = self.interval_seconds;
        checkpoints.bond_lamports = self.bond_lamports;
    }
}

fn slot_of(number: u64) -> usize {
    (number % CHECKPOINT_SLOTS as u64) as usize
}
