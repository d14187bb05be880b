"""All claims of one checkpoint in their two trees; settlement and witness make them alike.

Leaves are given in the order of the state tree and stand in one that is drawn anew each time, so
that nobody can follow a leaf from one checkpoint to the next. What is not here: what a claim is
worth (`trading.claims`), and where the leaves come from.
"""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from solders.pubkey import Pubkey

from chain.claims import (
    Claim,
    ClaimsFile,
    claim_hashes,
    claim_salt,
    id_chunks,
    order_seed,
    shuffled,
)
from chain.instructions import CheckpointCommitment
from chain.leaves import marks_root
from chain.levels import SUM_SIZE, plain_levels, sum_levels, sum_node_of
from chain.merkle import HASH_SIZE, StateTree
from trading.claims import Terms, claim_micro, sizes_lots
from trading.state_leaves import NOBODY, Content

SUM_BYTES: Final = SUM_SIZE - HASH_SIZE

Row = tuple[bytes, bytes, int, int, int, int]
"""Salt, owner, vault id, deposits, released, claim."""


@contextmanager
def uncollected() -> Iterator[None]:
    """Let the garbage collector rest: it would look at all leaves again and again, in vain."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@dataclass(frozen=True, kw_only=True)
class ClaimTrees:
    """A checkpoint's trees, the sums of all claims, and of all sizes by market."""

    file: ClaimsFile
    plain: Sequence[bytes]
    sums: Sequence[bytes]
    users_micro: int
    venue_micro: int
    released_micro: int
    sizes_lots: tuple[int, ...]

    @property
    def leaves(self) -> int:
        """Count the claims."""
        return len(self.file.hashes)

    @property
    def depth(self) -> int:
        """Give the length of a path."""
        return len(self.plain) - 1

    @property
    def plain_root(self) -> bytes:
        """Give the root that exits are proved against."""
        return self.plain[-1]

    @property
    def sum_root(self) -> bytes:
        """Give the root that proves the sum of all claims."""
        return sum_node_of(self.sums[-1]).hash

    @cached_property
    def ids(self) -> StateTree:
        """Give the map of vaults that have a claim."""
        return StateTree(self.file.ids, history=0)

    @property
    def file_head(self) -> bytes:
        """Give the published file up to its hashes."""
        return self.file.packed[: -HASH_SIZE * self.leaves]


@dataclass(frozen=True, kw_only=True)
class Basis:
    """What a checkpoint is made of beside the leaves: its numbers, the markets, and the secret.

    `own_vaults` are those of the venue's own wallets: what they took in is in the venue's claims,
    so they stand in the map, and nobody can show that it was never credited.
    """

    number: int
    root_number: int
    terms: Terms
    own_vaults: Sequence[int]
    master: bytes


def claim_of(content: Content, basis: Basis, /, *, place: int) -> Claim:
    """Return what a leaf can claim, with its salt; the venue's are told apart by their place."""
    salt, owner, vault_id, deposits, released, claim = _row_of(content, basis, place=place)
    return Claim(
        owner=Pubkey(owner),
        vault_id=vault_id,
        deposits_micro=deposits,
        released_micro=released,
        claim_micro=claim,
        salt=salt,
    )


def _row_of(content: Content, basis: Basis, /, *, place: int) -> Row:
    """Return the fields of a claim as they are hashed."""
    key = content.salt_key(master=basis.master)
    return (
        claim_salt(key=key, number=basis.number),
        bytes(Pubkey.from_string(content.owner)),
        place if content.owner == NOBODY else content.vault_id,
        content.deposits_micro,
        content.released_micro,
        claim_micro(content, basis.terms),
    )


def claim_trees(contents: Sequence[Content], basis: Basis, /) -> ClaimTrees:
    """Make the trees of a checkpoint over all leaves of a root, which come in their places."""
    rows = [_row_of(content, basis, place=place) for place, content in enumerate(contents)]
    ids, users, venue = list(basis.own_vaults), 0, 0
    for content, row in zip(contents, rows, strict=True):
        if content.owner == NOBODY:
            venue += row[-1]
        else:
            users += row[-1]
            ids.append(row[2])
    hashes = claim_hashes(rows)
    claims = [row[-1].to_bytes(SUM_BYTES, "little") for row in rows]
    order = shuffled(hashes, seed=order_seed(master=basis.master, number=basis.number))
    file = ClaimsFile(
        number=basis.number,
        root_number=basis.root_number,
        marks_half_ticks=basis.terms.marks_half_ticks,
        ids=tuple(id_chunks(ids)),
        hashes=tuple([hashes[one] for one in order]),
    )
    return ClaimTrees(
        file=file,
        plain=plain_levels(b"".join(file.hashes)),
        sums=sum_levels(b"".join([hashes[one] + claims[one] for one in order])),
        users_micro=users,
        venue_micro=venue,
        released_micro=sum(content.released_micro for content in contents),
        sizes_lots=sizes_lots(contents, markets=len(basis.terms.symbols)),
    )


def commitment_of(
    trees: ClaimTrees, basis: Basis, /, *, deposits_micro: int, paid_micro: int
) -> CheckpointCommitment:
    """Return what goes to the chain of a checkpoint."""
    return CheckpointCommitment(
        number=basis.number,
        root_number=basis.root_number,
        claims_micro=trees.users_micro,
        venue_micro=trees.venue_micro,
        deposits_micro=deposits_micro,
        released_micro=trees.released_micro,
        paid_micro=paid_micro,
        count=trees.leaves,
        depth=trees.depth,
        ids_depth=trees.ids.depth,
        plain_root=trees.plain_root,
        sum_root=trees.sum_root,
        ids_root=trees.ids.root,
        marks_root=marks_root(basis.terms.marks_half_ticks),
        file_hash=trees.file.digest,
    )
