//! 0: create the exchange, its markets, its ring of roots and its treasury.
//!
//! | # | account      |     |                                                             |
//! |---|--------------|-----|-------------------------------------------------------------|
//! | 0 | payer        | s w | the program's upgrade authority; pays the rent              |
//! | 1 | exchange     |   w | `["exchange"]`, not there yet                               |
//! | 2 | markets      |   w | `["markets"]`                                               |
//! | 3 | roots        |   w | `["roots"]`                                                 |
//! | 4 | treasury     |   w | `["treasury"]`                                              |
//! | 5 | mint         |     | USDT: an SPL mint of six decimals                           |
//! | 6 | program data |     | of this program, where the loader keeps its authority       |
//! | 7 | system       |     | the system program                                          |
//! | 8 | token        |     | the SPL token program                                       |
//!
//! Data: authority, guardian, operator, witness (32 each; the witness may be zero), then the
//! parameters as in `set_parameters`. Event: number of the instruction, then authority.

use pinocchio::cpi::Seed;
use pinocchio::{address::address_eq, error::ProgramError, AccountView, Address, ProgramResult};
use pinocchio_token::instructions::InitializeAccount3;

use super::set_keys::check_keys;
use super::set_parameters::Parameters;
use crate::accounts::{
    check_program, check_seeds, check_signer, check_writable, create, create_own, find,
};
use crate::errors::Refusal;
use crate::input::Input;
use crate::state::{Exchange, Markets, Roots, LOADER};
use crate::{events, seeds, tokens};

/// `UpgradeableLoaderState::ProgramData`: tag 3, slot, whether there is an authority, the key.
const PROGRAM_DATA: u32 = 3;

pub fn run(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    let [payer, exchange, markets, roots, treasury, mint, program_data, system, token] = accounts
    else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };

    // Instruction data.
    let mut input = Input::new(data);
    let keys = [
        Address::new_from_array(*input.bytes()?),
        Address::new_from_array(*input.bytes()?),
        Address::new_from_array(*input.bytes()?),
        Address::new_from_array(*input.bytes()?),
    ];
    let parameters = Parameters::read(&mut input)?;
    input.end()?;
    check_keys(&keys)?;

    // Accounts.
    check_signer(payer)?;
    check_writable(payer)?;
    check_program(system, &pinocchio_system::ID)?;
    check_program(token, &pinocchio_token::ID)?;
    check_upgrade_authority(program, program_data, payer)?;
    tokens::check_mint(mint)?;
    let delegate_bump = find(&[seeds::DELEGATE], program).1;
    let exchange_bump = check_new(exchange, seeds::EXCHANGE, program)?;
    let markets_bump = check_new(markets, seeds::MARKETS, program)?;
    let roots_bump = check_new(roots, seeds::ROOTS, program)?;
    let treasury_bump = check_new(treasury, seeds::TREASURY, program)?;

    // Writes.
    create_own::<Markets>(markets, payer, program, &[seeds::MARKETS], markets_bump)?;
    create_own::<Roots>(roots, payer, program, &[seeds::ROOTS], roots_bump)?;
    let bump = [treasury_bump];
    let signer = [Seed::from(seeds::TREASURY), Seed::from(&bump)];
    let space = pinocchio_token::state::Account::LEN;
    create(treasury, space, &pinocchio_token::ID, payer, &signer)?;
    InitializeAccount3::new(treasury, mint, exchange.address()).invoke()?;
    let state =
        create_own::<Exchange>(exchange, payer, program, &[seeds::EXCHANGE], exchange_bump)?;

    state.delegate_bump = delegate_bump;
    let [authority, guardian, operator, witness] = keys;
    events::of_exchange(0, [], authority.as_array());
    state.authority = authority;
    state.guardian = guardian;
    state.operator = operator;
    state.witness = witness;
    state.mint = mint.address().clone();
    state.treasury = treasury.address().clone();
    parameters.write(state);
    Ok(())
}

/// Refuse anybody but the program's own upgrade authority, so that nobody can be quicker.
fn check_upgrade_authority(
    program: &Address,
    program_data: &AccountView,
    payer: &AccountView,
) -> ProgramResult {
    check_seeds(program_data, &[program.as_array()], &LOADER)?;
    if !program_data.owned_by(&LOADER) {
        return Err(Refusal::WrongOwner.into());
    }
    // SAFETY: nothing holds the data.
    let mut state = Input::new(unsafe { program_data.borrow_unchecked() });
    if state.u32()? != PROGRAM_DATA {
        return Err(Refusal::WrongKind.into());
    }
    let _slot = state.u64()?;
    let is_set = state.u8()? == 1;
    let authority = Address::new_from_array(*state.bytes()?);
    if !is_set || !address_eq(&authority, payer.address()) {
        return Err(Refusal::WrongKey.into());
    }
    Ok(())
}

/// Refuse an account that is not at its canonical address or is there already; give its bump.
fn check_new(account: &AccountView, seed: &[u8], program: &Address) -> Result<u8, ProgramError> {
    check_writable(account)?;
    let bump = check_seeds(account, &[seed], program)?;
    if !account.is_data_empty() {
        return Err(Refusal::AlreadyExists.into());
    }
    Ok(bump)
}
