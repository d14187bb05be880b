"""Builds the program's instructions: pure, one function for each.

What lives here: account order and instruction data, as the files under
`programs/godark/src/instructions` describe them. What does not: signing and sending
(transactions, client).
"""

import struct
from dataclasses import dataclass
from typing import Final

from solders.instruction import AccountMeta, Instruction
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

DUTIES: Final = ("authority", "guardian", "operator", "witness")
_NOBODY: Final = Pubkey.default()


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
class LeafProof:
    """That a leaf with these totals stands under a committed root."""

    root_number: int
    deposits_micro: int
    released_micro: int
    body_hash: bytes
    path: Path


def _instruction(
    addresses: Addresses, number: int, data: bytes, accounts: list[AccountMeta]
) -> Instruction:
    return Instruction(addresses.program, bytes([number]) + data, accounts)


def _reads(key: Pubkey) -> AccountMeta:
    return AccountMeta(key, is_signer=False, is_writable=False)


def _writes(key: Pubkey) -> AccountMeta:
    return AccountMeta(key, is_signer=False, is_writable=True)


def _signs(key: Pubkey) -> AccountMeta:
    return AccountMeta(key, is_signer=True, is_writable=False)


def _pays(key: Pubkey) -> AccountMeta:
    return AccountMeta(key, is_signer=True, is_writable=True)


def initialize_exchange(
    addresses: Addresses, *, payer: Pubkey, mint: Pubkey, keys: Keys, parameters: Parameters
) -> Instruction:
    """Create the exchange; the payer is the program's upgrade authority."""
    holders = (keys.authority, keys.guardian, keys.operator, keys.witness or _NOBODY)
    data = b"".join(bytes(key) for key in holders) + parameters.packed()
    accounts = [
        _pays(payer),
        _writes(addresses.exchange),
        _writes(addresses.markets),
        _writes(addresses.roots),
        _writes(addresses.treasury),
        _reads(mint),
        _reads(addresses.program_data),
        _reads(SYSTEM_PROGRAM),
        _reads(TOKEN_PROGRAM),
    ]
    return _instruction(addresses, INITIALIZE_EXCHANGE, data, accounts)


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
    accounts = [_reads(addresses.exchange), _writes(addresses.markets), _signs(authority)]
    return _instruction(addresses, SET_MARKET, data, accounts)


def set_key(addresses: Addresses, *, authority: Pubkey, duty: str, key: Pubkey) -> Instruction:
    """Give a duty (one of `DUTIES`) to another key."""
    data = bytes([DUTIES.index(duty)]) + bytes(key)
    accounts = [_writes(addresses.exchange), _signs(authority)]
    return _instruction(addresses, SET_KEYS, data, accounts)


def set_parameters(
    addresses: Addresses, *, authority: Pubkey, parameters: Parameters
) -> Instruction:
    """Change the bounds on payouts and the unit of deposits."""
    accounts = [_writes(addresses.exchange), _signs(authority)]
    return _instruction(addresses, SET_PARAMETERS, parameters.packed(), accounts)


def create_vault(addresses: Addresses, *, owner: Pubkey) -> Instruction:
    """Open the owner's vault; the owner pays its rent and gets it back on closing."""
    accounts = [
        _writes(addresses.exchange),
        _writes(addresses.vault(owner)),
        _pays(owner),
        _reads(SYSTEM_PROGRAM),
    ]
    return _instruction(addresses, CREATE_VAULT, b"", accounts)


def deposit(
    addresses: Addresses, *, owner: Pubkey, source: Pubkey, amount_micro: int
) -> Instruction:
    """Deposit from a token account of the owner, who signs."""
    accounts = [
        _writes(addresses.exchange),
        _writes(addresses.vault(owner)),
        _writes(source),
        _writes(addresses.treasury),
        _signs(owner),
        _reads(TOKEN_PROGRAM),
    ]
    return _instruction(addresses, DEPOSIT, struct.pack("<Q", amount_micro), accounts)


def deposit_by_delegate(
    addresses: Addresses, *, operator: Pubkey, owner: Pubkey, source: Pubkey, amount_micro: int
) -> Instruction:
    """Draw an authorized deposit: whole units, or all that is authorized and there."""
    accounts = [
        _writes(addresses.exchange),
        _writes(addresses.vault(owner)),
        _writes(source),
        _writes(addresses.treasury),
        _reads(addresses.delegate),
        _signs(operator),
        _reads(TOKEN_PROGRAM),
    ]
    return _instruction(addresses, DEPOSIT_BY_DELEGATE, struct.pack("<Q", amount_micro), accounts)


def commit_root(
    addresses: Addresses, *, operator: Pubkey, witness: Pubkey | None, commitment: Commitment
) -> Instruction:
    """Commit the next state root, signed by operator and, where one is set, witness."""
    marks = commitment.marks_half_ticks
    data = struct.pack(
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
    accounts = [
        _writes(addresses.exchange),
        _writes(addresses.markets),
        _writes(addresses.roots),
        _reads(addresses.treasury),
        _signs(operator),
    ]
    if witness is not None:
        accounts.append(_signs(witness))
    return _instruction(addresses, COMMIT_ROOT, data, accounts)


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
        _writes(addresses.exchange),
        _reads(addresses.roots),
        _writes(addresses.vault(owner)),
        _writes(addresses.treasury),
        _writes(destination),
        _reads(TOKEN_PROGRAM),
        _signs(caller),
    ]
    return _instruction(addresses, PAY_OUT, data + b"".join(siblings), accounts)


def release_payout(addresses: Addresses, *, owner: Pubkey, destination: Pubkey) -> Instruction:
    """Pay what has waited its delay. Nobody has to sign."""
    accounts = [
        _writes(addresses.exchange),
        _writes(addresses.vault(owner)),
        _writes(addresses.treasury),
        _writes(destination),
        _reads(TOKEN_PROGRAM),
    ]
    return _instruction(addresses, RELEASE_PAYOUT, b"", accounts)


def cancel_payout(addresses: Addresses, *, authority: Pubkey, owner: Pubkey) -> Instruction:
    """Take back a payout that waits."""
    accounts = [_reads(addresses.exchange), _writes(addresses.vault(owner)), _signs(authority)]
    return _instruction(addresses, CANCEL_PAYOUT, b"", accounts)


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
        _reads(addresses.exchange),
        _reads(addresses.roots),
        _writes(addresses.vault(owner)),
        _pays(owner),
    ]
    return _instruction(addresses, CLOSE_VAULT, data, accounts)


def pause(addresses: Addresses, *, guardian: Pubkey, bits: int) -> Instruction:
    """Stop deposits, payouts or roots (`layouts.PAUSE_...`)."""
    accounts = [_writes(addresses.exchange), _signs(guardian)]
    return _instruction(addresses, PAUSE, bytes([bits]), accounts)


def resume(addresses: Addresses, *, authority: Pubkey, bits: int) -> Instruction:
    """Let deposits, payouts or roots go on."""
    accounts = [_writes(addresses.exchange), _signs(authority)]
    return _instruction(addresses, RESUME, bytes([bits]), accounts)


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
