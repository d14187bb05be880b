//! What a member proposes the multisig to do, who approved it, and until when it lives.

use pinocchio::{error::ProgramError, Address, ProgramResult};

use super::{Kind, Multisig, APPROVALS};
use crate::errors::Refusal;
use crate::seeds;

/// An upgrade names seven.
pub const PROPOSED_ACCOUNTS: usize = 8;
pub const PROPOSED_BYTES: usize = 256;
pub const TIMELOCK_SECONDS: i64 = 2 * 86_400;
const LIFE_SECONDS: i64 = 14 * 86_400;

const SIGNER: u8 = 1;
const WRITABLE: u8 = 2;

/// `BPFLoaderUpgradeab1e11111111111111111111111`.
pub const LOADER: Address = Address::new_from_array([
    2, 168, 246, 145, 78, 136, 161, 176, 226, 16, 21, 62, 247, 99, 174, 43, 0, 194, 185, 61, 22,
    193, 36, 210, 192, 83, 122, 16, 4, 128, 0, 0,
]);

/// 704 bytes; rent 5,790,720 lamports, returned on closing. Seeds: `["proposal", number]`.
#[repr(C)]
pub struct Proposal {
    pub discriminator: [u8; 8],
    pub bump: u8,
    /// Which program is called: see `Target`.
    pub target: u8,
    /// A bit for each member who approved.
    pub approvals: u8,
    /// 1 once it was executed.
    pub executed: u8,
    pub accounts_count: u8,
    pub padding: u8,
    pub data_length: u16,
    pub number: u64,
    pub proposer: Address,
    /// Unix seconds; the second is zero before the third approval.
    pub proposed_at: i64,
    pub approved_at: i64,
    pub expires_at: i64,
    pub accounts: [ProposedAccount; PROPOSED_ACCOUNTS],
    pub data: [u8; PROPOSED_BYTES],
    pub reserved: [u8; 48],
}

/// 40 bytes.
#[repr(C)]
pub struct ProposedAccount {
    pub address: Address,
    /// 1 signs (the multisig alone can), 2 is writable.
    pub flags: u8,
    pub padding: [u8; 7],
}

const _: () = assert!(size_of::<ProposedAccount>() == 40);
const _: () = assert!(size_of::<Proposal>() == 704);

// SAFETY: repr(C), no padding (asserted by the sizes), integers and bytes only.
unsafe impl Kind for Proposal {
    const DISCRIMINATOR: [u8; 8] = *b"GDPROPO1";

    fn address(&self, program: &Address) -> Address {
        let number = self.number.to_le_bytes();
        Address::derive_address(&[seeds::PROPOSAL, &number], Some(self.bump), program)
    }
}

impl ProposedAccount {
    pub fn is_signer(&self) -> bool {
        self.flags & SIGNER != 0
    }

    pub fn is_writable(&self) -> bool {
        self.flags & WRITABLE != 0
    }
}

/// A program that the multisig may call.
#[derive(Clone, Copy)]
pub enum Target {
    /// This program: duties of the authority.
    Own,
    /// The upgradeable loader: this program's next version, or who may set it.
    Loader,
    /// The token program: USDT of the multisig's own, such as its insurance fund.
    Token,
}

impl Target {
    pub fn of(number: u8) -> Result<Self, ProgramError> {
        match number {
            0 => Ok(Self::Own),
            1 => Ok(Self::Loader),
            2 => Ok(Self::Token),
            _ => Err(Refusal::NotAllowed.into()),
        }
    }

    pub fn address(self, program: &Address) -> Address {
        match self {
            Self::Own => program.clone(),
            Self::Loader => LOADER,
            Self::Token => pinocchio_token::ID.clone(),
        }
    }

    /// How long an instruction waits once three have approved; refuse one that is on no list.
    ///
    /// What only stops a theft or undoes a pause waits for nobody: a payout that waits two days
    /// could never be canceled, nor a forced exit of a day be kept from freezing.
    pub fn timelock(self, data: &[u8]) -> Result<i64, ProgramError> {
        let first = *data.first().ok_or(Refusal::NotAllowed)?;
        let at_once = matches!((self, first), (Self::Own, 10 | 13 | 42));
        let after_two_days = match self {
            Self::Own => matches!(first, 1..=3 | 19 | 33 | 41),
            // Upgrade, and SetAuthority.
            Self::Loader => matches!(data, [3 | 4, 0, 0, 0]),
            // Transfer.
            Self::Token => first == 3,
        };
        match (at_once, after_two_days) {
            (true, _) => Ok(0),
            (_, true) => Ok(TIMELOCK_SECONDS),
            _ => Err(Refusal::NotAllowed.into()),
        }
    }
}

impl Proposal {
    pub fn data(&self) -> &[u8] {
        &self.data[..usize::from(self.data_length).min(PROPOSED_BYTES)]
    }

    pub fn accounts(&self) -> &[ProposedAccount] {
        &self.accounts[..usize::from(self.accounts_count).min(PROPOSED_ACCOUNTS)]
    }

    pub fn expiry(now: i64) -> Result<i64, ProgramError> {
        now.checked_add(LIFE_SECONDS).ok_or(Refusal::Overflow.into())
    }

    pub fn is_over(&self, multisig: &Multisig, now: i64) -> bool {
        self.executed != 0 || now >= self.expires_at || self.number <= multisig.void_up_to
    }

    /// Refuse what was executed, has expired, or is of other members' time.
    pub fn check_open(&self, multisig: &Multisig, now: i64) -> ProgramResult {
        if self.is_over(multisig, now) {
            return Err(Refusal::ProposalOver.into());
        }
        Ok(())
    }

    /// Count a member's approval; the third starts the timelock.
    pub fn approve(&mut self, bit: u8, now: i64) {
        self.approvals |= bit;
        if self.approved_at == 0 && self.approvals.count_ones() >= APPROVALS {
            self.approved_at = now;
        }
    }

    /// Refuse before three have approved and the timelock has run.
    pub fn check_due(&self, now: i64) -> ProgramResult {
        let timelock = Target::of(self.target)?.timelock(self.data())?;
        let due_at = self.approved_at.checked_add(timelock).ok_or(Refusal::Overflow)?;
        if self.approvals.count_ones() < APPROVALS || now < due_at {
            return Err(Refusal::ProposalNotDue.into());
        }
        Ok(())
    }
}
