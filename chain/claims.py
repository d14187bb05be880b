"""What a checkpoint commits to: claims, their order, two trees, and the published file.

What lives here: the hashes and bytes of the section "Checkpoints" of docs/PROOFS.md. What does not:
the plain tree and its paths (merkle), where claims come from, and what an exit is paid (exits).
"""

import hmac
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any, Final, NamedTuple, Self

from solders.pubkey import Pubkey

from chain.merkle import HASH_SIZE, MAX_DEPTH

CLAIM_TAG: Final = b"godark:claim:v1\0"
SUM_TAG: Final = b"godark:sum:v1\0\0\0"
ORDER_TAG: Final = b"godark:order:v1\0"
FILE_TAG: Final = b"godark:claims:v1"
VENUE: Final = Pubkey.default()
"""The owner of the venue's own leaves, which exit last."""

IDS_PER_CHUNK: Final = 8 * HASH_SIZE
_MAX_SUM: Final = (1 << 64) - 1
_CLAIM: Final = struct.Struct("<32s32sQQQQ")
_SUM: Final = struct.Struct("<32sQ32sQ")
_FILE: Final = struct.Struct("<16sQQHII")


class BadClaimsFileError(ValueError):
    """The bytes are not those of a published checkpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one account is owed at a checkpoint's marks; never negative, micro-USDT."""

    owner: Pubkey
    vault_id: int
    deposits_micro: int
    released_micro: int
    claim_micro: int
    salt: bytes

    def packed(self) -> bytes:
        """Give the 96 bytes that are hashed, and that an owner keeps."""
        return _CLAIM.pack(
            self.salt,
            bytes(self.owner),
            self.vault_id,
            self.deposits_micro,
            self.released_micro,
            self.claim_micro,
        )

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read the 96 bytes of `packed`; struct.error for any other length."""
        salt, owner, vault_id, deposits, released, claim = _CLAIM.unpack(data)
        return cls(
            owner=Pubkey(owner),
            vault_id=vault_id,
            deposits_micro=deposits,
            released_micro=released,
            claim_micro=claim,
            salt=salt,
        )

    @property
    def hash(self) -> bytes:
        """Hash the claim as it stands in both trees."""
        return sha256(CLAIM_TAG + self.packed()).digest()


def claim_hashes(rows: Iterable[Sequence[Any]]) -> list[bytes]:
    """Hash many claims, each given as the six fields of `packed` with the owner as bytes."""
    pack = _CLAIM.pack
    return [sha256(CLAIM_TAG + pack(*row)).digest() for row in rows]


def claim_salt(*, key: bytes, number: int) -> bytes:
    """Derive the salt of an owner's claim in a checkpoint from the key of his salts."""
    return hmac.digest(key, CLAIM_TAG + struct.pack("<Q", number), "sha256")


def order_seed(*, master: bytes, number: int) -> bytes:
    """Derive the secret that shuffles one checkpoint."""
    return hmac.digest(master, ORDER_TAG + struct.pack("<Q", number), "sha256")


def shuffled(hashes: Sequence[bytes], *, seed: bytes) -> list[int]:
    """Give the claims in the order of their places: by SHA-256 of seed and claim hash."""
    ranks = [sha256(seed + value).digest() for value in hashes]
    return sorted(range(len(hashes)), key=ranks.__getitem__)


class Summed(NamedTuple):
    """A node of the sum tree: its hash, and the sum of all claims below it in micro-USDT."""

    hash: bytes
    sum_micro: int


_NOBODY: Final = Summed(bytes(HASH_SIZE), 0)


def sum_node(left: Summed, right: Summed) -> Summed:
    """Join two nodes; OverflowError for a sum beyond 64 bits."""
    total = left.sum_micro + right.sum_micro
    if total > _MAX_SUM:
        msg = "the claims below a node sum to more than 64 bits"
        raise OverflowError(msg)
    return Summed(sha256(SUM_TAG + _SUM.pack(*left, *right)).digest(), total)


