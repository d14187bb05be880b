"""Turns accounts and transactions into the shapes of Solana's JSON-RPC, and parameters back.

What lives here: shapes. What does not: which of them a method answers with (methods).
"""

import base64
from collections.abc import Mapping
from typing import Any, Final

from solders.account import Account
from solders.message import MessageV0
from solders.signature import Signature
from solders.token.state import TokenAccount
from solders.transaction import VersionedTransaction

from chain.base58 import decode_base58, encode_base58
from chain.devchain.machine import Level, Machine
from chain.devchain.store import Landed
from chain.layouts import TOKEN_ACCOUNT_SIZE

API_VERSION: Final = "2.0.0"
RENT_EPOCH: Final = 2**64 - 1
_MICRO_DECIMALS: Final = 6
_LEVELS: Final = {
    "processed": Level.PROCESSED,
    "confirmed": Level.CONFIRMED,
    "finalized": Level.FINALIZED,
}


class BadParameterError(ValueError):
    """The caller's parameters make no sense; the words go back to it."""


def level_of(config: Mapping[str, Any] | None, *, key: str = "commitment") -> Level:
    """Read a commitment; finalized where none is named, as on a cluster."""
    name = (config or {}).get(key) or "finalized"
    if name not in _LEVELS:
        msg = f"unknown commitment {name}"
        raise BadParameterError(msg)
    return _LEVELS[name]


def name_of(level: Level) -> str:
    """Name a level as the wire does."""
    return level.name.lower()


def with_context(machine: Machine, level: Level, value: object) -> dict[str, Any]:
    """Wrap a value with the slot in which it was true."""
    context = {"apiVersion": API_VERSION, "slot": machine.slot_of_level(level)}
    return {"context": context, "value": value}


def account_value(account: Account | None, config: Mapping[str, Any] | None) -> Any:
    """Show an account in the encoding that was asked for."""
    if account is None:
        return None
    config = config or {}
    data = bytes(account.data)
    if part := config.get("dataSlice"):
        data = data[part["offset"] : part["offset"] + part["length"]]
    return {
        "data": _encoded(data, config.get("encoding") or "base64"),
        "executable": account.executable,
        "lamports": account.lamports,
        "owner": str(account.owner),
        "rentEpoch": RENT_EPOCH,
        "space": len(account.data),
    }


def _encoded(data: bytes, encoding: str) -> list[str]:
    match encoding:
        case "base58":
            return [encode_base58(data), "base58"]
        case "base64" | "jsonParsed":
            return [base64.b64encode(data).decode(), "base64"]
        case _:
            msg = f"encoding {encoding} is not served here"
            raise BadParameterError(msg)


def token_amount(account: Account | None) -> dict[str, Any]:
    """Show what a token account holds."""
    if account is None or len(account.data) != TOKEN_ACCOUNT_SIZE:
        msg = "Invalid param: could not find account"
        raise BadParameterError(msg)
    amount = TokenAccount.from_bytes(bytes(account.data)).amount
    whole, part = divmod(amount, 10**_MICRO_DECIMALS)
    words = f"{whole}.{part:06}".rstrip("0").rstrip(".")
    return {
        "amount": str(amount),
        "decimals": _MICRO_DECIMALS,
        "uiAmount": float(words),
        "uiAmountString": words,
    }


def raw_transaction(data: object, encoding: str) -> bytes:
    """Read the bytes of a transaction."""
    if not isinstance(data, str):
        msg = "a transaction is a string"
        raise BadParameterError(msg)
    try:
        return base64.b64decode(data) if encoding == "base64" else decode_base58(data)
    except ValueError as broken:
        msg = f"invalid {encoding} encoding"
        raise BadParameterError(msg) from broken


def status_value(found: tuple[Landed, Level] | None, newest_slot: int) -> Any:
    """Show how far a transaction has come."""
    if found is None:
        return None
    landed, level = found
    error = landed.meta["err"]
    return {
        "slot": landed.slot,
        "confirmations": None if level is Level.FINALIZED else newest_slot - landed.slot,
        "err": error,
        "status": {"Ok": None} if error is None else {"Err": error},
        "confirmationStatus": name_of(level),
    }


def transaction_value(landed: Landed, encoding: str) -> dict[str, Any]:
    """Show a transaction with its meta."""
    transaction = VersionedTransaction.from_bytes(landed.raw)
    is_v0 = isinstance(transaction.message, MessageV0)
    return {
        "slot": landed.slot,
        "blockTime": landed.at_ms // 1_000,
        "version": 0 if is_v0 else "legacy",
        "transaction": _transaction(transaction, landed.raw, encoding),
        "meta": meta_value(landed.meta),
    }


def _transaction(transaction: VersionedTransaction, raw: bytes, encoding: str) -> Any:
    if encoding not in {"json", "jsonParsed"}:
        return _encoded(raw, encoding)
    message = transaction.message
    instructions = [
        {
            "programIdIndex": item.program_id_index,
            "accounts": list(item.accounts),
            "data": encode_base58(bytes(item.data)),
            "stackHeight": None,
        }
        for item in message.instructions
    ]
    header = message.header
    return {
        "signatures": [str(signature) for signature in transaction.signatures],
        "message": {
            "accountKeys": [str(key) for key in message.account_keys],
            "header": {
                "numRequiredSignatures": header.num_required_signatures,
                "numReadonlySignedAccounts": header.num_readonly_signed_accounts,
                "numReadonlyUnsignedAccounts": header.num_readonly_unsigned_accounts,
            },
            "recentBlockhash": str(message.recent_blockhash),
            "instructions": instructions,
        },
    }


def meta_value(meta: Mapping[str, Any]) -> dict[str, Any]:
    """Show what a transaction did."""
    error = meta["err"]
    return {
        "err": error,
        "status": {"Ok": None} if error is None else {"Err": error},
        "fee": meta["fee"],
        "preBalances": meta["pre_balances"],
        "postBalances": meta["post_balances"],
        "innerInstructions": [],
        "logMessages": meta["logs"],
        "preTokenBalances": [],
        "postTokenBalances": [],
        "rewards": [],
        "loadedAddresses": {"readonly": [], "writable": []},
        "computeUnitsConsumed": meta["compute_units_consumed"],
    }


def signature_row(landed: Landed, level: Level) -> dict[str, Any]:
    """Show one line of an address's history."""
    return {
        "signature": str(landed.signature),
        "slot": landed.slot,
        "err": landed.meta["err"],
        "memo": None,
        "blockTime": landed.at_ms // 1_000,
        "confirmationStatus": name_of(level),
    }


def signature_of(text: object) -> Signature:
    """Read a signature."""
    try:
        return Signature.from_string(str(text))
    except ValueError as broken:
        msg = f"Invalid param: {broken}"
        raise BadParameterError(msg) from broken
