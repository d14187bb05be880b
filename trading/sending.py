"""A transaction's way to the chain: stored, sent, seen, final, or expired.

The bytes are stored before they are first sent and sent again unchanged until their blockhash has
expired (I64); so a crash between any two lines here is healed by the next call. What is not here:
what to do after an expiry, which whoever built the transaction knows.
"""

from collections.abc import Sequence

from solders.signature import Signature

from chain.client import ChainClient, Level, Status
from chain.errors import TransactionRefusedError
from chain.transactions import SignedTransaction
from godark.clock import now_ms
from trading.alerts import raise_alert_once
from trading.models import AlertKind, ChainTransaction, SendingState

LONGEST_ERROR = 200
ALLOWED_FAILURES = 3
FAILURES_WITHIN_MS = 5 * 60_000
OPEN = (SendingState.BUILT, SendingState.SENT, SendingState.CONFIRMED)


def store(
    signed: SignedTransaction, /, *, purpose: str, is_complete: bool = True
) -> ChainTransaction:
    """Write a transaction down, not yet sent; one that lacks a signature is not sent before."""
    return ChainTransaction.objects.create(
        signature=str(signed.signature),
        raw=signed.raw,
        last_valid_height=signed.last_valid_height,
        purpose=purpose,
        is_complete=is_complete,
        built_at_ms=now_ms(),
    )


def advance(client: ChainClient, rows: Sequence[ChainTransaction], /) -> None:
    """Take each transaction one step further, and write how far it is.

    Raises `ChainUnreachableError`; what was not written is asked again by the next call.
    """
    waiting = [row for row in rows if row.state in OPEN]
    if not waiting:
        return
    statuses = client.statuses([Signature.from_string(row.signature) for row in waiting])
    unseen = [row for row, status in zip(waiting, statuses, strict=True) if status is None]
    height = client.block_height(level=Level.FINALIZED) if unseen else 0
    for row, status in zip(waiting, statuses, strict=True):
        if status is not None:
            _note(row, status)
        elif height > row.last_valid_height and _is_gone(client, row):
            _move(row, SendingState.EXPIRED)
        elif row.is_complete:
            _send(client, row)


def is_failing(purpose: str, /) -> bool:
    """Tell whether more than three of a purpose failed within five minutes; alert if so."""
    since = now_ms() - FAILURES_WITHIN_MS
    failed = ChainTransaction.objects.filter(purpose=purpose, failed_at_ms__gte=since).count()
    if failed <= ALLOWED_FAILURES:
        return False
    raise_alert_once(AlertKind.CHAIN_FAILING, f"more than {ALLOWED_FAILURES} of kind {purpose}")
    return True


def _send(client: ChainClient, row: ChainTransaction, /) -> None:
    """Hand the same bytes to the node, for the first time or again."""
    first = row.state == SendingState.BUILT
    try:
        client.send(bytes(row.raw), preflight=first)
    except TransactionRefusedError as refused:
        # Dry runs refuse what has landed meanwhile, or what a fork undid: only a status or the
        # end of the blockhash ends a transaction.
        row.error = str(refused)[:LONGEST_ERROR]
        row.save(update_fields=["error"])
        if first:
            client.send(bytes(row.raw), preflight=False)
    _move(row, SendingState.SENT)


def _is_gone(client: ChainClient, row: ChainTransaction, /) -> bool:
    """Ask once more: it may have landed in the last block that took it."""
    return client.statuses([Signature.from_string(row.signature)])[0] is None


def _note(row: ChainTransaction, status: Status, /) -> None:
    """Write what the chain says of a transaction that it has."""
    if status.error is not None:
        row.error = status.error[:LONGEST_ERROR]
        if Level.FINALIZED.reached_by(status.level):
            _move(row, SendingState.FAILED)
    elif Level.FINALIZED.reached_by(status.level):
        _move(row, SendingState.FINALIZED)
    elif Level.CONFIRMED.reached_by(status.level):
        _move(row, SendingState.CONFIRMED)


def _move(row: ChainTransaction, state: SendingState, /) -> None:
    """Change the state, with its moment the first time."""
    row.state = state
    moment = {
        SendingState.SENT: "sent_at_ms",
        SendingState.CONFIRMED: "confirmed_at_ms",
        SendingState.FINALIZED: "finalized_at_ms",
        SendingState.FAILED: "failed_at_ms",
        SendingState.EXPIRED: "failed_at_ms",
    }.get(state)
    at_ms = now_ms()
    if moment is not None and getattr(row, moment) is None:
        setattr(row, moment, at_ms)
    if state == SendingState.FINALIZED and row.confirmed_at_ms is None:
        row.confirmed_at_ms = at_ms
    row.save(
        update_fields=[
            "state",
            "error",
            "sent_at_ms",
            "confirmed_at_ms",
            "finalized_at_ms",
            "failed_at_ms",
        ]
    )
