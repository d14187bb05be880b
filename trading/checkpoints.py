"""Checkpoints: every quarter of an hour all claims, in trees whose roots go to the chain.

BUILT > SENT > CONFIRMED > FINALIZED, like state roots, and co-signed like them. A checkpoint is of
a root that the chain has confirmed, and is made of that root's leaves and of marks that roots
committed: whoever has them makes the same bytes. What is not here: what a claim is
(`trading.claims`), the trees (`trading.claim_trees`), and an account's proof
(`trading.claim_proofs`).
"""

from typing import Final, NamedTuple

import structlog
from django.conf import settings
from django.db import connection, transaction
from solders.pubkey import Pubkey

from chain import instructions
from chain.client import Level
from chain.instructions import CheckpointCommitment
from chain.layouts import Checkpoints
from chain.transactions import build_message, sign_partly
from engine.units import MINUTE_MS, SECOND_MS
from godark.clock import now_ms
from trading import cosigning, sending
from trading.claim_trees import Basis, ClaimTrees, claim_trees, commitment_of, uncollected
from trading.claims import MEDIAN_MINUTES, Standing, median_marks, terms_of
from trading.cosigning import Answer
from trading.models import (
    Batch,
    BatchState,
    ChainTransaction,
    Checkpoint,
    CheckpointLevel,
    SendingState,
    Signed,
)
from trading.solana import FEE, Solana, own_vaults
from trading.state_leaves import contents_as_of

log = structlog.get_logger(__name__)

KEPT_WHOLE: Final = 8
"""Of so many checkpoints all nodes are kept; of older ones what the chain has, and their row."""

COPY_LEVELS: Final = """
    COPY trading_checkpointlevel (checkpoint_id, level, hashes, sums) FROM STDIN (FORMAT BINARY)
"""
ON_CHAIN: Final = (BatchState.CONFIRMED, BatchState.FINALIZED)


class Made(NamedTuple):
    """A checkpoint that was computed and is not written yet."""

    trees: ClaimTrees
    basis: Basis
    said: CheckpointCommitment


def keep_committing(door: Solana, /) -> Checkpoint | None:
    """Take checkpoints as far as it goes now; return the one that was built, if any.

    Raises `ChainUnreachableError`; every step is written before the next begins.
    """
    advance(door)
    if cosigning.is_resting(Signed.CHECKPOINT):
        return None
    built = build_due(door)
    if built is not None:
        advance(door)
    return built


def advance(door: Solana, /) -> None:
    """Take every checkpoint that is not final one step further.

    One that the witness refuses, or that never landed, is dropped: it is not rebuilt but made of
    a newer root, since the program forgets the roots of old ones. Its number was not used.
    """
    open_ones = Checkpoint.objects.select_related("transaction")
    rows = list(open_ones.exclude(state=BatchState.FINALIZED).order_by("number"))
    rows = [row for row in rows if _is_still_wanted(door, row)]
    sending.advance(door.client, [row.transaction for row in rows])
    for row in rows:
        if row.transaction.state in (SendingState.EXPIRED, SendingState.FAILED):
            _give_up(door, row)
        else:
            _note(row)


def _is_still_wanted(door: Solana, row: Checkpoint, /) -> bool:
    """Take the witness's answer where one is awaited; drop what it refuses."""
    if row.transaction.is_complete or row.state != BatchState.BUILT:
        return True
    record = door.records.exchange(level=Level.CONFIRMED)
    if record is None or record.witness is None:
        return True
    if cosigning.take_answer(row, witness=record.witness) is not Answer.REFUSED:
        return True
    log.error("checkpoint_refused", number=row.number)
    _drop(row, error="refused by the witness")
    return False


def _give_up(door: Solana, row: Checkpoint, /) -> None:
    """Drop what never landed, unless the chain has it after all: it is asked, at `finalized`."""
    known = door.records.checkpoints(level=Level.FINALIZED)
    if known is not None and known.number >= row.number:
        row.state = BatchState.FINALIZED
        row.finalized_at_ms = row.finalized_at_ms or now_ms()
        row.confirmed_at_ms = row.confirmed_at_ms or row.finalized_at_ms
        row.save(update_fields=["state", "finalized_at_ms", "confirmed_at_ms"])
        return
    sending.is_failing("checkpoint")
    log.warning("checkpoint_dropped", number=row.number, error=row.transaction.error)
    _drop(row, error=row.transaction.error)


@transaction.atomic
def _drop(row: Checkpoint, /, *, error: str) -> None:
    sent = row.transaction
    row.delete()
    sent.state, sent.error = SendingState.FAILED, error
    sent.save(update_fields=["state", "error"])


def _note(row: Checkpoint, /) -> None:
    """Write on the checkpoint how far its transaction is."""
    state = BatchState(row.transaction.state)
    if state == row.state:
        return
    row.state = state
    row.confirmed_at_ms = row.transaction.confirmed_at_ms
    row.finalized_at_ms = row.transaction.finalized_at_ms
    row.save(update_fields=["state", "confirmed_at_ms", "finalized_at_ms"])


