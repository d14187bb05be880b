"""Reads the program's own accounts from a node.

What lives here: one function per kind of account. What does not: their bytes (layouts), HTTP
(client).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from solders.pubkey import Pubkey
from solders.sysvar import CLOCK

from chain.addresses import Addresses
from chain.client import ChainClient, Level
from chain.layouts import (
    Checkpoints,
    CommittedRoot,
    Exchange,
    Market,
    Multisig,
    Proposal,
    Vault,
    parse_markets,
    parse_roots,
)

_UNIX_SECONDS: Final = slice(32, 40)  # of the clock's slot, epoch start, two epochs, time


@dataclass(frozen=True, slots=True)
class Records:
    """The program's record, as one node shows it."""

    client: ChainClient
    addresses: Addresses

    def exchange(self, *, level: Level) -> Exchange | None:
        """Read keys, parameters, totals and the newest root; `None` before it is created."""
        data = self._data(self.addresses.exchange, level)
        return None if data is None else Exchange.parse(data)

    def markets(self, *, level: Level) -> tuple[Market, ...]:
        """Read the table of markets; empty before the exchange is created."""
        data = self._data(self.addresses.markets, level)
        return () if data is None else parse_markets(data)

    def roots(self, *, level: Level) -> tuple[CommittedRoot, ...]:
        """Read the ring of recent roots, oldest first."""
        data = self._data(self.addresses.roots, level)
        return () if data is None else parse_roots(data)

    def checkpoints(self, *, level: Level) -> Checkpoints | None:
        """Read the recent checkpoints and the terms of exits; `None` before they are opened."""
        data = self._data(self.addresses.checkpoints, level)
        return None if data is None else Checkpoints.parse(data)

    def multisig(self, *, level: Level) -> Multisig | None:
        """Read the five members; `None` while one key is the authority."""
        data = self._data(self.addresses.multisig, level)
        return None if data is None else Multisig.parse(data)

    def proposals(self, numbers: Sequence[int], *, level: Level) -> list[Proposal | None]:
        """Read some proposals, `None` for those that were taken away."""
        keys = [self.addresses.proposal(number) for number in numbers]
        accounts = self.client.accounts(keys, level=level)
        return [Proposal.parse(bytes(found.data)) if found else None for found in accounts]

    def vaults(self, owners: Sequence[Pubkey], *, level: Level) -> list[Vault | None]:
        """Read the vaults of some wallets, `None` where a wallet has none."""
        keys = [self.addresses.vault(owner) for owner in owners]
        accounts = self.client.accounts(keys, level=level)
        return [Vault.parse(bytes(found.data)) if found else None for found in accounts]

    def now_seconds(self, *, level: Level) -> int:
        """Read the chain's own clock, Unix seconds, by which delays and days are measured."""
        data = self._data(CLOCK, level)
        return 0 if data is None else int.from_bytes(data[_UNIX_SECONDS], "little", signed=True)

    def treasury_micro(self, *, level: Level) -> int:
        """Read what lies in the treasury."""
        return self.client.token_balance(self.addresses.treasury, level=level) or 0

    def _data(self, address: Pubkey, level: Level) -> bytes | None:
        account = self.client.account(address, level=level)
        return None if account is None else bytes(account.data)
