"""What a node checks of a transaction before it runs it.

What lives here: size, form, signatures, locks. What does not: whether it then succeeds (machine).
"""

from typing import Any, Final

from solders.litesvm import LiteSVM
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

PACKET_BYTES: Final = 1_232
MAX_LOCKS: Final = 64
_LOOKUP_TABLE_HEAD: Final = 56
_KEY_SIZE: Final = 32


class RefusedTransactionError(Exception):
    """A transaction that the node does not take; `error` has JSON-RPC's shape."""

    def __init__(self, detail: str, *, error: object, meta: dict[str, Any] | None = None) -> None:
        super().__init__(detail)
        self.error = error
        self.meta = meta or {}


def decode(raw: bytes) -> VersionedTransaction:
    """Read a transaction, refusing one that fits no packet or that is none."""
    if len(raw) > PACKET_BYTES:
        detail = f"transaction too large: {len(raw)} bytes (max: {PACKET_BYTES} bytes)"
        raise RefusedTransactionError(detail, error="SanitizeFailure")
    try:
        return VersionedTransaction.from_bytes(raw)
    except ValueError as broken:
        raise RefusedTransactionError(
            "failed to deserialize the transaction", error="SanitizeFailure"
        ) from broken


def check_signatures(transaction: VersionedTransaction) -> None:
    """Refuse a transaction that not everybody signed who must."""
    if not all(transaction.verify_with_results()):
        detail = "Transaction signature verification failure"
        raise RefusedTransactionError(detail, error="SignatureFailure")


def check_locks(transaction: VersionedTransaction) -> None:
    """Refuse a transaction with more accounts than a block may lock for it."""
    message = transaction.message
    count = len(message.account_keys)
    if isinstance(message, MessageV0):
        for lookup in message.address_table_lookups:
            count += len(bytes(lookup.writable_indexes)) + len(bytes(lookup.readonly_indexes))
    if count > MAX_LOCKS:
        detail = f"Transaction locked too many accounts: {count} of {MAX_LOCKS}"
        raise RefusedTransactionError(detail, error="TooManyAccountLocks")


def keys_of(transaction: VersionedTransaction, svm: LiteSVM) -> tuple[list[Pubkey], list[Pubkey]]:
    """List all accounts of a transaction, and those that it may write."""
    message = transaction.message
    keys = list(message.account_keys)
    header = message.header
    signed = header.num_required_signatures
    fixed = range(signed - header.num_readonly_signed_accounts, signed)
    last = len(keys) - header.num_readonly_unsigned_accounts
    writable = [key for at, key in enumerate(keys[:last]) if at not in fixed]
    if not isinstance(message, MessageV0):
        return keys, writable
    for lookup in message.address_table_lookups:
        account = svm.get_account(lookup.account_key)
        table = b"" if account is None else bytes(account.data)[_LOOKUP_TABLE_HEAD:]
        wanted = [_key_at(table, at) for at in bytes(lookup.writable_indexes)]
        writable += wanted
        keys += [*wanted, *(_key_at(table, at) for at in bytes(lookup.readonly_indexes))]
    return keys, writable


def _key_at(table: bytes, index: int) -> Pubkey:
    return Pubkey(table[index * _KEY_SIZE : (index + 1) * _KEY_SIZE])


def words_of(error: object) -> str:
    """Say an error as a node says it."""
    match error:
        case {"InstructionError": [index, {"Custom": number}]}:
            return f"Error processing Instruction {index}: custom program error: {number:#x}"
        case {"InstructionError": [index, name]}:
            return f"Error processing Instruction {index}: {name}"
        case _:
            return f"Transaction failed: {error}"
