//! The one exchange: who may do what, within which bounds, and what ever came in and went out.

use pinocchio::{error::ProgramError, Address, ProgramResult};

use super::Kind;
use crate::errors::Refusal;
use crate::seeds;

pub const PAUSE_DEPOSITS: u8 = 1;
pub const PAUSE_PAYOUTS: u8 = 2;
pub const PAUSE_ROOTS: u8 = 4;
pub const PAUSE_ALL: u8 = PAUSE_DEPOSITS | PAUSE_PAYOUTS | PAUSE_ROOTS;

const SECONDS_PER_DAY: i64 = 86_400;

/// 768 bytes; rent 6,236,160 lamports. Seeds: `["exchange"]`.
#[repr(C)]
pub struct Exchange {
    pub discriminator: [u8; 8],
    pub bump: u8,
    pub delegate_bump: u8,
    /// Bits of `PAUSE_...`.
    pub paused: u8,
    pub padding: [u8; 5],
    /// Sets keys, parameters and markets, resumes, cancels delayed payouts. A single key at first;
    /// the address of the multisig from then on.
    pub authority: Address,
    /// May only pause.
    pub guardian: Address,
    /// Commits roots and draws authorized deposits.
    pub operator: Address,
    /// Co-signs roots; zero until one is set, never zero again.
    pub witness: Address,
    pub mint: Address,
    pub treasury: Address,
    /// Number of the newest root; zero before the first.
    pub root_number: u64,
    pub root: [u8; 32],
    /// When it was committed, Unix seconds.
    pub root_at: i64,
    /// Head of the engine's hash chain at that root.
    pub chain_head: [u8; 32],
    pub trades_root: [u8; 32],
    pub marks_root: [u8; 32],
    /// Sum over all leaves of cash - cost + withdrawals released.
    pub total_micro: i64,
    /// All that was ever deposited, and all that was ever paid out.
    pub deposited_micro: u64,
    pub paid_micro: u64,
    /// The number of vaults ever created: each gets the next as its id.
    pub vaults_created: u64,
    /// Most that may leave in a UTC day, net of what came in.
    pub daily_cap_micro: u64,
    /// The day that the next two count, in days since 1970.
    pub day: i64,
    pub day_in_micro: u64,
    pub day_out_micro: u64,
    /// What one owner is paid at once within `delay_seconds`; more waits that long.
    pub delay_above_micro: u64,
    pub delay_seconds: i64,
    /// Deposits by delegate come in multiples of this, or take all that is authorized.
    pub deposit_unit_micro: u64,
    /// When the exchange froze, Unix seconds; zero while it lives.
    pub frozen_at: i64,
    /// The state root that the newest checkpoint was made at; zero before the first.
    pub checkpoint_root: u64,
    /// What was paid by proofs of roots no newer than that: it is in the checkpoint's own totals.
    pub paid_under_micro: u64,
    pub reserved: [u8; 304],
}

const _: () = assert!(size_of::<Exchange>() == 768);

// SAFETY: repr(C), no padding (asserted by the size), integers and bytes only.
unsafe impl Kind for Exchange {
    const DISCRIMINATOR: [u8; 8] = *b"GDEXCHG1";

    fn address(&self, program: &Address) -> Address {
        Address::derive_address(&[seeds::EXCHANGE], Some(self.bump), program)
    }
}

impl Exchange {
    /// Refuse while the exchange is frozen or the part that `pause_bit` names is paused.
    pub fn check_open(&self, pause_bit: u8) -> ProgramResult {
        self.check_not_frozen()?;
        if self.paused & pause_bit != 0 {
            return Err(Refusal::Paused.into());
        }
        Ok(())
    }

    pub fn check_not_frozen(&self) -> ProgramResult {
        if self.frozen_at == 0 {
            Ok(())
        } else {
            Err(Refusal::Frozen.into())
        }
    }

    pub fn check_frozen(&self) -> ProgramResult {
        if self.frozen_at == 0 {
            Err(Refusal::NotFrozen.into())
        } else {
            Ok(())
        }
    }

    /// Give the totals after a deposit of `amount_micro` at `now`.
    pub fn after_deposit(&self, amount_micro: u64, now: i64) -> Result<Totals, ProgramError> {
        let mut totals = self.totals_of_day(now);
        totals.deposited_micro = add(totals.deposited_micro, amount_micro)?;
        totals.day_in_micro = add(totals.day_in_micro, amount_micro)?;
        Ok(totals)
    }

    /// Give the totals after a payout of `amount_micro` at `now`; refuse above the day's cap.
    pub fn after_payout(&self, amount_micro: u64, now: i64) -> Result<Totals, ProgramError> {
        let mut totals = self.totals_of_day(now);
        totals.paid_micro = add(totals.paid_micro, amount_micro)?;
        totals.day_out_micro = add(totals.day_out_micro, amount_micro)?;
        if totals.day_out_micro > self.daily_cap_micro.saturating_add(totals.day_in_micro) {
            return Err(Refusal::CapReached.into());
        }
        Ok(totals)
    }

    /// Count a payout that was proven under root `number` towards the checkpoint, if it is in it.
    pub fn count_under_checkpoint(&mut self, number: u64, amount_micro: u64) {
        if number <= self.checkpoint_root {
            // At most all that was ever paid, which is in range.
            self.paid_under_micro += amount_micro;
        }
    }

    /// Write what `after_deposit` or `after_payout` gave.
    pub fn set_totals(&mut self, totals: &Totals) {
        self.deposited_micro = totals.deposited_micro;
        self.paid_micro = totals.paid_micro;
        self.day = totals.day;
        self.day_in_micro = totals.day_in_micro;
        self.day_out_micro = totals.day_out_micro;
    }

    fn totals_of_day(&self, now: i64) -> Totals {
        let day = now.div_euclid(SECONDS_PER_DAY);
        let same = day == self.day;
        Totals {
            deposited_micro: self.deposited_micro,
            paid_micro: self.paid_micro,
            day,
            day_in_micro: if same { self.day_in_micro } else { 0 },
            day_out_micro: if same { self.day_out_micro } else { 0 },
        }
    }
}

/// The running totals that a deposit or a payout moves.
pub struct Totals {
    deposited_micro: u64,
    paid_micro: u64,
    day: i64,
    day_in_micro: u64,
    day_out_micro: u64,
}

fn add(left: u64, right: u64) -> Result<u64, ProgramError> {
    left.checked_add(right).ok_or(Refusal::Overflow.into())
}
