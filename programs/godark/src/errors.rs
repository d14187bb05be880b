//! The reasons for which the program refuses, with numbers that never change.
//!
//! `chain/errors.py` repeats names and numbers and a test compares the two. Faults of form (too
//! few accounts, instruction data of the wrong length) are the runtime's own built-in errors.

use pinocchio::error::ProgramError;

/// A refusal. The number is what the chain reports as `custom program error`.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum Refusal {
    /// An account that must sign did not.
    MissingSignature = 100,
    /// An account that must be writable is not.
    NotWritable = 101,
    /// An account is owned by another program than it must be.
    WrongOwner = 102,
    /// An account is not the one that its seeds or a stored address name.
    WrongAddress = 103,
    /// An account's discriminator, length or version is not that of its kind.
    WrongKind = 104,
    /// A token account or mint is of another currency.
    WrongMint = 105,
    /// A token account belongs to somebody else.
    WrongTokenOwner = 106,
    /// A program account is not the program that it stands for.
    WrongProgram = 107,
    /// The key is not the one that the exchange knows for this duty.
    WrongKey = 108,
    /// The account exists already.
    AlreadyExists = 109,
    /// A sum left its range.
    Overflow = 110,
    /// An amount of zero.
    ZeroAmount = 111,
    /// This part of the program is paused.
    Paused = 120,
    /// The exchange is frozen.
    Frozen = 121,
    /// A key may not be zero, or two duties may not share one key.
    BadKeys = 122,
    /// A parameter is outside the bounds that the program sets for it.
    BadParameter = 123,
    /// The market's number is neither known nor the next.
    BadMarket = 124,
    /// The number of the root is not the next one.
    NumberNotNext = 130,
    /// The previous root is not the one that stands.
    PreviousRootDiffers = 131,
    /// A mark moved further than its market allows in the time that passed.
    MarkOutOfBound = 132,
    /// What is owed is more than the treasury and all that was ever paid.
    NotCovered = 133,
    /// The checkpoint comes sooner after the one before than the terms allow.
    CheckpointTooSoon = 134,
    /// The checkpoint contradicts itself, the chain's totals, or the one before.
    BadCheckpoint = 135,
    /// All claims together are out of proportion to the treasury.
    ClaimsOutOfBound = 136,
    /// No root of this number is in the ring.
    UnknownRoot = 140,
    /// The path does not lead from the leaf to the root.
    ProofFails = 141,
    /// The amount is more than what was released and not yet paid or queued.
    NothingOwed = 142,
    /// The day's net outflow would pass its cap.
    CapReached = 143,
    /// A delayed payout is waiting already.
    PayoutQueued = 144,
    /// No delayed payout is waiting, or its time has not come.
    PayoutNotDue = 145,
    /// The amount is neither whole units nor all that is authorized.
    NotRoundUnits = 146,
    /// The vault still has funds, positions, unpaid or uncounted sums.
    VaultNotEmpty = 147,
    /// A forced exit is asked for already; until it is over nothing is deposited.
    ExitRequested = 150,
    /// No forced exit is asked for.
    NoExitRequested = 151,
    /// Roots come and no forced exit is overdue: there is nothing to freeze for.
    NotOverdue = 152,
    /// The owner is under sanctions and cannot freeze the exchange.
    Sanctioned = 153,
    /// The exchange is not frozen.
    NotFrozen = 154,
    /// This vault has left already.
    AlreadyExited = 155,
    /// The venue waits until the users had their time.
    VenueNotDue = 156,
    /// The multisig may not do this, or not in this way.
    NotAllowed = 160,
    /// The member approved it already.
    AlreadyApproved = 161,
    /// The proposal was executed, has expired, or is of other members' time.
    ProposalOver = 162,
    /// Too few approved, or the timelock still runs.
    ProposalNotDue = 163,
    /// The transaction was signed for any time: it begins with a durable nonce.
    DurableNonce = 164,
}

impl From<Refusal> for ProgramError {
    fn from(refusal: Refusal) -> Self {
        Self::Custom(refusal as u32)
    }
}
