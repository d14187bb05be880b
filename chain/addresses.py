"""The addresses of the program's accounts, and of token accounts.

What lives here: seeds (the same as in `programs/godark/src/seeds.rs`, which a test compares) and
the derivation. What does not: what stands in the accounts (layouts).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from solders.pubkey import Pubkey

EXCHANGE_SEED: Final = b"exchange"
MARKETS_SEED: Final = b"markets"
ROOTS_SEED: Final = b"roots"
CHECKPOINTS_SEED: Final = b"checkpoints"
TREASURY_SEED: Final = b"treasury"
DELEGATE_SEED: Final = b"delegate"
VAULT_SEED: Final = b"vault"
MULTISIG_SEED: Final = b"multisig"
PROPOSAL_SEED: Final = b"proposal"

TOKEN_PROGRAM: Final = Pubkey.from_string("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
ASSOCIATED_TOKEN_PROGRAM: Final = Pubkey.from_string("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL")
LOADER_PROGRAM: Final = Pubkey.from_string("BPFLoaderUpgradeab1e11111111111111111111111")


@dataclass(frozen=True)
class Addresses:
    """The addresses under one deployed program."""

    program: Pubkey

    def _of(self, *seeds: bytes) -> Pubkey:
        return Pubkey.find_program_address(list(seeds), self.program)[0]

    @cached_property
    def exchange(self) -> Pubkey:
        """Keys, parameters, totals and the newest root."""
        return self._of(EXCHANGE_SEED)

    @cached_property
    def markets(self) -> Pubkey:
        """Units, bounds and marks of the markets."""
        return self._of(MARKETS_SEED)

    @cached_property
    def roots(self) -> Pubkey:
        """The ring of recent roots."""
        return self._of(ROOTS_SEED)

    @cached_property
    def checkpoints(self) -> Pubkey:
        """The ring of recent checkpoints, the terms of exits, and what the freeze fixed."""
        return self._of(CHECKPOINTS_SEED)

    @cached_property
    def treasury(self) -> Pubkey:
        """The token account that holds all USDT."""
        return self._of(TREASURY_SEED)

    @cached_property
    def delegate(self) -> Pubkey:
        """Whom owners approve when they authorize deposits."""
        return self._of(DELEGATE_SEED)

    @cached_property
    def program_data(self) -> Pubkey:
        """Where the loader keeps the program's bytes and its upgrade authority."""
        return Pubkey.find_program_address([bytes(self.program)], LOADER_PROGRAM)[0]

    @cached_property
    def multisig(self) -> Pubkey:
        """Five members, three of whom act as the authority."""
        return self._of(MULTISIG_SEED)

    def proposal(self, number: int) -> Pubkey:
        """Give the account of a proposal."""
        return self._of(PROPOSAL_SEED, number.to_bytes(8, "little"))

    def vault(self, owner: Pubkey) -> Pubkey:
        """Give the vault of a wallet."""
        return self._of(VAULT_SEED, bytes(owner))


def token_account(*, owner: Pubkey, mint: Pubkey) -> Pubkey:
    """Give the associated token account of a wallet for a mint."""
    seeds = [bytes(owner), bytes(TOKEN_PROGRAM), bytes(mint)]
    return Pubkey.find_program_address(seeds, ASSOCIATED_TOKEN_PROGRAM)[0]
