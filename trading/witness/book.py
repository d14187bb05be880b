"""The leaves as of the newest root that the witness knows to be true, and their tree.

What is not here: whether a root is true (`judging`).
"""

import uuid
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Final

from chain.merkle import StateTree
from engine.units import MINUTE_MS
from trading.claims import MEDIAN_MINUTES, Standing
from trading.state_leaves import NOBODY, VENUE_PLACES, Content

EMPTY: Final = bytes(32)
ROOTS_REMEMBERED: Final = 300
"""Of so many roots before the newest the leaves are known too: checkpoints are made of those."""
MARKS_KEPT_MS: Final = (MEDIAN_MINUTES + 15) * MINUTE_MS


class UnknownRootError(LookupError):
    """The book does not know the leaves of that root any more, or not yet."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One account's leaf: where it stands, its how-many-eth change, what it holds, its hash."""

    place: int
    change: int
    content: Content
    leaf_hash: bytes


@dataclass(frozen=True, slots=True)
class Gone:
    """What an account's closed vaults had taken in and paid, in micro-USDT."""

    deposits_micro: int = 0
    released_micro: int = 0


@dataclass(frozen=True, slots=True)
class Past:
    """What the newest roots were: when, what the program had paid before, what they replaced."""

    number: int
    at_ms: int
    paid_before_micro: int | None
    replaced: dict[uuid.UUID, Kept | None]


@dataclass(kw_only=True)
class Book:
    """All leaves of one root."""

    number: int = 0
    sequence: int = 0
    root: bytes = EMPTY
    total_micro: int = 0
    signed: bytes = b""
    """What was signed of the newest root, but for its blockhash."""
    leaves: dict[uuid.UUID, Kept] = field(default_factory=dict)
    gone: dict[uuid.UUID, Gone] = field(default_factory=dict)
    holders: dict[int, uuid.UUID] = field(default_factory=dict)
    tree: StateTree = field(default_factory=StateTree)
    standing: deque[Standing] = field(default_factory=deque)
    """The marks after each root, oldest first, as far back as checkpoints look."""
    _past: deque[Past] = field(default_factory=lambda: deque(maxlen=ROOTS_REMEMBERED))

    @property
    def next_place(self) -> int:
        """Return the place of the next account that has none."""
        return max(len(VENUE_PLACES), len(self.leaves))

    def place_of(self, account_id: uuid.UUID, /) -> int | None:
        """Return where an account's leaf stands or must stand; None for a new one's."""
        kept = self.leaves.get(account_id)
        return kept.place if kept else VENUE_PLACES.get(account_id)

    def try_out(self, changes: Iterable[Kept], /) -> bytes:
        """Return the root with these leaves; `keep` or `take_back` must follow."""
        return self.tree.commit({kept.place: kept.leaf_hash for kept in changes})

    def take_back(self) -> None:
        """Let the tree be what it was before `try_out`."""
        self.tree = self._tree()

    def keep(
        self,
        changes: Sequence[Kept],
        /,
        *,
        standing: Standing,
        sequence: int,
        root: bytes,
        paid_before_micro: int | None,
    ) -> None:
        """Make a root that was tried out the newest."""
        accounts = [kept.content.account_id for kept in changes]
        replaced = {account_id: self.leaves.get(account_id) for account_id in accounts}
        self._past.append(Past(standing.number, standing.at_ms, paid_before_micro, replaced))
        self._let_stand(standing)
        for kept in changes:
            before = self.leaves.get(kept.content.account_id)
            self.total_micro += kept.content.owed_micro
            self.total_micro -= before.content.owed_micro if before else 0
            self.put(kept)
        self.number, self.sequence, self.root = standing.number, sequence, root

    def _let_stand(self, new: Standing, /) -> None:
        """Note which marks stand: those of the root, and the older one where it has none."""
        old = self.standing[-1].marks_half_ticks if self.standing else ()
        pairs = zip_longest(new.marks_half_ticks, old, fillvalue=0)
        marks = tuple(mark or before for mark, before in pairs)
        self.standing.append(Standing(new.number, new.at_ms, marks))
        while len(self.standing) > 1 and self.standing[1].at_ms <= new.at_ms - MARKS_KEPT_MS:
            self.standing.popleft()

    def past(self, number: int, /) -> Past:
        """Return what one of the newest roots was; raises `UnknownRootError`."""
        for past in self._past:
            if past.number == number:
                return past
        if number == self.number and self.standing:
            return Past(number, self.standing[-1].at_ms, None, {})
        raise UnknownRootError(number)

    def contents_as_of(self, number: int, /) -> list[Content]:
        """Return what all leaves held as of a root, by place; raises `UnknownRootError`."""
        self.past(number)
        leaves: dict[uuid.UUID, Kept | None] = dict(self.leaves)
        for past in reversed(self._past):
            if past.number == number:
                break
            leaves.update(past.replaced)
        there = [kept for kept in leaves.values() if kept is not None]
        return [kept.content for kept in sorted(there, key=lambda kept: kept.place)]

    def put(self, kept: Kept, /) -> None:
        """Put a leaf in its place, the tree apart."""
        self.leaves[kept.content.account_id] = kept
        if kept.content.owner != NOBODY:
            self.holders[kept.content.vault_id] = kept.content.account_id

    def build_tree(self) -> bytes:
        """Build the tree of the leaves, and return its root."""
        self.tree = self._tree()
        return self.tree.root

    def _tree(self) -> StateTree:
        places = {kept.place: kept.leaf_hash for kept in self.leaves.values()}
        return StateTree(
            [places.get(place, EMPTY) for place in range(max(places, default=-1) + 1)], history=0
        )
