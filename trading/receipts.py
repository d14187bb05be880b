"""Receipts: what the venue signs about each accepted command of an account.

The bytes are written down in docs/PROOFS.md: the digest of the terms, the commitment to the place
in the log, the statement that is signed. What is not here: who signs, and when
(`trading.runner.notary`).
"""

import struct
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final, NamedTuple

import msgspec

from engine import commands as c
from engine.units import MICRO
from trading.engine_words import in_steps, plain
from trading.models import Receipt

TAG_SIZE: Final = 16
TERMS_TAG: Final = b"godark:terms:v1".ljust(TAG_SIZE, b"\0")
PLACE_TAG: Final = b"godark:place:v1".ljust(TAG_SIZE, b"\0")
RECEIPT_TAG: Final = b"godark:rcpt:v1".ljust(TAG_SIZE, b"\0")
_ENCODER: Final = msgspec.json.Encoder(order="sorted")

INTERNAL: Final = frozenset({"at_ms", "deposit_wait_ms", "fee_discount_percent", "probe_limit"})
PUBLIC_NAMES: Final = {
    "market_id": "symbol",
    "order_type": "type",
    "self_trade": "stp",
    "quantity_lots": "size",
    "limit_ticks": "limit_price",
    "trigger_ticks": "trigger_price",
    "min_quantity_lots": "min_quantity",
    "expires_at_ms": "expires_at",
    "amount_micro": "amount",
}

Steps = tuple[Decimal, Decimal]
"""A market's tick size and lot size."""


class Statement(NamedTuple):
    """What a receipt says, before it is signed."""

    account_id: uuid.UUID
    account_sequence: int
    command: str
    subject_id: str
    digest: bytes
    commitment: bytes
    root_number: int | None
    root: bytes | None
    issued_at_ms: int
    key: bytes

    def view(self) -> dict[str, Any]:
        """Return it as JSON shows it, hashes and the key as hex."""
        return {
            "account_id": str(self.account_id),
            "account_sequence": self.account_sequence,
            "command": self.command,
            "commitment": self.commitment.hex(),
            "digest": self.digest.hex(),
            "issued_at": self.issued_at_ms,
            "key": self.key.hex(),
            "root": None if self.root is None else self.root.hex(),
            "root_number": self.root_number,
            "subject_id": self.subject_id,
        }

    def signed_bytes(self) -> bytes:
        """Return the bytes that the venue's key signs."""
        return RECEIPT_TAG + canonical(self.view())


def canonical(view: Mapping[str, Any], /) -> bytes:
    """Return JSON in its one form: UTF-8, keys in order, no spaces."""
    return _ENCODER.encode(view)


def terms_digest(command: c.Command, steps: Steps | None, /) -> bytes:
    """Return the digest of what a command asks for, in public words and units."""
    return sha256(TERMS_TAG + canonical(terms_of(command, steps))).digest()


def commitment(salt: bytes, sequence: int, head: bytes, /) -> bytes:
    """Return the commitment to a place in the log, which only its salt opens."""
    return sha256(PLACE_TAG + salt + struct.pack("<Q", sequence) + head).digest()


def terms_of(command: c.Command, steps: Steps | None, /) -> dict[str, Any]:
    """Return a command's terms as the contract names them; what was not given is left out."""
    terms: dict[str, Any] = {"command": type(command).__name__}
    for field, name, convert in _fields_of(type(command)):
        value = getattr(command, field)
        if value is not None:
            terms[name] = convert(value, steps)
    if terms.get("min_quantity") == "0":
        del terms["min_quantity"]
    return terms


def receipt_view(receipt: Receipt, /) -> dict[str, Any]:
    """Return a receipt as its owner sees it, with its signature."""
    statement = Statement(
        account_id=receipt.account_id,
        account_sequence=receipt.account_sequence,
        command=receipt.kind,
        subject_id=receipt.subject_id,
        digest=bytes(receipt.digest),
        commitment=bytes(receipt.commitment),
        root_number=receipt.root_number,
        root=None if receipt.root is None else bytes(receipt.root),
        issued_at_ms=receipt.issued_at_ms,
        key=bytes(receipt.key.public_key),
    )
    return statement.view() | {"signature": bytes(receipt.signature).hex()}


Convert = Callable[[Any, Steps | None], Any]


def _price(ticks: int, steps: Steps | None) -> str:
    return str(ticks) if steps is None else in_steps(ticks, steps[0])


def _size(lots: int, steps: Steps | None) -> str:
    return str(lots) if steps is None else in_steps(lots, steps[1])


def _amount(micro: int, _: Steps | None) -> str:
    return plain(Decimal(micro) / MICRO)


def _protection(leg: c.Protection, steps: Steps | None) -> dict[str, str]:
    view = {"trigger_price": _price(leg.trigger_ticks, steps)}
    if leg.limit_ticks is not None:
        view["limit_price"] = _price(leg.limit_ticks, steps)
    return view


def _as_it_is(value: Any, _: Steps | None) -> Any:
    return value


_CONVERTERS: Final[tuple[tuple[str, Convert], ...]] = (
    ("_ticks", _price),
    ("_lots", _size),
    ("_micro", _amount),
)
_KNOWN: dict[type[c.Command], list[tuple[str, str, Convert]]] = {}


def _fields_of(kind: type[c.Command]) -> list[tuple[str, str, Convert]]:
    """Return a kind's fields with their public names and how they are written."""
    known = _KNOWN.get(kind)
    if known is None:
        names = [one.name for one in msgspec.structs.fields(kind) if one.name not in INTERNAL]
        known = [(name, PUBLIC_NAMES.get(name, name), _converter(name)) for name in names]
        _KNOWN[kind] = known
    return known


def _converter(name: str) -> Convert:
    if name in {"take_profit", "stop_loss"}:
        return _protection
    return next((how for ending, how in _CONVERTERS if name.endswith(ending)), _as_it_is)
