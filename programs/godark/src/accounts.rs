//! Checks of accounts that several instructions make, each of which refuses.

use pinocchio::cpi::{Seed, Signer};
use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};
use pinocchio_system::instructions::{Allocate, Assign, CreateAccount, Transfer};

use crate::errors::Refusal;
use crate::state::Kind;
use crate::sysvars::rent_for;

pub fn check_signer(account: &AccountView) -> ProgramResult {
    if account.is_signer() {
        Ok(())
    } else {
        Err(Refusal::MissingSignature.into())
    }
}

pub fn check_writable(account: &AccountView) -> ProgramResult {
    if account.is_writable() {
        Ok(())
    } else {
        Err(Refusal::NotWritable.into())
    }
}

/// Refuse an account that is not the one at `address`.
pub fn check_address(account: &AccountView, address: &Address) -> ProgramResult {
    if account.address() == address {
        Ok(())
    } else {
        Err(Refusal::WrongAddress.into())
    }
}

/// Refuse a signer who does not hold the key of a duty; the zero key is nobody's.
pub fn check_key(account: &AccountView, key: &Address) -> ProgramResult {
    check_signer(account)?;
    if account.address() == key && key.as_array() != &[0; 32] {
        Ok(())
    } else {
        Err(Refusal::WrongKey.into())
    }
}

/// Refuse anything but the program with this id.
pub fn check_program(account: &AccountView, id: &Address) -> ProgramResult {
    if account.address() == id {
        Ok(())
    } else {
        Err(Refusal::WrongProgram.into())
    }
}

/// Read an account of the program's own, at the address that its kind and seeds give.
pub fn load<'a, T: Kind>(
    account: &'a AccountView,
    program: &Address,
) -> Result<&'a T, ProgramError> {
    check_own::<T>(account, program)?;
    Ok(view(account))
}

/// The same, writable.
pub fn load_mut<'a, T: Kind>(
    account: &'a mut AccountView,
    program: &Address,
) -> Result<&'a mut T, ProgramError> {
    check_writable(account)?;
    check_own::<T>(account, program)?;
    Ok(view_mut(account))
}

fn check_own<T: Kind>(account: &AccountView, program: &Address) -> ProgramResult {
    if !account.owned_by(program) {
        return Err(Refusal::WrongOwner.into());
    }
    if account.data_len() != size_of::<T>() {
        return Err(Refusal::WrongKind.into());
    }
    // SAFETY: nothing holds the data, whose length was checked.
    let data = unsafe { account.borrow_unchecked() };
    if data[..8] != T::DISCRIMINATOR {
        return Err(Refusal::WrongKind.into());
    }
    check_address(account, &view::<T>(account).address(program))
}

/// Find the canonical address of `seed_list`, refuse another account, and give its bump.
pub fn check_seeds(
    account: &AccountView,
    seed_list: &[&[u8]],
    program: &Address,
) -> Result<u8, ProgramError> {
    let (address, bump) = find(seed_list, program);
    check_address(account, &address)?;
    Ok(bump)
}

/// Find the canonical address of `seed_list` and its bump.
#[cfg(any(target_os = "solana", target_arch = "bpf"))]
pub fn find(seed_list: &[&[u8]], program: &Address) -> (Address, u8) {
    Address::find_program_address(seed_list, program)
}

/// Off the chain the program is only checked and linted, never run.
#[cfg(not(any(target_os = "solana", target_arch = "bpf")))]
pub fn find(_seed_list: &[&[u8]], _program: &Address) -> (Address, u8) {
    unreachable!("the program runs on the chain only")
}

/// Create an account of a kind of our own, with its discriminator and bump, and give it.
pub fn create_own<'a, T: Kind>(
    account: &'a mut AccountView,
    payer: &AccountView,
    program: &Address,
    seed_list: &[&[u8]],
    bump: u8,
) -> Result<&'a mut T, ProgramError> {
    let bumps = [bump];
    let first = Seed::from(seed_list[0]);
    let last = Seed::from(&bumps);
    match seed_list {
        [_] => create(account, size_of::<T>(), program, payer, &[first, last])?,
        [_, second] => {
            let signer = [first, Seed::from(*second), last];
            create(account, size_of::<T>(), program, payer, &signer)?;
        }
        _ => return Err(ProgramError::InvalidSeeds),
    }
    // SAFETY: just created with the size of `T`, zeroed, and held by nobody.
    let data = unsafe { account.borrow_unchecked_mut() };
    data[..8].copy_from_slice(&T::DISCRIMINATOR);
    data[8] = bump;
    Ok(view_mut(account))
}

/// Create an account at a program address, rent exempt; what others sent there is counted in.
pub fn create(
    account: &mut AccountView,
    space: usize,
    owner: &Address,
    payer: &AccountView,
    seed_list: &[Seed],
) -> ProgramResult {
    let signers = [Signer::from(seed_list)];
    let lamports = rent_for(space as u64)?;
    if account.lamports() == 0 {
        let to = account;
        let space = space as u64;
        return CreateAccount { from: payer, to, lamports, space, owner }.invoke_signed(&signers);
    }
    let missing = lamports.saturating_sub(account.lamports());
    if missing > 0 {
        Transfer { from: payer, to: account, lamports: missing }.invoke()?;
    }
    Allocate { account, space: space as u64 }.invoke_signed(&signers)?;
    Assign { account, owner }.invoke_signed(&signers)
}

/// Move lamports out of an account of our own; only after all calls of other programs.
pub fn move_lamports(from: &mut AccountView, to: &mut AccountView, lamports: u64) -> ProgramResult {
    let left = from.lamports().checked_sub(lamports).ok_or(Refusal::Overflow)?;
    let sum = to.lamports().checked_add(lamports).ok_or(Refusal::Overflow)?;
    from.set_lamports(left);
    to.set_lamports(sum);
    Ok(())
}

/// See the bytes of an account as a `T`; the caller has checked owner, length and discriminator.
#[allow(clippy::cast_ptr_alignment)] // the runtime aligns account data to 8 bytes
fn view<T: Kind>(account: &AccountView) -> &T {
    // SAFETY: the length is that of `T`, the data is aligned, and every bit pattern is valid
    // (`Kind`). Two views of one account never live at once: each instruction loads each kind
    // from one account only, and no account is of two kinds.
    unsafe { &*account.data_ptr().cast::<T>() }
}

/// The same, writable.
#[allow(clippy::cast_ptr_alignment)] // the runtime aligns account data to 8 bytes
fn view_mut<T: Kind>(account: &mut AccountView) -> &mut T {
    // SAFETY: as in `view`.
    unsafe { &mut *account.data_mut_ptr().cast::<T>() }
}
