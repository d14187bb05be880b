"""The state tree: plain and binary, kept as it changes. See docs/PROOFS.md.

What lives here: nodes, paths and their proof. What does not: what a leaf means (leaves).
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

NODE_TAG: Final = b"godark:node:v1\0\0"
HASH_SIZE: Final = 32
MAX_DEPTH: Final = 24
"""The longest path that the program accepts."""

_EMPTY_LEAF: Final = bytes(HASH_SIZE)


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two children."""
    return sha256(NODE_TAG + left + right).digest()


def _empty_hashes() -> tuple[bytes, ...]:
    hashes = [_EMPTY_LEAF]
    for _ in range(MAX_DEPTH):
        hashes.append(node_hash(hashes[-1], hashes[-1]))
    return tuple(hashes)


_EMPTY: Final = _empty_hashes()


@dataclass(frozen=True, slots=True)
class Path:
    """The siblings from a leaf to its root, lowest first."""

    index: int
    siblings: tuple[bytes, ...]

    def root_of(self, leaf: bytes) -> bytes:
        """Climb from a leaf's hash to the root that it would have."""
        value, bits = leaf, self.index
        for sibling in self.siblings:
            value = node_hash(sibling, value) if bits & 1 else node_hash(value, sibling)
            bits >>= 1
        return value


class UnknownVersionError(LookupError):
    """The tree no longer remembers so old a root."""


class StateTree:
    """A tree whose root costs its changed leaves, and which remembers its last versions.

    Leaves are 32-byte hashes; a place without one holds zeros. `commit` closes a version; paths
    can be asked of the newest and of the `history` versions before it.
    """

    def __init__(self, leaves: Sequence[bytes] = (), *, history: int = 256) -> None:
        """Hash all leaves once."""
        self._levels = [bytearray().join(leaves)]
        self._build()
        self._changed: dict[int, bytes] = {}
        self._version = 0
        self._undo: deque[tuple[int, dict[tuple[int, int], bytes], int]] = deque(maxlen=history)

    def __len__(self) -> int:
        return len(self._levels[0]) // HASH_SIZE

    @property
    def version(self) -> int:
        """Count the commits so far."""
        return self._version

    @property
    def depth(self) -> int:
        """Give the length of a path in the newest version."""
        return len(self._levels) - 1

    @property
    def root(self) -> bytes:
        """Give the root of the newest version."""
        return bytes(self._levels[-1])

    def leaf(self, index: int) -> bytes:
        """Give the hash at a place in the newest version."""
        return self._node(level=0, index=index)

    def commit(self, changes: Mapping[int, bytes]) -> bytes:
        """Put leaves into their places, close a version and give its root.

        A place beyond the end makes the tree longer, and deeper where it must be.
        """
        undo: dict[tuple[int, int], bytes] = {}
        depth = self.depth
        self._grow(max(changes, default=-1) + 1)
        for index, value in changes.items():
            self._put(level=0, index=index, value=value, undo=undo)
        self._climb(changes, undo)
        self._version += 1
        self._undo.append((self._version, undo, depth))
        return self.root

    def path(self, index: int, *, version: int | None = None) -> Path:
        """Give the path of a leaf in the newest version, or in a remembered one."""
        undos, depth = self._past(self._version if version is None else version)
        siblings, place = [], index
        for level in range(depth):
            key = (level, place ^ 1)
            before = next((undo[key] for undo in undos if key in undo), None)
            siblings.append(self._node(level=level, index=key[1]) if before is None else before)
            place >>= 1
        return Path(index=index, siblings=tuple(siblings))

    def _past(self, version: int) -> tuple[list[dict[tuple[int, int], bytes]], int]:
        """Collect what later versions overwrote, oldest first, and the depth of that time."""
        later = [entry for entry in self._undo if entry[0] > version]
        oldest = self._version - len(self._undo)
        if not oldest <= version <= self._version:
            msg = f"the tree remembers versions from {oldest} to {self._version}, not {version}"
            raise UnknownVersionError(msg)
        depth = later[0][2] if later else self.depth
        return [undo for _number, undo, _depth in later], depth

    def _node(self, *, level: int, index: int) -> bytes:
        start = index * HASH_SIZE
        return bytes(self._levels[level][start : start + HASH_SIZE]) or _EMPTY[level]

    def _put(
        self, *, level: int, index: int, value: bytes, undo: dict[tuple[int, int], bytes]
    ) -> None:
        start = index * HASH_SIZE
        undo[level, index] = self._node(level=level, index=index)
        self._levels[level][start : start + HASH_SIZE] = value

    def _climb(self, changed: Iterable[int], undo: dict[tuple[int, int], bytes]) -> None:
        """Hash the parents of what changed, level by level."""
        places = set(changed)
        for level in range(self.depth):
            row, empty = self._levels[level], _EMPTY[level]
            above = self._levels[level + 1]
            places = {place >> 1 for place in places}
            for place in places:
                start = place * HASH_SIZE
                undo[level + 1, place] = (
                    bytes(above[start : start + HASH_SIZE]) or _EMPTY[level + 1]
                )
                pair = row[2 * start : 2 * start + 2 * HASH_SIZE]
                if len(pair) == HASH_SIZE:
                    pair += empty
                above[start : start + HASH_SIZE] = sha256(NODE_TAG + pair).digest()

    def _grow(self, count: int) -> None:
        """Make room for `count` leaves: fill up with empty ones, add levels on top."""
        if count <= len(self):
            return
        if count > 1 << MAX_DEPTH:
            msg = f"a tree has at most {1 << MAX_DEPTH} leaves"
            raise ValueError(msg)
        while 1 << self.depth < count:
            root = self.root
            self._levels.append(bytearray(node_hash(root, _EMPTY[self.depth])))
        width = count
        for level, row in enumerate(self._levels):
            missing = width - len(row) // HASH_SIZE
            row.extend(_EMPTY[level] * missing)
            width = (width + 1) // 2

    def _build(self) -> None:
        row = self._levels[0]
        if not row:
            row.extend(_EMPTY_LEAF)
        while len(row) > HASH_SIZE:
            empty = _EMPTY[len(self._levels) - 1]
            above = bytearray()
            for start in range(0, len(row), 2 * HASH_SIZE):
                pair = row[start : start + 2 * HASH_SIZE]
                above += sha256(
                    NODE_TAG + (pair if len(pair) > HASH_SIZE else pair + empty)
                ).digest()
            self._levels.append(above)
            row = above


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Give the root of a list of leaves, such as the trades of a batch; zeros for none."""
    return StateTree(leaves, history=0).root
