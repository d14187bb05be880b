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
mod nonces;
mod seeds;
mod state;
mod sysvars;
mod tokens;

use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};

pinocchio::program_entrypoint!(run, 16);
pinocchio::nostd_panic_handler!();

/// Run the instruction that the first byte names.
///
/// Numbers are never reused. 14 to 31 are the multisig's, 32 to 47 for checkpoints, forced exits
/// and the freeze.
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
        14 => instructions::open_multisig::run(program, accounts, rest),
        15 => instructions::propose::run(program, accounts, rest),
        16 => instructions::approve::run(program, accounts, rest),
        17 => instructions::execute::run(program, accounts, rest),
        18 => instructions::close_proposal::run(program, accounts, rest),
        19 => instructions::set_members::run(program, accounts, rest),
        32 => instructions::open_checkpoints::run(program, accounts, rest),
        33 => instructions::set_exit_terms::run(program, accounts, rest),
        34 => instructions::commit_checkpoint::run(program, accounts, rest),
        35 => instructions::request_exit::run(program, accounts, rest),
        36 => instructions::withdraw_exit::run(program, accounts, rest),
        37 => instructions::serve_exit::run(program, accounts, rest),
        38 => instructions::freeze::run(program, accounts, rest),
        39 => instructions::exit_by_claim::run(program, accounts, rest),
        40 => instructions::exit_without_claim::run(program, accounts, rest),
        41 => instructions::exit_venue::run(program, accounts, rest),
        42 => instructions::sanction::run(program, accounts, rest),
        _ => Err(ProgramError::InvalidInstructionData),
    }
}
