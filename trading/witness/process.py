"""The witness as a process: follows the log, answers settlement's requests, keeps its memory.

Alone by a lock of its own. While the node or a request's rows are away it waits and asks again;
a log that does not hold, or a root on chain that it cannot find, ends it. What is not here: what it
compares (`judging`).
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import psycopg
import structlog
from django.conf import settings
from django.db.models import Case, When
from psycopg import sql

from chain.client import ChainClient
from chain.errors import ChainUnreachableError
from godark import alive
from godark.clock import now_ms
from godark.reading import connection_parameters
from trading import cosigning, log
from trading.alerts import raise_alert_once
from trading.log import LogBrokenError
from trading.models import (
    AlertKind,
    Batch,
    BatchState,
    LeafVersion,
    RequestState,
    Signed,
    WitnessRequest,
)
from trading.projections.ids import Ids
from trading.solana import program_addresses, salt_master, signer
from trading.witness import memory
from trading.witness.book import Book
from trading.witness.checkpoints import sign_checkpoint
from trading.witness.judging import Claim, Means, RefusedError, Witness
from trading.witness.replay import Replay

events_log = structlog.get_logger(__name__)

LOCK: Final = (0x0D420, 1)
IDLE_S: Final = 0.25
KEEP_EVERY_S: Final = 300.0


class AnotherWitnessError(Exception):
    """Another witness holds the lock."""


class LostError(Exception):
    """The chain has a root that the witness does not find in the log."""


class Desk:
    """Takes what settlement asks for, one root at a time."""

    def __init__(
        self, witness: Witness, connection: psycopg.Connection[Any], *, memory_path: Path
    ) -> None:
        self.witness = witness
        self._connection = connection
        self._path = memory_path
        self._kept_at = time.monotonic()
        self._kept_number = witness.book.number
        self._sign_at = 0.0

    def step(self) -> bool:
        """Take over what is on chain, answer what is asked, read ahead; tell if there was work."""
        worked = self.follow() > 0
        worked = self.answer() or worked
        worked = self.witness.replay.read_ahead(self._connection) > 0 or worked
        if time.monotonic() - self._kept_at >= KEEP_EVERY_S:
            self.keep()
        return worked

    def follow(self) -> int:
        """Find every root that the chain has and the book has not; return how many."""
        found = 0
        landed = Batch.objects.filter(
            number__gt=self.witness.book.number,
            state__in=[BatchState.CONFIRMED, BatchState.FINALIZED],
        ).order_by("number")
        for batch in landed.iterator():
            try:
                self.witness.follow(self._connection, claim_of(batch), root=bytes(batch.root))
            except RefusedError as refused:
                detail = f"Root {batch.number}, which is on chain: {refused.reason}."
                raise_alert_once(AlertKind.WITNESS_REFUSES, detail)
                raise LostError(detail) from None
            found += 1
        return found

    def answer(self) -> bool:
        """Sign or refuse what is asked for, roots first; tell whether anything was."""
        asked = WitnessRequest.objects.filter(state=RequestState.ASKED)
        request = asked.order_by(Case(When(kind=Signed.ROOT, then=0), default=1)).first()
        if request is None:
            return False
        try:
            signature = self._sign(request)
        except RefusedError as refused:
            reason = refused.reason.value
            events_log.error("not_signed", kind=request.kind, number=request.number, reason=reason)
            cosigning.refuse(request, reason=reason)
            return True
        if signature is None:
            return False
        WitnessRequest.objects.filter(pk=request.pk, state=RequestState.ASKED).update(
            state=RequestState.SIGNED, signature=signature, answered_at_ms=now_ms()
        )
        return True

    def _sign(self, request: WitnessRequest, /) -> bytes | None:
        """Return the signature; None where the request is of a root that is gone."""
        message = bytes(request.message)
        if request.kind == Signed.CHECKPOINT:
            return sign_checkpoint(self.witness, message)
        batch = Batch.objects.filter(number=request.number).first()
        if batch is None:
            return None
        return self.witness.sign(self._connection, claim_of(batch), message)

    def keep(self) -> None:
        """Write the memory, if there is a new root to remember."""
        number = self.witness.book.number
        if number == self._kept_number:
            self._kept_at = time.monotonic()
        elif memory.keep(self._path, self.witness.replay, self.witness.book):
            self._kept_at, self._kept_number = time.monotonic(), number

    def give_sign(self) -> None:
        """Say now and then that the witness is there."""
        now = time.monotonic()
        if now - self._sign_at >= alive.EVERY_SECONDS:
            self._sign_at = now
            alive.give_sign(alive.Part.WITNESS)


def run(*, is_stopping: Callable[[], bool], say: Callable[[str], Any]) -> None:
    """Be the witness until told to stop."""
    with connect() as connection:
        take_lock(connection)
        connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(cosigning.CHANNEL)))
        path = settings.WITNESS_MEMORY
        desk = Desk(recalled(means(), connection), connection, memory_path=path)
        say("The witness runs.")
        while not is_stopping():
            try:
                if not desk.step():
                    _wait(connection)
            except ChainUnreachableError as error:
                events_log.warning("chain_unreachable", error=str(error)[:200])
                _wait(connection)
            desk.give_sign()
        desk.keep()
        say("The witness has kept what it knows and stops.")


def means() -> Means:
    """Return what the witness needs beside the log; only this process opens its key."""
    with connect() as connection, connection.cursor() as cursor:
        ids = Ids.load(cursor)
    return Means(
        client=ChainClient(settings.WITNESS_RPC_URL),
        addresses=program_addresses(),
        signer=signer("witness"),
        salt_master=salt_master(),
        ids=ids,
        allows_gifts=not settings.IN_PRODUCTION,
    )


def recalled(means: Means, connection: psycopg.Connection[Any], /) -> Witness:
    """Return the witness as its memory has it, or at the beginning of the log."""
    found = memory.recall(settings.WITNESS_MEMORY)
    if found is not None and log.head_after(connection, found[0].place.sequence) == (
        found[0].place.head
    ):
        return Witness(means, *found)
    return Witness(means, Replay(), Book())


def claim_of(batch: Batch, /) -> Claim:
    """Return what settlement claims of a root."""
    leaves = LeafVersion.objects.filter(batch_id=batch.number).order_by("place")
    return Claim(
        number=batch.number,
        sequence=batch.event_sequence,
        leaves=list(leaves),
        marks_half_ticks=batch.marks_half_ticks,
    )


def connect() -> psycopg.Connection[Any]:
    """Return a connection for the log and the lock."""
    return psycopg.connect(**connection_parameters(), autocommit=True)


def take_lock(connection: psycopg.Connection[Any], /) -> None:
    """Hold out every other witness; raises `AnotherWitnessError`."""
    row = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", LOCK).fetchone()
    if not (row and row[0]):
        raise AnotherWitnessError


def _wait(connection: psycopg.Connection[Any], /) -> None:
    """Wait until a request is written, at most a moment."""
    for _ in connection.notifies(timeout=IDLE_S, stop_after=1):
        pass


__all__ = ["AnotherWitnessError", "Desk", "LogBrokenError", "LostError", "run"]