@dataclass(frozen=True, slots=True)
class SumPath:
    """The siblings from a claim to the sum root, lowest first."""

    index: int
    siblings: tuple[Summed, ...]

    def root_of(self, leaf: Summed) -> Summed:
        """Climb from a claim to the root and the total that it would have."""
        node, bits = leaf, self.index
        for sibling in self.siblings:
            node = sum_node(sibling, node) if bits & 1 else sum_node(node, sibling)
            bits >>= 1
        return node


class SumTree:
    """The tree with sums over (claim hash, claim) in their places; built once, never changed."""

    def __init__(self, leaves: Iterable[Summed]) -> None:
        """Hash all nodes; ValueError for more leaves than a path can reach."""
        row = list(leaves) or [_NOBODY]
        if len(row) > 1 << MAX_DEPTH:
            msg = f"a tree has at most {1 << MAX_DEPTH} leaves"
            raise ValueError(msg)
        empty = _NOBODY
        self._levels = [row]
        self._empty = [empty]
        while len(row) > 1:
            if len(row) % 2:
                row = [*row, empty]
            row = [sum_node(*pair) for pair in zip(row[::2], row[1::2], strict=True)]
            empty = sum_node(empty, empty)
            self._levels.append(row)
            self._empty.append(empty)

    @property
    def depth(self) -> int:
        """Give the length of a path."""
        return len(self._levels) - 1

    @property
    def root(self) -> Summed:
        """Give the root's hash and the sum of all claims."""
        return self._levels[-1][0]

    def path(self, index: int) -> SumPath:
        """Give the path of a place."""
        siblings, place = [], index
        for row, empty in zip(self._levels[:-1], self._empty, strict=False):
            twin = place ^ 1
            siblings.append(row[twin] if twin < len(row) else empty)
            place >>= 1
        return SumPath(index, tuple(siblings))


def id_chunks(vault_ids: Iterable[int]) -> list[bytes]:
    """Give the map of the vaults that have a claim: bit `id % 256` of chunk `id // 256`.

    Its chunks, as they are, are the leaves of a plain tree. At least one chunk.
    """
    known = set(vault_ids)
    bits = bytearray(HASH_SIZE * (max(known, default=0) // IDS_PER_CHUNK + 1))
    for vault_id in known:
        bits[vault_id // 8] |= 1 << vault_id % 8
    return [bytes(bits[at : at + HASH_SIZE]) for at in range(0, len(bits), HASH_SIZE)]


def has_id(chunk: bytes, vault_id: int) -> bool:
    """Tell whether a vault stands in its chunk of the map."""
    at = vault_id % IDS_PER_CHUNK
    return bool(chunk[at // 8] >> at % 8 & 1)


@dataclass(frozen=True)
class ClaimsFile:
    """What everybody may mirror: enough to rebuild every path of the plain tree and of the map."""

    number: int
    root_number: int
    marks_half_ticks: tuple[int, ...]
    ids: tuple[bytes, ...]
    hashes: tuple[bytes, ...]

    @cached_property
    def packed(self) -> bytes:
        """Give the bytes of the file."""
        head = _FILE.pack(
            FILE_TAG,
            self.number,
            self.root_number,
            len(self.marks_half_ticks),
            len(self.ids),
            len(self.hashes),
        )
        marks = struct.pack(f"<{len(self.marks_half_ticks)}Q", *self.marks_half_ticks)
        return b"".join((head, marks, *self.ids, *self.hashes))

    @property
    def digest(self) -> bytes:
        """Hash the file as `sha256sum` does."""
        return sha256(self.packed).digest()

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read the bytes of a file; `BadClaimsFileError` for any other."""
        if len(data) < _FILE.size or not data.startswith(FILE_TAG):
            msg = "these bytes are no file of claims"
            raise BadClaimsFileError(msg)
        _tag, number, root_number, marks, ids, hashes = _FILE.unpack_from(data)
        start = _FILE.size + 8 * marks
        if len(data) != start + HASH_SIZE * (ids + hashes):
            msg = "the file of claims is cut, or longer than it tells"
            raise BadClaimsFileError(msg)
        rows = tuple(data[at : at + HASH_SIZE] for at in range(start, len(data), HASH_SIZE))
        return cls(
            number=number,
            root_number=root_number,
            marks_half_ticks=struct.unpack_from(f"<{marks}Q", data, _FILE.size),
            ids=rows[:ids],
            hashes=rows[ids:],
        )
