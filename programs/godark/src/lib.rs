//! The vault and the state roots of `GoDark` on Solana.
//!
//! What lives here: the table from an instruction's first byte to its file. What does not: any
//! trading rule. The program knows deposits, roots, marks and payouts; it never sees a size, an
//! entry price or a liquidation price.
#![no_std]

mod accounts;
mod errors;
mod events;
mod hashing;
mod input;
mod instructions;
mod seeds;
mod state;
mod sysvars;
mod tokens;

use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};

pinocchio::program_entrypoint!(run, 16);
pinocchio::nostd_panic_handler!();

/// Run the instruction that the first byte names.
///
/// Numbers are never reused. 14 and 15 are kept for the multisig's proposals, 16 to 31 for its
/// other instructions, 32 to 47 for checkpoints, forced exits and the freeze.
fn run(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    let (number, rest) = data.split_first().ok_or(ProgramError::InvalidInstructionData)?;
    match number {
        0 => instructions::initialize_exchange::run(program, accounts, rest),
        1 => instructions::set_market::run(program, accounts, rest),
        2 => instructions::set_keys::run(program, accounts, rest),
        3 => instructions::set_parameters::run(program, accounts, rest),
        4 => instructions::create_vault::run(program, accounts, rest),
        5 => instructions::deposit::run(program, accounts, rest),
        6 => instructions::deposit_by_delegate::run(program, accounts, rest),
        7 => instructions::commit_root::run(program, accounts, rest),
        8 => instructions::pay_out::run(program, accounts, rest),
        9 => instructions::release_payout::run(program, accounts, rest),
        10 => instructions::cancel_payout::run(program, accounts, rest),
        11 => instructions::close_vault::run(program, accounts, rest),
        12 => instructions::pause::run(program, accounts, rest),
        13 => instructions::resume::run(program, accounts, rest),
        _ => Err(ProgramError::InvalidInstructionData),
    }
}
