"""What a leaf of the state tree commits to, and how it is hashed. See docs/PROOFS.md.

What lives here: the leaf's two halves, salts, the hash of marks, leaves of trades. What does not:
the tree (merkle), and any rule of trading: the numbers are given.
"""

import hmac
import struct
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from solders.pubkey import Pubkey

HEAD_TAG: Final = b"godark:head:v1\0\0"
BODY_TAG: Final = b"godark:body:v1\0\0"
LEAF_TAG: Final = b"godark:leaf:v1\0\0"
MARKS_TAG: Final = b"godark:marks:v1\0"
TRADE_TAG: Final = b"godark:trade:v1\0"
SALT_TAG: Final = b"godark:salt:v1\0\0"

_HEAD: Final = struct.Struct("<32sQQQ")
_BODY: Final = struct.Struct("<32sqH")
_POSITION: Final = struct.Struct("<Hqqq")
_TRADE: Final = struct.Struct("<16sHQQq")


@dataclass(frozen=True, slots=True)
class Position:
    """One position: size and cost are signed, all money in micro-USDT."""

    market: int
    size_lots: int
    cost_micro: int
    collateral_micro: int


@dataclass(frozen=True, slots=True)
class Leaf:
    """One account's claim: a head that the chain may see, and a body that it may not."""

    owner: Pubkey
    vault_id: int
    deposits_micro: int
    released_micro: int
    cash_micro: int
    positions: tuple[Position, ...]
    salt: bytes

    def __post_init__(self) -> None:
        """Hold positions in one order only, so that one state has one hash."""
        numbers = [position.market for position in self.positions]
        if numbers != sorted(set(numbers)):
            msg = "positions are sorted by market, one for each"
            raise ValueError(msg)

    @property
    def head_hash(self) -> bytes:
        """Hash owner, vault and running totals."""
        return head_hash(
            owner=self.owner,
            vault_id=self.vault_id,
            deposits_micro=self.deposits_micro,
            released_micro=self.released_micro,
        )

    @property
    def body_hash(self) -> bytes:
        """Hash salt, cash and positions."""
        body = _BODY.pack(self.salt, self.cash_micro, len(self.positions))
        rows = (
            _POSITION.pack(row.market, row.size_lots, row.cost_micro, row.collateral_micro)
            for row in self.positions
        )
        return sha256(b"".join((BODY_TAG, body, *rows))).digest()

    @property
    def hash(self) -> bytes:
        """Hash the leaf as it stands in the tree."""
        return leaf_hash(head=self.head_hash, body=self.body_hash)

    @property
    def owed_micro(self) -> int:
        """Give this leaf's share of the total: cash - cost + withdrawals released."""
        cost_micro = sum(position.cost_micro for position in self.positions)
        return self.cash_micro - cost_micro + self.released_micro


def head_hash(*, owner: Pubkey, vault_id: int, deposits_micro: int, released_micro: int) -> bytes:
    """Hash the public half of a leaf."""
    head = _HEAD.pack(bytes(owner), vault_id, deposits_micro, released_micro)
    return sha256(HEAD_TAG + head).digest()


def leaf_hash(*, head: bytes, body: bytes) -> bytes:
    """Join the two halves."""
    return sha256(LEAF_TAG + head + body).digest()


def marks_root(marks_half_ticks: tuple[int, ...]) -> bytes:
    """Hash the marks of all markets, in the markets' order."""
    marks = struct.pack(f"<{len(marks_half_ticks)}Q", *marks_half_ticks)
    return sha256(MARKS_TAG + marks).digest()


def trade_leaf(
    *, trade_id: bytes, market: int, price_half_ticks: int, size_lots: int, executed_at_ms: int
) -> bytes:
    """Hash one print of the public tape; its id has 16 bytes."""
    trade = _TRADE.pack(trade_id, market, price_half_ticks, size_lots, executed_at_ms)
    return sha256(TRADE_TAG + trade).digest()


def owner_salt_key(*, master: bytes, owner: Pubkey) -> bytes:
    """Derive the key of one owner's salts, which is given to that owner alone."""
    return hmac.digest(master, SALT_TAG + bytes(owner), "sha256")


def leaf_salt(*, key: bytes, change: int) -> bytes:
    """Derive the salt of the leaf's n-th change; no salt is ever used for two contents."""
    return hmac.digest(key, SALT_TAG + struct.pack("<Q", change), "sha256")
