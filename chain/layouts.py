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
CHECKPOINTS_SIZE: Final = 2_048
VAULT_SIZE: Final = 256
MULTISIG_SIZE: Final = 256
PROPOSAL_SIZE: Final = 704
TOKEN_ACCOUNT_SIZE: Final = 165
MARKET_SLOTS: Final = 64
ROOT_SLOTS: Final = 200
CHECKPOINT_SLOTS: Final = 8
PROPOSED_ACCOUNTS: Final = 8
APPROVALS: Final = 3

PAUSE_DEPOSITS: Final = 1
PAUSE_PAYOUTS: Final = 2
PAUSE_ROOTS: Final = 4
PAUSE_ALL: Final = 7

_EXCHANGE: Final = struct.Struct("<8sBBB5x32s32s32s32s32s32sQ32sq32s32s32sqQQQQqQQQqQqQQ304x")
_MARKETS_HEAD: Final = struct.Struct("<8sB5xH8x")
_MARKS: Final = struct.Struct(f"<{MARKET_SLOTS}Q{MARKET_SLOTS}q")
_MARKET: Final = struct.Struct("<24sQIIB23x")
_ROOTS_HEAD: Final = struct.Struct("<8sB7x")
_ROOT: Final = struct.Struct("<Qq32s")
_CHECKPOINTS_HEAD: Final = struct.Struct("<8sB7xqqQQQQQQQQ96x")
_CHECKPOINT: Final = struct.Struct("<QqQQQQQQIBB2x32s32s32s32s32s")
_MULTISIG: Final = struct.Struct("<8sB7xQQ32s32s32s32s32s64x")
_PROPOSAL: Final = struct.Struct("<8sBBBBBxHQ32sqqq")
_PROPOSED: Final = struct.Struct("<32sB7x")
_VAULT: Final = struct.Struct("<8sB7x32sQqQQQqqQQqQqQq64s32x")


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
    checkpoint_root: int
    paid_under_micro: int

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
class Checkpoint:
    """One checkpoint of the ring; sums in micro-USDT, as docs/PROOFS.md says what they count."""

    number: int
    committed_at: int
    root_number: int
    claims_micro: int
    venue_micro: int
    deposits_micro: int
    released_micro: int
    paid_micro: int
    count: int
    depth: int
    ids_depth: int
    plain_root: bytes
    sum_root: bytes
    ids_root: bytes
    marks_root: bytes
    file_hash: bytes


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """The ring of recent checkpoints, oldest first, the terms, and what the freeze fixed."""

    ring: tuple[Checkpoint, ...]
    opened_at: int
    interval_seconds: int
    bond_lamports: int
    number: int
    held_micro: int
    reserve_micro: int
    claims_micro: int
    venue_micro: int
    exited_micro: int
    venue_exited_micro: int

    @property
    def newest(self) -> Checkpoint | None:
        """Give the checkpoint that a freeze would end with, if there is any."""
        return self.ring[-1] if self.ring else None

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read the account's bytes."""
        _check(data, size=CHECKPOINTS_SIZE, discriminator=b"GDCHECK1")
        _kind, _bump, *numbers = _CHECKPOINTS_HEAD.unpack_from(data)
        table = memoryview(data)[_CHECKPOINTS_HEAD.size :]
        rows = (Checkpoint(*row) for row in _CHECKPOINT.iter_unpack(table))
        ring = sorted((row for row in rows if row.number), key=lambda row: row.number)
        return cls(tuple(ring), *numbers)


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
    queued_root: int
    exit_requested_at: int
    exit_bond_lamports: int
    exited_at: int
    exited_micro: int
    sanctioned_at: int
    sanction_reason: str

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read the account's bytes."""
        _check(data, size=VAULT_SIZE, discriminator=b"GDVAULT1")
        _kind, _bump, owner, *numbers, reason = _VAULT.unpack(data)
        told = reason.rstrip(b"\0").decode(errors="replace")
        return cls(Pubkey(owner), *[*numbers, told])


@dataclass(frozen=True, slots=True)
class Multisig:
    """The five members, and how many proposals there ever were."""

    proposals: int
    void_up_to: int
    members: tuple[Pubkey, ...]

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read the account's bytes."""
        _check(data, size=MULTISIG_SIZE, discriminator=b"GDMULTI1")
        _kind, _bump, proposals, void_up_to, *members = _MULTISIG.unpack(data)
        return cls(proposals, void_up_to, tuple(Pubkey(member) for member in members))


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a member proposes, and who approved it (a bit for each); times in Unix seconds."""

    target: int
    approvals: int
    is_executed: bool
    number: int
    proposer: Pubkey
    proposed_at: int
    approved_at: int
    expires_at: int
    accounts: tuple[tuple[Pubkey, int], ...]
    data: bytes

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read the account's bytes."""
        _check(data, size=PROPOSAL_SIZE, discriminator=b"GDPROPO1")
        head = _PROPOSAL.unpack_from(data)
        _kind, _bump, target, approvals, executed, count, length, number, proposer, *times = head
        table = memoryview(data)[_PROPOSAL.size :]
        end = _PROPOSED.size * PROPOSED_ACCOUNTS
        rows = [(Pubkey(key), flags) for key, flags in _PROPOSED.iter_unpack(table[:end])]
        return cls(
            target,
            approvals,
            bool(executed),
            number,
            Pubkey(proposer),
            *[*times, tuple(rows[:count]), bytes(table[end : end + length])],
        )
