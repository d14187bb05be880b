"""Puts instructions together, signs them, and checks that they fit a packet.

What lives here: bytes. What does not: sending them (client), what they say (instructions).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.hash import Hash
from solders.instruction import Instruction
from solders.message import Message
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import Transaction

from chain.errors import TransactionTooLargeError
from chain.signer import Signer

PACKET_BYTES: Final = 1_232


@dataclass(frozen=True, slots=True)
class Blockhash:
    """A blockhash, and the last block height at which a transaction may name it."""

    value: Hash
    last_valid_height: int


@dataclass(frozen=True, slots=True)
class Fee:
    """What a transaction may compute, and what it pays for each unit beside its signatures."""

    compute_units: int
    micro_lamports_per_unit: int = 0


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """The bytes that are stored before they are sent, and sent again until they expire."""

    raw: bytes
    signature: Signature
    last_valid_height: int


def build_message(
    instructions: Sequence[Instruction], *, payer: Pubkey, blockhash: Hash, fee: Fee | None = None
) -> Message:
    """Put instructions under one payer, blockhash and fee."""
    budget = []
    if fee is not None:
        budget.append(set_compute_unit_limit(fee.compute_units))
        if fee.micro_lamports_per_unit:
            budget.append(set_compute_unit_price(fee.micro_lamports_per_unit))
    return Message.new_with_blockhash([*budget, *instructions], payer, blockhash)


def sign(
    instructions: Sequence[Instruction],
    *,
    signers: Sequence[Signer],
    blockhash: Blockhash,
    fee: Fee | None = None,
) -> SignedTransaction:
    """Sign instructions, the first signer paying; refuse what fits no packet."""
    payer = signers[0].public_key
    message = build_message(instructions, payer=payer, blockhash=blockhash.value, fee=fee)
    return sign_message(message, signers=signers, last_valid_height=blockhash.last_valid_height)


def sign_message(
    message: Message, *, signers: Sequence[Signer], last_valid_height: int
) -> SignedTransaction:
    """Sign a message with everybody whom it names."""
    by_key = {signer.public_key: signer for signer in signers}
    wanted = message.account_keys[: message.header.num_required_signatures]
    data = bytes(message)
    signatures = [by_key[key].sign(data) for key in wanted]
    raw = bytes(Transaction.populate(message, signatures))
    check_size(raw)
    return SignedTransaction(raw, signatures[0], last_valid_height)


def sign_partly(
    message: Message, *, signers: Sequence[Signer], last_valid_height: int
) -> SignedTransaction:
    """Sign a message with some of those whom it names, the payer among them; zeros for the rest."""
    by_key = {signer.public_key: signer for signer in signers}
    wanted = message.account_keys[: message.header.num_required_signatures]
    data = bytes(message)
    signatures = [
        by_key[key].sign(data) if key in by_key else Signature.default() for key in wanted
    ]
    raw = bytes(Transaction.populate(message, signatures))
    check_size(raw)
    return SignedTransaction(raw, signatures[0], last_valid_height)


def with_signature(raw: bytes, *, key: Pubkey, signature: Signature) -> bytes:
    """Put somebody's signature into its place; ValueError where it is not by that key."""
    transaction = Transaction.from_bytes(raw)
    message = transaction.message
    wanted = message.account_keys[: message.header.num_required_signatures]
    if key not in wanted or not signature.verify(key, bytes(message)):
        msg = "this is no signature of that key under this message"
        raise ValueError(msg)
    signatures = list(transaction.signatures)
    signatures[wanted.index(key)] = signature
    return bytes(Transaction.populate(message, signatures))


def unsigned(instructions: Sequence[Instruction], *, payer: Pubkey, blockhash: Blockhash) -> bytes:
    """Build what a wallet is asked to sign."""
    message = build_message(instructions, payer=payer, blockhash=blockhash.value)
    raw = bytes(Transaction.new_unsigned(message))
    check_size(raw)
    return raw


def check_size(raw: bytes) -> None:
    """Refuse what fits no packet."""
    if len(raw) > PACKET_BYTES:
        msg = f"a transaction of {len(raw)} bytes does not fit {PACKET_BYTES}"
        raise TransactionTooLargeError(msg)
