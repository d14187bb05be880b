"""Builds the program's instructions: pure, one function for each.

What lives here: account order and instruction data, as the files under
`programs/godark/src/instructions` describe them, and all their numbers. What does not: forced exits
and the freeze (exit_instructions), the multisig's (multisig), signing and sending (transactions,
client).
"""

import struct
from dataclasses import astuple, dataclass, fields
from typing import Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey
from solders.system_program import ID as SYSTEM_PROGRAM
from spl.token.instructions import (
    approve,
    create_idempotent_associated_token_account,
    revoke,
)
from spl.token.models import ApproveParams, RevokeParams

from chain.addresses import TOKEN_PROGRAM, Addresses, token_account
from chain.merkle import Path
from chain.metas import instruction, pays, reads, signs, writes

INITIALIZE_EXCHANGE: Final = 0
SET_MARKET: Final = 1
SET_KEYS: Final = 2
SET_PARAMETERS: Final = 3
CREATE_VAULT: Final = 4
DEPOSIT: Final = 5
DEPOSIT_BY_DELEGATE: Final = 6
COMMIT_ROOT: Final = 7
PAY_OUT: Final = 8
RELEASE_PAYOUT: Final = 9
CANCEL_PAYOUT: Final = 10
CLOSE_VAULT: Final = 11
PAUSE: Final = 12
RESUME: Final = 13
OPEN_MULTISIG: Final = 14
PROPOSE: Final = 15
APPROVE: Final = 16
EXECUTE: Final = 17
CLOSE_PROPOSAL: Final = 18
SET_MEMBERS: Final = 19
OPEN_CHECKPOINTS: Final = 32
SET_EXIT_TERMS: Final = 33
COMMIT_CHECKPOINT: Final = 34
REQUEST_EXIT: Final = 35
WITHDRAW_EXIT: Final = 36
SERVE_EXIT: Final = 37
FREEZE: Final = 38
EXIT_BY_CLAIM: Final = 39
EXIT_WITHOUT_CLAIM: Final = 40
EXIT_VENUE: Final = 41
SANCTION: Final = 42

