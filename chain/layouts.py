"""Reads the program's accounts: the same bytes as `programs/godark/src/state`.

What lives here: one record per kind of account and its reader. What does not: fetching (client),
addresses (addresses), hashes (leaves).
"""

import struct
from dataclasses import dataclass
from typing import Final, Self

from solders.pubkey import Pubkey

EXCHANGE_SIZE: Final = 768
MARKETS_SIZE: Final = 5_144
ROOTS_SIZE: Final = 9_616
VAULT_SIZE: Final = 256
TOKEN_ACCOUNT_SIZE: Final = 165
MARKET_SLOTS: Final = 64
ROOT_SLOTS: Final = 200

PAUSE_DEPOSITS: Final = 1
PAUSE_PAYOUTS: Final = 2
PAUSE_ROOTS: Final = 4

_EXCHANGE: Final = struct.Struct("<8sBBB5x32s32s32s32s32s32sQ32sq32s32s32sqQQQQqQQQqQq320x")
_MARKETS_HEAD: Final = struct.Struct("<8sB5xH8x")
_MARKS: Final = struct.Struct(f"<{MARKET_SLOTS}Q{MARKET_SLOTS}q")
_MARKET: Final = struct.Struct("<24sQIIB23x")
_ROOTS_HEAD: Final = struct.Struct("<8sB7x")
_ROOT: Final = struct.Struct("<Qq32s")
_VAULT: Final = struct.Struct("<8sB7x32sQqQQQqqQ144x")


class WrongBytesError(ValueError):
    """The bytes are not those of the kind of account that was asked for."""


def _check(data: bytes, *, size: int, discriminator: bytes) -> None:
    if len(data) != size or data[:8] != discriminator:
        msg = f"these {len(data)} bytes are no {discriminator.decode()} account"
        raise WrongBytesError(msg)


@dataclass(frozen=True, slots=True)
class Exchange:
    """The one exchange; sums in micro-USDT, times in Unix seconds."""

    paused: int
    authority: Pubkey
    guardian: Pubkey
    operator: Pubkey
    witness: Pubkey | None
    mint: Pubkey
    treasury: Pubkey
    root_number: int
    root: bytes
    root_at: int
    chain_head: bytes
    trades_root: bytes
    marks_root: bytes
    total_micro: int
    deposited_micro: int
    paid_micro: int
    vaults_created: int
    daily_cap_micro: int
    day: int
    day_in_micro: int
    day_out_micro: int
    delay_above_micro: int
    delay_seconds: int
    deposit_unit_micro: int
    frozen_at: int

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read the account's bytes."""
        _check(data, size=EXCHANGE_SIZE, discriminator=b"GDEXCHG1")
        _kind, _bump, _delegate_bump, paused, *rest = _EXCHANGE.unpack(data)
        authority, guardian, operator, witness, mint, treasury, *numbers = rest
        return cls(
            paused,
            Pubkey(authority),
            Pubkey(guardian),
            Pubkey(operator),
            Pubkey(witness) if any(witness) else None,
            Pubkey(mint),
            Pubkey(treasury),
            *numbers,
        )


@dataclass(frozen=True, slots=True)
class Market:
    """One market as the chain knows it."""

    symbol: str
    unit_micro: int
    step_ppm: int
    per_second_ppm: int
    listed: bool
    mark_half_ticks: int
    marked_at: int


def parse_markets(data: bytes) -> tuple[Market, ...]:
    """Read the table of markets, in their order."""
    _check(data, size=MARKETS_SIZE, discriminator=b"GDMARKT1")
    _kind, _bump, count = _MARKETS_HEAD.unpack_from(data)
    numbers = _MARKS.unpack_from(data, _MARKETS_HEAD.size)
    table = memoryview(data)[_MARKETS_HEAD.size + _MARKS.size :]
    markets = []
    for slot, row in enumerate(_MARKET.iter_unpack(table)):
        if slot == count:
            break
        symbol, unit_micro, step_ppm, per_second_ppm, listed = row
        markets.append(
            Market(
                symbol=symbol.rstrip(b"\0").decode("ascii"),
                unit_micro=unit_micro,
                step_ppm=step_ppm,
                per_second_ppm=per_second_ppm,
                listed=bool(listed),
                mark_half_ticks=numbers[slot],
                marked_at=numbers[MARKET_SLOTS + slot],
            )
        )
    return tuple(markets)


@dataclass(frozen=True, slots=True)
class CommittedRoot:
    """One root of the ring."""

    number: int
    committed_at: int
    root: bytes


def parse_roots(data: bytes) -> tuple[CommittedRoot, ...]:
    """Read the ring of recent roots, oldest first."""
    _check(data, size=ROOTS_SIZE, discriminator=b"GDROOTS1")
    rows = (CommittedRoot(*row) for row in _ROOT.iter_unpack(memoryview(data)[_ROOTS_HEAD.size :]))
    return tuple(sorted((row for row in rows if row.number), key=lambda row: row.number))


@dataclass(frozen=True, slots=True)
class Vault:
    """One wallet's vault; sums in micro-USDT, times in Unix seconds."""

    owner: Pubkey
    vault_id: int
    created_at: int
    deposited_micro: int
    paid_micro: int
    queued_micro: int
    queued_until: int
    window_started_at: int
    window_paid_micro: int

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read the account's bytes."""
        _check(data, size=VAULT_SIZE, discriminator=b"GDVAULT1")
        _kind, _bump, owner, *numbers = _VAULT.unpack(data)
        return cls(Pubkey(owner), *numbers)
