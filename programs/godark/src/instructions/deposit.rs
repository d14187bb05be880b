//! 5: deposit, signed by the owner.
//!
//! | # | account  |     |                                            |
//! |---|----------|-----|--------------------------------------------|
//! | 0 | exchange |   w | `["exchange"]`                             |
//! | 1 | vault    |   w | `["vault", owner]`                         |
//! | 2 | source   |   w | a USDT account of the owner                |
//! | 3 | treasury |   w | `["treasury"]`                             |
//! | 4 | owner    | s   | the vault's owner                          |
//! | 5 | token    |     | the SPL token program                      |
//!
//! Data: amount u64 in micro-USDT. Event: instruction, owner, vault id, amount, the vault's total.

use pinocchio::{error::ProgramError, AccountView, Address, ProgramResult};
use pinocchio_token::instructions::Transfer;

use crate::accounts::{check_address, check_key, check_program, check_writable, load_mut};
use crate::errors::Refusal;
use crate::input::Input;
use crate::state::{Exchange, Vault, PAUSE_DEPOSITS};
use crate::sysvars::now;
use crate::{events, tokens};

pub fn run(program: &Address, accounts: &mut [AccountView], data: &[u8]) -> ProgramResult {
    let [exchange, vault, source, treasury, owner, token] = accounts else {
        return Err(ProgramError::NotEnoughAccountKeys);
    };
    let mut input = Input::new(data);
    let amount_micro = input.u64()?;
    input.end()?;

    // Accounts.
    let exchange = load_mut::<Exchange>(exchange, program)?;
    let vault = load_mut::<Vault>(vault, program)?;
    check_writable(source)?;
    check_writable(treasury)?;
    check_address(treasury, &exchange.treasury)?;
    check_key(owner, &vault.owner)?;
    check_program(token, &pinocchio_token::ID)?;
    let tokens = tokens::read(source, &exchange.mint, &exchange.treasury)?;
    if tokens.owner != vault.owner {
        return Err(Refusal::WrongTokenOwner.into());
    }

    // Sums.
    exchange.check_open(PAUSE_DEPOSITS)?;
    let counted = Counted::of(exchange, vault, amount_micro)?;

    // Writes.
    counted.write(5, exchange, vault, amount_micro);
    Transfer::new(source, treasury, owner, amount_micro).invoke()
}

/// What a deposit makes of the totals.
pub struct Counted {
    totals: crate::state::Totals,
    vault_deposited_micro: u64,
}

impl Counted {
    /// Add up a deposit; refuse zero, sums out of range, and who asked for a forced exit.
    pub fn of(exchange: &Exchange, vault: &Vault, amount_micro: u64) -> Result<Self, ProgramError> {
        if amount_micro == 0 {
            return Err(Refusal::ZeroAmount.into());
        }
        vault.check_no_exit()?;
        let sum = vault.deposited_micro.checked_add(amount_micro);
        Ok(Self {
            totals: exchange.after_deposit(amount_micro, now()?)?,
            vault_deposited_micro: sum.ok_or(Refusal::Overflow)?,
        })
    }

    pub fn write(self, kind: u8, exchange: &mut Exchange, vault: &mut Vault, amount_micro: u64) {
        exchange.set_totals(&self.totals);
        vault.deposited_micro = self.vault_deposited_micro;
        let numbers = [vault.id, amount_micro, vault.deposited_micro];
        events::of_owner(kind, vault.owner.as_array(), numbers);
    }
}
