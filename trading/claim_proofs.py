"""An account's proof of its claim: leaf, salt and both paths of a checkpoint; the published file.

Nodes are read where they are kept, a few bytes of each level. What is not here: what is shown to
whom (the owner alone), and checking it (the open verifier).
"""

import uuid
from dataclasses import dataclass
from typing import Final

from django.db import connection

from chain.claims import Claim, Summed
from chain.levels import EMPTY_PLAIN, EMPTY_SUMS, SUM_SIZE, sum_node_of
from chain.merkle import HASH_SIZE, Path
from trading.claim_trees import Basis, claim_of
from trading.claims import Terms
from trading.models import BatchState, Checkpoint, CheckpointLevel, LeafVersion
from trading.solana import salt_master
from trading.state_leaves import content_of

SLICE: Final = 1 << 20
FIND: Final = """
    SELECT position(%s IN hashes) - 1 FROM trading_checkpointlevel
    WHERE checkpoint_id = %s AND level = 0
"""
SIBLINGS: Final = """
    SELECT substring(hashes FROM (((%(index)s >> level) # 1) * %(hash)s + 1)::int FOR %(hash)s),
        substring(sums FROM (((%(index)s >> level) # 1) * %(sum)s + 1)::int FOR %(sum)s)
    FROM trading_checkpointlevel
    WHERE checkpoint_id = %(number)s AND level < %(depth)s ORDER BY level
"""
PIECE: Final = """
    SELECT substring(hashes FROM %s FOR %s) FROM trading_checkpointlevel
    WHERE checkpoint_id = %s AND level = 0
"""


@dataclass(frozen=True, kw_only=True)
class ClaimProof:
    """A claim of a checkpoint with everything that proves it; `leaf` is the state it comes from."""

    checkpoint: Checkpoint
    leaf: LeafVersion
    claim: Claim
    path: Path
    sum_path: tuple[Summed, ...]


def newest_on_chain() -> Checkpoint | None:
    """Return the newest checkpoint that the chain has confirmed."""
    on_chain = Checkpoint.objects.filter(state__in=[BatchState.CONFIRMED, BatchState.FINALIZED])
    return on_chain.select_related("transaction").order_by("-number").first()


def claim_proof(account_id: uuid.UUID, checkpoint: Checkpoint, /) -> ClaimProof | None:
    """Return an account's proof; None where the checkpoint has no leaf, or no nodes, of it."""
    row = (
        LeafVersion.objects.filter(account_id=account_id, batch_id__lte=checkpoint.batch_id)
        .order_by("-batch_id")
        .first()
    )
    if row is None:
        return None
    claim = claim_of(content_of(row), basis_of(checkpoint), place=row.place)
    index = _index_of(claim.hash, checkpoint)
    if index is None:
        return None
    siblings, sums = _siblings(index, checkpoint)
    return ClaimProof(
        checkpoint=checkpoint,
        leaf=row,
        claim=claim,
        path=Path(index=index, siblings=siblings),
        sum_path=sums,
    )


def basis_of(checkpoint: Checkpoint, /) -> Basis:
    """Return what a kept checkpoint was made of, as far as a single claim needs it."""
    return Basis(
        number=checkpoint.number,
        root_number=checkpoint.batch_id,
        terms=Terms(
            symbols=tuple(checkpoint.symbols),
            marks_half_ticks=tuple(checkpoint.marks_half_ticks),
            units_micro=tuple(checkpoint.units_micro),
        ),
        own_vaults=(),
        master=salt_master(),
    )


def has_file(checkpoint: Checkpoint, /) -> bool:
    """Tell whether a checkpoint's file is still kept here."""
    return CheckpointLevel.objects.filter(checkpoint=checkpoint, level=0).exists()


def hashes_from(start: int, checkpoint: Checkpoint, /) -> bytes:
    """Return the leaf hashes from a byte on, at most `SLICE` bytes: the file after its head."""
    with connection.cursor() as cursor:
        cursor.execute(PIECE, [start + 1, SLICE, checkpoint.number])
        found = cursor.fetchone()
    return b"" if found is None else bytes(found[0])


def _index_of(hashed: bytes, checkpoint: Checkpoint, /) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(FIND, [hashed, checkpoint.number])
        found = cursor.fetchone()
    if found is None or found[0] < 0:
        return None
    return int(found[0]) // HASH_SIZE


def _siblings(
    index: int, checkpoint: Checkpoint, /
) -> tuple[tuple[bytes, ...], tuple[Summed, ...]]:
    """Return both paths, lowest first; where a level ends, its empty node stands."""
    asked = {
        "index": index,
        "hash": HASH_SIZE,
        "sum": SUM_SIZE,
        "number": checkpoint.number,
        "depth": checkpoint.depth,
    }
    with connection.cursor() as cursor:
        cursor.execute(SIBLINGS, asked)
        rows = cursor.fetchall()
    plain = [bytes(one) or EMPTY_PLAIN[level] for level, (one, _sum) in enumerate(rows)]
    sums = [bytes(one) or EMPTY_SUMS[level] for level, (_hash, one) in enumerate(rows)]
    return tuple(plain), tuple(sum_node_of(one) for one in sums)
