//! The one table of markets: how a verifier reads positions, and how far marks may move.

use pinocchio::{error::ProgramError, Address};

use super::Kind;
use crate::errors::Refusal;
use crate::seeds;

/// As many marks as fit one commitment of 1,232 bytes, and a few to spare.
pub const MARKET_SLOTS: usize = 64;
/// Marks stay below 2^40 half ticks, so that their bounds are exact in 64 bits.
pub const MAX_MARK: u64 = 1 << 40;
/// A bound never grows past eight times the mark.
const MAX_BOUND_PPM: u64 = 8_000_000;
const PPM: u64 = 1_000_000;

/// 5,144 bytes; rent 36,693,120 lamports. Seeds: `["markets"]`.
#[repr(C)]
pub struct Markets {
    pub discriminator: [u8; 8],
    pub bump: u8,
    pub padding: [u8; 5],
    /// How many of the slots are markets; a market's number is its slot.
    pub count: u16,
    pub padding_after: [u8; 8],
    /// The newest marks in half ticks; zero before the first.
    pub marks: [u64; MARKET_SLOTS],
    /// When each mark last moved or was confirmed, Unix seconds.
    pub marked_at: [i64; MARKET_SLOTS],
    pub listings: [Market; MARKET_SLOTS],
}

/// 64 bytes. The unit never changes once the market is there: leaves depend on it.
#[repr(C)]
pub struct Market {
    /// ASCII, filled up with zeros.
    pub symbol: [u8; 24],
    /// Micro-USDT of one lot at one half tick.
    pub unit_micro: u64,
    /// How far a mark may move at once, in millionths of the mark before.
    pub step_ppm: u32,
    /// How much further for each second since it was set.
    pub per_second_ppm: u32,
    /// 1 while listed, 0 when delisted: no more marks.
    pub listed: u8,
    pub reserved: [u8; 23],
}

const _: () = assert!(size_of::<Market>() == 64);
const _: () = assert!(size_of::<Markets>() == 5_144);

// SAFETY: repr(C), no padding (asserted by the sizes), integers and bytes only.
unsafe impl Kind for Markets {
    const DISCRIMINATOR: [u8; 8] = *b"GDMARKT1";

    fn address(&self, program: &Address) -> Address {
        Address::derive_address(&[seeds::MARKETS], Some(self.bump), program)
    }
}

impl Markets {
    /// Refuse a new mark that is zero, too large, delisted, or out of its bound at `now`.
    ///
    /// The bound grows with the time since the last mark, so that no move, however wild, can stop
    /// roots for good.
    pub fn check_mark(&self, slot: usize, half_ticks: u64, now: i64) -> Result<(), ProgramError> {
        let market = &self.listings[slot];
        if half_ticks >= MAX_MARK || market.listed == 0 {
            return Err(Refusal::MarkOutOfBound.into());
        }
        let before = self.marks[slot];
        if before == 0 || before == half_ticks {
            return Ok(());
        }
        let seconds = now.saturating_sub(self.marked_at[slot]).max(0) as u64;
        let grown = u64::from(market.per_second_ppm).saturating_mul(seconds);
        let bound_ppm = grown.saturating_add(u64::from(market.step_ppm)).min(MAX_BOUND_PPM);
        // Both products stay below 2^63: marks below 2^40, millionths below 2^23.
        if half_ticks.abs_diff(before) * PPM > before * bound_ppm {
            return Err(Refusal::MarkOutOfBound.into());
        }
        Ok(())
    }

    /// The marks of all markets as bytes, for their root.
    pub fn mark_bytes(&self) -> &[u8] {
        let count = usize::from(self.count).min(MARKET_SLOTS);
        // SAFETY: `count` marks of 8 bytes lie in the array; bytes have no alignment.
        unsafe { core::slice::from_raw_parts(self.marks.as_ptr().cast::<u8>(), count * 8) }
    }
}
