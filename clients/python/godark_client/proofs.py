"""What leaves, claims and roots are made of, by the venue's docs/PROOFS.md and nothing else.

A proof is the JSON of `GET /api/v1/proofs/account`. What is not here: the chain (`solana`), what
is done with a proof (`verify`, `leaving`).
"""

import hmac
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from godark_client.solana import from_base58

Json = Mapping[str, Any]
HASH_SIZE: Final = 32
TAG_SIZE: Final = 16
IDS_PER_CHUNK: Final = 8 * HASH_SIZE
LARGEST_SUM: Final = (1 << 64) - 1
EMPTY: Final = bytes(HASH_SIZE)

_HEAD: Final = struct.Struct("<32sQQQ")
_BODY: Final = struct.Struct("<32sqH")
_POSITION: Final = struct.Struct("<Hqqq")
_CLAIM: Final = struct.Struct("<32s32sQQQQ")
_SUM: Final = struct.Struct("<32sQ32sQ")
_FILE: Final = struct.Struct("<16sQQHII")


class FalseError(Exception):
    """Something is not as it was signed or committed; the message says what."""


def tag(name: str) -> bytes:
    """Return what stands before the bytes of one purpose."""
    return name.encode("ascii").ljust(TAG_SIZE, b"\0")


def _hash(name: str, *parts: bytes) -> bytes:
    return sha256(b"".join((tag(name), *parts))).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Join two nodes of a plain tree."""
    return _hash("godark:node:v1", left, right)


def climb(leaf: bytes, index: int, path: Iterable[bytes]) -> bytes:
    """Return the root that a leaf would have."""
    value, bits = leaf, index
    for sibling in path:
        value = node_hash(sibling, value) if bits & 1 else node_hash(value, sibling)
        bits >>= 1
    return value


def climb_sums(leaf: bytes, claim: int, index: int, path: Iterable[Json]) -> tuple[bytes, int]:
    """Return root and sum that a claim would have. Raises FalseError beyond 64 bits."""
    value, total, bits = leaf, claim, index
    for step in path:
        sibling, its = bytes.fromhex(step["hash"]), int(step["sum_micro"])
        if its < 0 or total + its > LARGEST_SUM:
            raise FalseError("The sums on the path leave 64 bits.")
        pair = (sibling, its, value, total) if bits & 1 else (value, total, sibling, its)
        value, total = _hash("godark:sum:v1", _SUM.pack(*pair)), total + its
        bits >>= 1
    return value, total


def state_leaf(proof: Json) -> bytes:
    """Return the hash of the leaf in a state root."""
    leaf = proof["leaf"]
    head = _hash("godark:head:v1", _HEAD.pack(*_head_of(leaf)))
    rows = [_POSITION.pack(*(int(number) for number in row)) for row in leaf["positions"]]
    body = _BODY.pack(bytes.fromhex(proof["salt"]), int(leaf["cash_micro"]), len(rows))
    return _hash("godark:leaf:v1", head, _hash("godark:body:v1", body, *rows))


def _head_of(leaf: Json) -> tuple[bytes, int, int, int]:
    numbers = (int(leaf[name]) for name in ("vault_id", "deposits_micro", "released_micro"))
    vault_id, deposits, released = numbers
    return from_base58(leaf["owner"]), vault_id, deposits, released


@dataclass(frozen=True, slots=True)
class Claim:
    """What an account can claim at a checkpoint; money in micro-USDT."""

    salt: bytes
    owner: bytes
    vault_id: int
    deposits_micro: int
    released_micro: int
    claim_micro: int

    @property
    def hash(self) -> bytes:
        """Hash it as it stands in both trees."""
        fields = (self.salt, self.owner, self.vault_id, self.deposits_micro)
        return _hash("godark:claim:v1", _CLAIM.pack(*fields, self.released_micro, self.claim_micro))


def claim_of(checkpoint: Json) -> Claim:
    """Return the claim of a proof's part `checkpoint`."""
    leaf = checkpoint["leaf"]
    return Claim(bytes.fromhex(checkpoint["salt"]), *_head_of(leaf), int(leaf["claim_micro"]))


def claim_salt(salt_key: bytes, number: int) -> bytes:
    """Return the salt of an owner's claim at the n-th checkpoint."""
    return hmac.digest(salt_key, tag("godark:claim:v1") + struct.pack("<Q", number), "sha256")


def claim_at(
    cash_micro: int,
    positions: Sequence[Sequence[Any]],
    marks_half_ticks: Sequence[int],
    units_micro: Sequence[int],
) -> int:
    """Return what an account can claim at these marks: margin is isolated."""
    free, left = cash_micro, 0
    for row in positions:
        market, size, cost, collateral = (int(number) for number in row)
        free -= collateral
        worth = size * marks_half_ticks[market] * units_micro[market]
        left += max(0, collateral + worth - cost)
    return max(0, free + left)


def marks_root(marks_half_ticks: Sequence[int]) -> bytes:
    """Hash the marks of all markets."""
    return _hash("godark:marks:v1", struct.pack(f"<{len(marks_half_ticks)}Q", *marks_half_ticks))


@dataclass(frozen=True)
class ClaimsFile:
    """The published file of a checkpoint, from which every path can be made."""

    number: int
    root_number: int
    marks_half_ticks: tuple[int, ...]
    chunks: tuple[bytes, ...]
    hashes: tuple[bytes, ...]
    digest: bytes

    @classmethod
    def parse(cls, data: bytes) -> "ClaimsFile":
        """Read a file. Raises FalseError where it is none."""
        if len(data) < _FILE.size or not data.startswith(tag("godark:claims:v1")):
            raise FalseError("This is no file of claims.")
        _tag, number, root_number, marks, chunks, claims = _FILE.unpack_from(data)
        start = _FILE.size + 8 * marks
        if len(data) != start + HASH_SIZE * (chunks + claims):
            raise FalseError("The file of claims is cut.")
        rows = tuple(data[at : at + HASH_SIZE] for at in range(start, len(data), HASH_SIZE))
        return cls(
            number,
            root_number,
            struct.unpack_from(f"<{marks}Q", data, _FILE.size),
            rows[:chunks],
            rows[chunks:],
            sha256(data).digest(),
        )

    def has_vault(self, vault_id: int) -> bool:
        """Tell whether a vault has a claim."""
        chunk, bit = divmod(vault_id, IDS_PER_CHUNK)
        return chunk < len(self.chunks) and bool(self.chunks[chunk][bit // 8] >> bit % 8 & 1)


def root_over(leaves: Sequence[bytes]) -> bytes:
    """Return the root of the plain tree over these leaves, of the least depth that holds them."""
    row, empty = list(leaves) or [EMPTY], EMPTY
    while len(row) > 1:
        if len(row) % 2:
            row.append(empty)
        row = [node_hash(*pair) for pair in zip(row[::2], row[1::2], strict=True)]
        empty = node_hash(empty, empty)
    return row[0]


def path_in(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return a leaf's path in the plain tree over these leaves, lowest first."""
    row, empty, path = list(leaves) or [EMPTY], EMPTY, []
    while len(row) > 1:
        if len(row) % 2:
            row.append(empty)
        path.append(row[index ^ 1])
        row = [node_hash(*pair) for pair in zip(row[::2], row[1::2], strict=True)]
        empty, index = node_hash(empty, empty), index >> 1
    return path
