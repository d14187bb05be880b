"""A checkpoint's two trees, level by level: as bytes to be kept, from which any path is cut.

What lives here: whole trees over the same leaves, plain and with sums. What does not: a tree that
changes (merkle), and what a leaf means (claims).
"""

import struct
from collections.abc import Callable
from hashlib import sha256
from typing import Final

from chain.claims import SUM_TAG, Summed
from chain.merkle import HASH_SIZE, MAX_DEPTH, NODE_TAG

SUM_SIZE: Final = HASH_SIZE + 8
_PAIR_OF_SUMS: Final = struct.Struct("<32xQ32xQ")
_SUM: Final = struct.Struct("<Q")

Join = Callable[[bytes], bytes]


def plain_levels(leaves: bytes, /) -> list[bytes]:
    """Return the levels of the plain tree over these hashes, the leaves first."""
    return _levels(leaves, empty=EMPTY_PLAIN, join=_plain_node)


def sum_levels(leaves: bytes, /) -> list[bytes]:
    """Return the levels of the tree with sums over these leaves of hash and sum (u64)."""
    return _levels(leaves, empty=EMPTY_SUMS, join=_sum_node)


def sum_node_of(node: bytes, /) -> Summed:
    """Read a node of the tree with sums."""
    return Summed(node[:HASH_SIZE], _SUM.unpack(node[HASH_SIZE:])[0])


def _plain_node(pair: bytes, /) -> bytes:
    return sha256(NODE_TAG + pair).digest()


def _sum_node(pair: bytes, /) -> bytes:
    left, right = _PAIR_OF_SUMS.unpack(pair)
    return sha256(SUM_TAG + pair).digest() + _SUM.pack(left + right)


def _empty(size: int, join: Join, /) -> tuple[bytes, ...]:
    nodes = [bytes(size)]
    for _ in range(MAX_DEPTH):
        nodes.append(join(nodes[-1] * 2))
    return tuple(nodes)


EMPTY_PLAIN: Final = _empty(HASH_SIZE, _plain_node)
EMPTY_SUMS: Final = _empty(SUM_SIZE, _sum_node)
"""The nodes above places without a leaf, by level."""


def _levels(leaves: bytes, *, empty: tuple[bytes, ...], join: Join) -> list[bytes]:
    size = len(empty[0])
    levels = [leaves or empty[0]]
    while len(levels[-1]) > size:
        row, step = levels[-1], 2 * size
        if len(row) % step:
            row += empty[len(levels) - 1]
        levels.append(b"".join([join(row[at : at + step]) for at in range(0, len(row), step)]))
    return levels
