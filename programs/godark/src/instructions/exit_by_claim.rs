//! 39: leave a frozen exchange with a claim of the last checkpoint.
//!
//! | # | account     |     |                                          |
//! |---|-------------|-----|------------------------------------------|
//! | 0 | exchange    |   w | `["exchange"]`                           |
//! | 1 | checkpoints |   w | `["checkpoints"]`                        |
//! | 2 | vault       |   w | `["vault", owner]`                       |
//! | 3 | treasury    |   w | `["treasury"]`                           |
//! | 4 | destination |   w | a USDT account of the vault's owner      |
//! | 5 | token       |     | the SPL token program                    |
//! | 6 | owner       | s w | the vault's owner; gets a bond back      |
//!
//! Data: place u32, deposits credited u64, withdrawals released u64, claim u64, salt 32, length of
//! the path u8, the path. Event: instruction, owner, vault id, amount by the claim, beside it, and
//! both as they were paid.

use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};

use super::pay_out::{check_destination, pay};
use crate::accounts::{check_key, check_writable, load_mut, move_lamports};
use crate::errors::Refusal;
use crate::hashing::Hash;
use crate::input::Input;
use crate::state::{Checkpoint, Checkpoints, Exchange, Told, Vault};
use crate::sysvars::now;
use crate::{events, hashing, tokens};

pub fn run(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    let mut input = Input::new(data);
    let index = input.u32()?;
    let told = Told {
        deposits_micro: input.u64()?,
        released_micro: input.u64()?,
        claim_micro: input.u64()?,
    };
    let salt = input.bytes()?;
    let length = usize::from(input.u8()?);
    let path = input.hashes(length)?;
    leave(program, accounts, &told, &Proof::Claim { salt, index, path })
}

/// What shows that a claim, or none, is in the last checkpoint.
pub enum Proof<'a> {
    Claim { salt: &'a [u8; 32], index: u32, path: &'a [Hash] },
    NoClaim { chunk: &'a Hash, path: &'a [Hash] },
    BeyondTheMap,
}

impl Proof<'_> {
    fn check(&self, newest: &Checkpoint, vault: &Vault, told: &Told) -> ProgramResult {
        match self {
            Self::Claim { salt, index, path } => {
                let claim = hashing::claim(salt, vault.owner.as_array(), vault.id, told);
                newest.check_claim(claim, *index, path)
            }
            Self::NoClaim { chunk, path } => newest.check_no_claim(vault.id, chunk, path),
            Self::BeyondTheMap => newest.check_beyond_map(vault.id),
        }
    }

    /// The instruction that takes such a proof.
    fn instruction(&self) -> u8 {
        match self {
            Self::Claim { .. } => 39,
            Self::NoClaim { .. } | Self::BeyondTheMap => 40,
        }
    }
}

/// Pay a vault what it leaves with, once the proof has shown what its claim tells.
#[inline(never)]
pub fn leave(
    program: &Address,
    accounts: &mut [AccountView],
    told: &Told,
    proof: &Proof,
) -> ProgramResult {
    let [exchange_account, checkpoints, vault_account, treasury, destination, token, owner] =
        accounts
    else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };

    // Accounts.
    let exchange = load_mut::<Exchange>(exchange_account, program)?;
    let checkpoints = load_mut::<Checkpoints>(checkpoints, program)?;
    let vault = load_mut::<Vault>(vault_account, program)?;
    check_destination(exchange, &vault.owner, treasury, destination, token)?;
    check_writable(owner)?;
    check_key(owner, &vault.owner)?;

    // Once, and after the freeze only.
    exchange.check_frozen()?;
    if vault.exited_at != 0 {
        return Err(Refusal::AlreadyExited.into());
    }

    // The proof, and what it is worth. More than the treasury holds is due to nobody whose
    // checkpoint was honest.
    proof.check(checkpoints.newest(), vault, told)?;
    let exit = checkpoints.exit_of(vault, told);
    let held_micro = tokens::read(treasury, &exchange.mint, &exchange.treasury)?.amount_micro;
    let due_micro = exit.by_claim_micro.saturating_add(exit.beside_micro);
    let amount_micro = due_micro.min(held_micro);
    let paid_micro = exchange.paid_micro.checked_add(amount_micro).ok_or(Refusal::Overflow)?;
    let sum = checkpoints.exited_micro.checked_add(amount_micro).ok_or(Refusal::Overflow)?;
    let exited_at = now()?;

    // Writes.
    exchange.paid_micro = paid_micro;
    checkpoints.exited_micro = sum;
    vault.exited_at = exited_at;
    vault.exited_micro = amount_micro;
    let bond_lamports = vault.end_exit();
    let numbers = [vault.id, exit.by_claim_micro, exit.beside_micro, amount_micro];
    events::of_owner(proof.instruction(), vault.owner.as_array(), numbers);
    pay(program, exchange_account, treasury, destination, amount_micro)?;
    move_lamports(vault_account, owner, bond_lamports)
}