DUTIES: Final = ("authority", "guardian", "operator", "witness")
_NOBODY: Final = Pubkey.default()
_COMMITMENT: Final = struct.Struct("<Q32s32sq32s32sB")
_CHECKPOINT: Final = struct.Struct("<QQQQQQQIBB32s32s32s32s32s")
_COMMITTED: Final = (
    "number",
    "previous_root",
    "root",
    "total_micro",
    "trades_root",
    "chain_head",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Who holds which duty; without a witness the operator commits alone."""

    authority: Pubkey
    guardian: Pubkey
    operator: Pubkey
    witness: Pubkey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The bounds on payouts (micro-USDT, seconds) and the unit of deposits by delegate."""

    daily_cap_micro: int
    delay_above_micro: int
    delay_seconds: int
    deposit_unit_micro: int

    def packed(self) -> bytes:
        """Give the bytes that the program reads."""
        return struct.pack(
            "<QQqQ",
            self.daily_cap_micro,
            self.delay_above_micro,
            self.delay_seconds,
            self.deposit_unit_micro,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketTerms:
    """One market as the chain is told of it; bounds in millionths of the mark."""

    number: int
    symbol: str
    unit_micro: int
    step_ppm: int
    per_second_ppm: int
    listed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """What one root commits to; marks in half ticks in the markets' order, zero for no change."""

    number: int
    previous_root: bytes
    root: bytes
    total_micro: int
    trades_root: bytes
    chain_head: bytes
    marks_half_ticks: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitTerms:
    """The least seconds between checkpoints, and the bond of a forced exit."""

    interval_seconds: int
    bond_lamports: int

    def packed(self) -> bytes:
        """Give the bytes that the program reads."""
        return struct.pack("<qQ", self.interval_seconds, self.bond_lamports)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointCommitment:
    """What one checkpoint commits to (docs/PROOFS.md); sums in micro-USDT."""

    number: int
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


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafProof:
    """That a leaf with these totals stands under a committed root."""

    root_number: int
    deposits_micro: int
    released_micro: int
    body_hash: bytes
    path: Path


def initialize_exchange(
    addresses: Addresses, *, payer: Pubkey, mint: Pubkey, keys: Keys, parameters: Parameters
) -> Instruction:
    """Create the exchange; the payer is the program's upgrade authority."""
    holders = (keys.authority, keys.guardian, keys.operator, keys.witness or _NOBODY)
    data = b"".join(bytes(key) for key in holders) + parameters.packed()
    accounts = [
        pays(payer),
        writes(addresses.exchange),
        writes(addresses.markets),
        writes(addresses.roots),
        writes(addresses.treasury),
        reads(mint),
        reads(addresses.program_data),
        reads(SYSTEM_PROGRAM),
        reads(TOKEN_PROGRAM),
    ]
    return instruction(addresses, INITIALIZE_EXCHANGE, data, accounts)


def set_market(addresses: Addresses, *, authority: Pubkey, terms: MarketTerms) -> Instruction:
    """Add the next market, or change bounds and listing of a known one."""
    symbol = terms.symbol.encode("ascii")
    data = struct.pack(
        "<H24sQIIB",
        terms.number,
        symbol,
        terms.unit_micro,
        terms.step_ppm,
        terms.per_second_ppm,
        terms.listed,
    )
    accounts = [reads(addresses.exchange), writes(addresses.markets), signs(authority)]
    return instruction(addresses, SET_MARKET, data, accounts)


def set_key(addresses: Addresses, *, authority: Pubkey, duty: str, key: Pubkey) -> Instruction:
    """Give a duty (one of `DUTIES`) to another key."""
    data = bytes([DUTIES.index(duty)]) + bytes(key)
    accounts = [writes(addresses.exchange), signs(authority)]
    return instruction(addresses, SET_KEYS, data, accounts)


def set_parameters(
    addresses: Addresses, *, authority: Pubkey, parameters: Parameters
) -> Instruction:
    """Change the bounds on payouts and the unit of deposits."""
    accounts = [writes(addresses.exchange), signs(authority)]
    return instruction(addresses, SET_PARAMETERS, parameters.packed(), accounts)


def create_vault(addresses: Addresses, *, owner: Pubkey) -> Instruction:
    """Open the owner's vault; the owner pays its rent and gets it back on closing."""
    accounts = [
        writes(addresses.exchange),
        writes(addresses.vault(owner)),
        pays(owner),
        reads(SYSTEM_PROGRAM),
    ]
    return instruction(addresses, CREATE_VAULT, b"", accounts)


def deposit(
    addresses: Addresses, *, owner: Pubkey, source: Pubkey, amount_micro: int
) -> Instruction:
    """Deposit from a token account of the owner, who signs."""
    accounts = [
        writes(addresses.exchange),
        writes(addresses.vault(owner)),
        writes(source),
        writes(addresses.treasury),
        signs(owner),
        reads(TOKEN_PROGRAM),
    ]
    return instruction(addresses, DEPOSIT, struct.pack("<Q", amount_micro), accounts)


def deposit_by_delegate(
    addresses: Addresses, *, operator: Pubkey, owner: Pubkey, source: Pubkey, amount_micro: int
) -> Instruction:
    """Draw an authorized deposit: whole units, or all that is authorized and there."""
    accounts = [
        writes(addresses.exchange),
        writes(addresses.vault(owner)),
        writes(source),
        writes(addresses.treasury),
        reads(addresses.delegate),
        signs(operator),
        reads(TOKEN_PROGRAM),
    ]
    return instruction(addresses, DEPOSIT_BY_DELEGATE, struct.pack("<Q", amount_micro), accounts)


def pack_commitment(commitment: Commitment, /) -> bytes:
    """Give the bytes that a root commits to."""
    marks = commitment.marks_half_ticks
    return struct.pack(
        f"<Q32s32sq32s32sB{len(marks)}Q",
        commitment.number,
        commitment.previous_root,
        commitment.root,
        commitment.total_micro,
        commitment.trades_root,
        commitment.chain_head,
        len(marks),
        *marks,
    )


def read_commit_root(data: bytes, /) -> Commitment:
    """Read the data of `commit_root`; ValueError for any other."""
    if not data or data[0] != COMMIT_ROOT or len(data) < 1 + _COMMITMENT.size:
        msg = "these bytes commit no root"
        raise ValueError(msg)
    *known, count = _COMMITMENT.unpack_from(data, 1)
    marks = data[1 + _COMMITMENT.size :]
    if len(marks) != 8 * count:
        msg = "the marks are not as many as are told"
        raise ValueError(msg)
    return Commitment(
        **dict(zip(_COMMITTED, known, strict=True)),
        marks_half_ticks=struct.unpack(f"<{count}Q", marks),
    )


def commit_root(
    addresses: Addresses, *, operator: Pubkey, witness: Pubkey | None, commitment: Commitment
) -> Instruction:
    """Commit the next state root, signed by operator and, where one is set, witness."""
    data = pack_commitment(commitment)
    accounts = [
        writes(addresses.exchange),
        writes(addresses.markets),
        writes(addresses.roots),
        reads(addresses.treasury),
        signs(operator),
    ]
    if witness is not None:
        accounts.append(signs(witness))
    return instruction(addresses, COMMIT_ROOT, data, accounts)


def pay_out(
    addresses: Addresses,
    *,
    caller: Pubkey,
    owner: Pubkey,
    destination: Pubkey,
    amount_micro: int,
    proof: LeafProof,
) -> Instruction:
    """Pay, or put on its way, what a root proves to be released; the operator or owner signs."""
    siblings = proof.path.siblings
    data = struct.pack(
        "<QQIQQ32sB",
        proof.root_number,
        amount_micro,
        proof.path.index,
        proof.deposits_micro,
        proof.released_micro,
        proof.body_hash,
        len(siblings),
    )
    accounts = [
        writes(addresses.exchange),
        reads(addresses.roots),
        writes(addresses.vault(owner)),
        writes(addresses.treasury),
        writes(destination),
        reads(TOKEN_PROGRAM),
        signs(caller),
    ]
    return instruction(addresses, PAY_OUT, data + b"".join(siblings), accounts)


def release_payout(addresses: Addresses, *, owner: Pubkey, destination: Pubkey) -> Instruction:
    """Pay what has waited its delay. Nobody has to sign."""
    accounts = [
        writes(addresses.exchange),
        writes(addresses.vault(owner)),
        writes(addresses.treasury),
        writes(destination),
        reads(TOKEN_PROGRAM),
    ]
    return instruction(addresses, RELEASE_PAYOUT, b"", accounts)


def cancel_payout(addresses: Addresses, *, authority: Pubkey, owner: Pubkey) -> Instruction:
    """Take back a payout that waits."""
    accounts = [reads(addresses.exchange), writes(addresses.vault(owner)), signs(authority)]
    return instruction(addresses, CANCEL_PAYOUT, b"", accounts)


def close_vault(
    addresses: Addresses,
    *,
    owner: Pubkey,
    root_number: int = 0,
    salt: bytes = b"",
    path: Path | None = None,
) -> Instruction:
    """Close the owner's vault: with the proof of an empty leaf, or none if it never saw money."""
    data = b""
    if path is not None:
        data = struct.pack("<QI32sB", root_number, path.index, salt, len(path.siblings))
        data += b"".join(path.siblings)
    accounts = [
        reads(addresses.exchange),
        reads(addresses.roots),
        writes(addresses.vault(owner)),
        pays(owner),
    ]
    return instruction(addresses, CLOSE_VAULT, data, accounts)


def pause(addresses: Addresses, *, guardian: Pubkey, bits: int) -> Instruction:
    """Stop deposits, payouts or roots (`layouts.PAUSE_...`)."""
    accounts = [writes(addresses.exchange), signs(guardian)]
    return instruction(addresses, PAUSE, bytes([bits]), accounts)


def resume(addresses: Addresses, *, authority: Pubkey, bits: int) -> Instruction:
    """Let deposits, payouts or roots go on."""
    accounts = [writes(addresses.exchange), signs(authority)]
    return instruction(addresses, RESUME, bytes([bits]), accounts)


def open_checkpoints(
    addresses: Addresses, *, payer: Pubkey, authority: Pubkey, terms: ExitTerms
) -> Instruction:
    """Create the account of checkpoints; anybody may pay its rent."""
    accounts = [
        reads(addresses.exchange),
        writes(addresses.checkpoints),
        pays(payer),
        signs(authority),
        reads(SYSTEM_PROGRAM),
    ]
    return instruction(addresses, OPEN_CHECKPOINTS, terms.packed(), accounts)


def set_exit_terms(addresses: Addresses, *, authority: Pubkey, terms: ExitTerms) -> Instruction:
    """Change how often checkpoints may come, and the bond of a forced exit."""
    accounts = [reads(addresses.exchange), writes(addresses.checkpoints), signs(authority)]
    return instruction(addresses, SET_EXIT_TERMS, terms.packed(), accounts)


def pack_checkpoint(commitment: CheckpointCommitment, /) -> bytes:
    """Give the bytes that a checkpoint commits to."""
    return _CHECKPOINT.pack(*astuple(commitment))


def read_commit_checkpoint(data: bytes, /) -> CheckpointCommitment:
    """Read the data of `commit_checkpoint`; ValueError for any other."""
    if len(data) != 1 + _CHECKPOINT.size or data[0] != COMMIT_CHECKPOINT:
        msg = "these bytes commit no checkpoint"
        raise ValueError(msg)
    names = (field.name for field in fields(CheckpointCommitment))
    return CheckpointCommitment(**dict(zip(names, _CHECKPOINT.unpack_from(data, 1), strict=True)))


def commit_checkpoint(
    addresses: Addresses,
    *,
    operator: Pubkey,
    witness: Pubkey | None,
    commitment: CheckpointCommitment,
) -> Instruction:
    """Commit the next checkpoint, signed by operator and, where one is set, witness."""
    accounts = [
        writes(addresses.exchange),
        writes(addresses.checkpoints),
        reads(addresses.roots),
        reads(addresses.treasury),
        signs(operator),
    ]
    if witness is not None:
        accounts.append(signs(witness))
    return instruction(addresses, COMMIT_CHECKPOINT, pack_checkpoint(commitment), accounts)


def authorize(
    addresses: Addresses, *, owner: Pubkey, mint: Pubkey, amount_micro: int
) -> Instruction:
    """Approve the program's delegate to draw deposits up to an amount; signed by the owner."""
    return approve(
        ApproveParams(
            program_id=TOKEN_PROGRAM,
            source=token_account(owner=owner, mint=mint),
            delegate=addresses.delegate,
            owner=owner,
            amount=amount_micro,
        )
    )


def revoke_authorization(*, owner: Pubkey, mint: Pubkey) -> Instruction:
    """Take the approval back; signed by the owner."""
    source = token_account(owner=owner, mint=mint)
    return revoke(RevokeParams(program_id=TOKEN_PROGRAM, account=source, owner=owner))


def create_token_account(*, payer: Pubkey, owner: Pubkey, mint: Pubkey) -> Instruction:
    """Create the owner's associated token account if it is not there."""
    return create_idempotent_associated_token_account(payer=payer, owner=owner, mint=mint)
