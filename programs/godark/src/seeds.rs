//! The seeds of every address that the program owns, once. `chain/addresses.py` repeats them and
//! a test compares the two.

/// The one exchange: keys, parameters, running totals, the newest root.
pub const EXCHANGE: &[u8] = b"exchange";
/// The one table of markets: units, bounds and the newest marks.
pub const MARKETS: &[u8] = b"markets";
/// The one ring of recent roots.
pub const ROOTS: &[u8] = b"roots";
/// The one ring of recent checkpoints, the terms of exits, and what the freeze fixed.
pub const CHECKPOINTS: &[u8] = b"checkpoints";
/// The one token account that holds all USDT; its authority is the exchange.
pub const TREASURY: &[u8] = b"treasury";
/// The address that owners approve as delegate of their own token accounts.
pub const DELEGATE: &[u8] = b"delegate";
/// The one multisig: five members, three of whom act as the authority.
pub const MULTISIG: &[u8] = b"multisig";
/// One per proposal: `["proposal", number]`.
pub const PROPOSAL: &[u8] = b"proposal";
/// One per wallet: `["vault", owner]`.
pub const VAULT: &[u8] = b"vault";
