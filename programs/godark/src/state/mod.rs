//! The accounts that the program owns, byte by byte.
//!
//! All are `repr(C)` without padding, little endian, rent exempt, and of fixed size; every size
//! and the rent for it stand beside the type. Fields named `reserved` are zero and are the room
//! for what follows without moving anything. `chain/layouts.py` reads the same bytes.

mod checkpoints;
mod exchange;
mod markets;
mod multisig;
mod proposal;
mod roots;
mod vault;

pub use checkpoints::{Checkpoint, Checkpoints, ExitTerms, Told};
pub use exchange::{Exchange, Totals, PAUSE_ALL, PAUSE_DEPOSITS, PAUSE_PAYOUTS, PAUSE_ROOTS};
pub use markets::{Market, Markets, MARKET_SLOTS};
pub use multisig::{read_members, Multisig, APPROVALS};
pub use proposal::{Proposal, Target, LOADER, PROPOSED_ACCOUNTS, PROPOSED_BYTES};
pub use roots::Roots;
pub use vault::{Claim, Course, Vault, EXIT_SECONDS};

use pinocchio::Address;

/// A kind of account: its first eight bytes, and the address that its own fields give.
///
/// # Safety
/// The type is `repr(C)`, has no padding, and every bit pattern is a valid value.
pub unsafe trait Kind {
    const DISCRIMINATOR: [u8; 8];

    fn address(&self, program: &Address) -> Address;
}