def build_due(door: Solana, /) -> Checkpoint | None:
    """Build the next checkpoint if its time has come and a root stands to make it of."""
    record = door.records.exchange(level=Level.CONFIRMED)
    known = door.records.checkpoints(level=Level.CONFIRMED)
    if record is None or known is None:
        return None
    # Nothing can have been paid by a newer root than the record's own, so what it says was paid
    # is exactly what was paid under this one.
    batch = Batch.objects.filter(number=record.root_number, state__in=ON_CHAIN).first()
    newest = Checkpoint.objects.order_by("-number").first()
    if batch is None or not is_due(newest) or not _may_come(door, known):
        return None
    number = known.number + 1
    marks = median_marks(standing_marks(batch), at_ms=batch.at_ms)
    basis = Basis(
        number=number,
        root_number=batch.number,
        terms=terms_of(door.records.markets(level=Level.CONFIRMED), marks),
        own_vaults=own_vaults(door.records),
        master=door.salt_master,
    )
    with uncollected():
        trees = claim_trees(contents_as_of(batch.number), basis)
    # What is owed at any price is what was ever credited: money is conserved.
    said = commitment_of(
        trees, basis, deposits_micro=batch.total_micro, paid_micro=record.paid_micro
    )
    return _store(door, batch, Made(trees, basis, said))


def _may_come(door: Solana, known: Checkpoints, /) -> bool:
    """Tell whether the program takes one already, by its own clock."""
    before = known.newest
    at_s = door.records.now_seconds(level=Level.CONFIRMED)
    return before is None or at_s >= before.committed_at + known.interval_seconds


def is_due(newest: Checkpoint | None, /) -> bool:
    """Tell whether a new interval has begun since the newest checkpoint, if that has landed."""
    if newest is None:
        return True
    interval_ms = settings.CHECKPOINT_SECONDS * SECOND_MS
    has_begun = now_ms() // interval_ms > newest.built_at_ms // interval_ms
    return has_begun and newest.state in ON_CHAIN


def standing_marks(batch: Batch, /) -> list[Standing]:
    """Return what stood on chain in the half hour up to a root, and what stood before it."""
    begins_ms = batch.at_ms - MEDIAN_MINUTES * MINUTE_MS
    until = Batch.objects.filter(number__lte=batch.number)
    rows = list(until.filter(at_ms__gt=begins_ms).order_by("number"))
    before = until.filter(at_ms__lte=begins_ms).order_by("-number").first()
    return [
        Standing(row.number, row.at_ms, tuple(row.standing_half_ticks))
        for row in ([before] if before else []) + rows
    ]


@transaction.atomic
def _store(door: Solana, batch: Batch, made: Made, /) -> Checkpoint:
    """Write the checkpoint with its transaction, and ask the witness."""
    record = door.records.exchange(level=Level.CONFIRMED)
    witness = record.witness if record else None
    sent = _transaction(door, made.said, witness=witness)
    row = written(made, batch, transaction=sent)
    if witness is not None:
        cosigning.ask(row, sent, due_at_ms=row.built_at_ms)
    log.info("checkpoint_built", number=row.number, root_number=batch.number)
    return row


def written(made: Made, batch: Batch, /, *, transaction: ChainTransaction) -> Checkpoint:
    """Write a checkpoint with all nodes, and forget those of old ones."""
    trees, basis, said = made
    terms = basis.terms
    row = Checkpoint.objects.create(
        number=said.number,
        batch=batch,
        at_ms=batch.at_ms,
        plain_root=said.plain_root,
        sum_root=said.sum_root,
        users_micro=said.claims_micro,
        venue_micro=said.venue_micro,
        deposits_micro=said.deposits_micro,
        released_micro=said.released_micro,
        paid_micro=said.paid_micro,
        leaves=said.count,
        depth=said.depth,
        ids_depth=said.ids_depth,
        ids_root=said.ids_root,
        marks_root=said.marks_root,
        file_head=trees.file_head,
        file_digest=said.file_hash,
        symbols=list(terms.symbols),
        marks_half_ticks=list(terms.marks_half_ticks),
        units_micro=list(terms.units_micro),
        sizes_lots=list(trees.sizes_lots),
        state=BatchState.BUILT,
        transaction=transaction,
        built_at_ms=now_ms(),
    )
    levels = enumerate(zip(trees.plain, trees.sums, strict=True))
    with connection.cursor() as cursor, cursor.copy(COPY_LEVELS) as copy:
        copy.set_types(("int8", "int2", "bytea", "bytea"))
        for level, (hashes, sums) in levels:
            copy.write_row((row.number, level, hashes, sums))
    CheckpointLevel.objects.filter(checkpoint_id__lte=said.number - KEPT_WHOLE).delete()
    return row


def _transaction(
    door: Solana, said: CheckpointCommitment, /, *, witness: Pubkey | None
) -> ChainTransaction:
    """Sign a checkpoint with the newest blockhash, and store the bytes."""
    payer = door.operator.public_key
    built = instructions.commit_checkpoint(
        door.addresses, operator=payer, witness=witness, commitment=said
    )
    blockhash = door.client.latest_blockhash()
    message = build_message([built], payer=payer, blockhash=blockhash.value, fee=FEE)
    height = blockhash.last_valid_height
    signed = sign_partly(message, signers=[door.operator], last_valid_height=height)
    return sending.store(signed, purpose="checkpoint", is_complete=witness is None)
