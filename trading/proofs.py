"""An account's proof: its leaf, its salt, and the path to a root that stands on chain.

What is not here: what is shown to whom (the owner alone), and checking it (the open verifier).
"""

import uuid
from dataclasses import dataclass

from chain.merkle import Path
from trading.models import Batch, BatchState, LeafVersion
from trading.solana import salt_master
from trading.state_leaves import content_of
from trading.state_tree import RememberedTree

_TREE = RememberedTree()


@dataclass(frozen=True, kw_only=True)
class AccountProof:
    """A leaf of a confirmed root with everything that proves it."""

    number: int
    root: bytes
    leaf: LeafVersion
    salt: bytes
    salt_key: bytes
    body_hash: bytes
    path: Path


def forget_tree() -> None:
    """Forget the remembered tree, as a new process would."""
    global _TREE  # noqa: PLW0603 - one tree a process
    _TREE = RememberedTree()


def newest_confirmed() -> Batch | None:
    """Return the newest root that the chain has confirmed."""
    return (
        Batch.objects.filter(state__in=[BatchState.CONFIRMED, BatchState.FINALIZED])
        .order_by("-number")
        .first()
    )


def newest_proof(account_id: uuid.UUID, /, *, batch: Batch | None = None) -> AccountProof | None:
    """Return an account's proof against a confirmed root, the newest if none is named."""
    batch = batch or newest_confirmed()
    if batch is None:
        return None
    row = (
        LeafVersion.objects.filter(account_id=account_id, batch_id__lte=batch.number)
        .order_by("-batch_id")
        .first()
    )
    if row is None:
        return None
    _TREE.catch_up(batch.number)
    content = content_of(row)
    leaf = content.leaf(master=salt_master(), change=row.change)
    return AccountProof(
        number=batch.number,
        root=bytes(batch.root),
        leaf=row,
        salt=leaf.salt,
        salt_key=content.salt_key(master=salt_master()),
        body_hash=leaf.body_hash,
        path=_TREE.path(row.place, number=batch.number),
    )
