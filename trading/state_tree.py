"""The state tree of this process: built once from the kept leaves, then root by root.

The rows are the truth; the tree is what a process remembers of them, so that a root costs its
changed leaves. What is not here: what a leaf holds (`trading.state_leaves`).
"""

from dataclasses import dataclass, field
from typing import Final

from chain.merkle import Path, StateTree
from trading.models import LeafVersion

EMPTY: Final = bytes(32)


@dataclass
class RememberedTree:
    """A tree after some root, and which of its versions belongs to which root."""

    number: int = 0
    tree: StateTree = field(default_factory=StateTree)
    versions: dict[int, int] = field(default_factory=dict)

    def catch_up(self, number: int, /) -> StateTree:
        """Return the tree as of a root that is built, never older than the one remembered."""
        if number < self.number or (number and not self.number):
            self._build(number)
        for missing in range(self.number + 1, number + 1):
            rows = LeafVersion.objects.filter(batch_id=missing)
            self.commit(missing, {row.place: bytes(row.leaf_hash) for row in rows})
        return self.tree

    def commit(self, number: int, changes: dict[int, bytes], /) -> bytes:
        """Make the changes of the next root, and remember which version it is."""
        root = self.tree.commit(changes)
        self.number = number
        self.versions[number] = self.tree.version
        return root

    def path(self, place: int, /, *, number: int) -> Path:
        """Return a leaf's path as of a root; raises `UnknownVersionError` for one long past."""
        return self.tree.path(place, version=self.versions.get(number, -1))

    def _build(self, number: int, /) -> None:
        """Begin with the newest leaf of every place as of a root."""
        rows = (
            LeafVersion.objects.filter(batch_id__lte=number)
            .order_by("place", "-batch_id")
            .distinct("place")
            .values_list("place", "leaf_hash")
        )
        places = {place: bytes(leaf_hash) for place, leaf_hash in rows}
        self.tree = StateTree(
            [places.get(place, EMPTY) for place in range(max(places, default=-1) + 1)]
        )
        self.number, self.versions = number, {number: self.tree.version}
