//! One file per instruction: its account table, its checks, then its writes.

pub mod cancel_payout;
pub mod close_vault;
pub mod commit_root;
pub mod create_vault;
pub mod deposit;
pub mod deposit_by_delegate;
pub mod initialize_exchange;
pub mod pause;
pub mod pay_out;
pub mod release_payout;
pub mod resume;
pub mod set_keys;
pub mod set_market;
pub mod set_parameters;
