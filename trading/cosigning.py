"""Settlement's side of the door to the witness: asks for a signature, and takes the answer.

One row asks for one signature; the witness is woken, answers in the row, and settlement puts the
signature into the transaction's bytes. What is not here: what the witness compares
(`trading.witness`).
"""

from enum import Enum
from typing import Final

from django.db import connection
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import Transaction

from chain.transactions import with_signature
from godark.clock import now_ms
from trading.alerts import raise_alert_once
from trading.models import (
    AlertKind,
    Batch,
    ChainTransaction,
    Checkpoint,
    RequestState,
    Signed,
    WitnessRequest,
)

CHANNEL: Final = "godark_witness"
NOTIFY: Final = f"NOTIFY {CHANNEL}"
PATIENCE_MS: Final = {Signed.ROOT: 10_000, Signed.CHECKPOINT: 60_000}
REST_MS: Final = 5_000
"""So long after a refusal no new one is built: what is wrong has to be mended first."""


class Answer(Enum):
    """What came of a request."""

    WAITING = "waiting"
    SIGNED = "signed"
    REFUSED = "refused"


def ask(subject: Batch | Checkpoint, row: ChainTransaction, /, *, due_at_ms: int) -> None:
    """Ask for the witness's signature under a transaction, within the caller's own."""
    kind = _kind_of(subject)
    message = bytes(Transaction.from_bytes(bytes(row.raw)).message)
    WitnessRequest.objects.filter(kind=kind, state=RequestState.ASKED).delete()
    WitnessRequest.objects.create(
        kind=kind,
        number=subject.number,
        transaction=row,
        message=message,
        due_at_ms=due_at_ms,
        asked_at_ms=now_ms(),
    )
    with connection.cursor() as cursor:
        cursor.execute(NOTIFY)


def take_answer(subject: Batch | Checkpoint, /, *, witness: Pubkey) -> Answer:
    """Put the witness's signature into a transaction if it is there; alert where it is not.

    A signature that is none counts as a refusal.
    """
    kind, transaction = _kind_of(subject), subject.transaction
    row = WitnessRequest.objects.filter(transaction=transaction).first()
    if row is None or transaction is None or row.state == RequestState.ASKED:
        if row is not None and now_ms() - row.asked_at_ms > PATIENCE_MS[kind]:
            detail = f"No answer for {kind.label.lower()} {subject.number}."
            raise_alert_once(AlertKind.WITNESS_SILENT, detail)
        return Answer.WAITING
    if row.state == RequestState.SIGNED:
        try:
            _complete(transaction, bytes(row.signature), witness=witness)
        except ValueError:
            refuse(row, reason="SIGNATURE")
        else:
            WitnessRequest.objects.filter(kind=kind, number__lte=subject.number).delete()
            return Answer.SIGNED
    raise_alert_once(AlertKind.WITNESS_REFUSES, f"{kind.label} {subject.number}: {row.reason}.")
    return Answer.REFUSED


def refuse(row: WitnessRequest, /, *, reason: str) -> None:
    """Write down why a request is not signed."""
    row.state, row.reason, row.answered_at_ms = RequestState.REFUSED, reason, now_ms()
    row.save(update_fields=["state", "reason", "answered_at_ms"])


def first_due_ms(number: int, /) -> int | None:
    """Return when a root that was refused before was first due."""
    due = WitnessRequest.objects.filter(kind=Signed.ROOT, number=number, state=RequestState.REFUSED)
    return due.order_by("due_at_ms").values_list("due_at_ms", flat=True).first()


def is_resting(kind: Signed, /) -> bool:
    """Tell whether a refusal is so young that nothing can have been mended since."""
    since = now_ms() - REST_MS
    young = WitnessRequest.objects.filter(
        kind=kind, state=RequestState.REFUSED, answered_at_ms__gt=since
    )
    return young.exists()


def _kind_of(subject: Batch | Checkpoint, /) -> Signed:
    return Signed.ROOT if isinstance(subject, Batch) else Signed.CHECKPOINT


def _complete(row: ChainTransaction, signature: bytes, /, *, witness: Pubkey) -> None:
    row.raw = with_signature(bytes(row.raw), key=witness, signature=Signature(signature))
    row.is_complete = True
    row.save(update_fields=["raw", "is_complete"])
