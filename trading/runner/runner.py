"""The loop of the engine: take, decide, commit, tell; and how it begins and ends.

While a step is committed by a thread, the next is decided, and the one before is told by another;
none is written before the one before it. A step that fails after it was decided is not repaired:
the exception leaves `step`, and whoever runs the runner ends with it and starts anew from the log.
A command that broke an invariant is counted first; the second time, taken alone, it is set aside
(I47).
"""

import time
from collections.abc import Callable
from typing import Any, Final

import psycopg
import structlog

from chain.signer import Signer
from godark.clock import now_ms
from trading import log as event_log
from trading.alerts import raise_alert_on
from trading.models import AlertKind
from trading.projections import BY_INDEX, Projector
from trading.recording import Recorded
from trading.runner import lock
from trading.runner.committing import (
    Scribe,
    commit,
    count_failures,
    record_failing,
    set_aside,
)
from trading.runner.deciding import CommandFailedError, decide_step
from trading.runner.measuring import Measures
from trading.runner.news import News
from trading.runner.notary import Notary
from trading.runner.restore import Restored, follow, newest_snapshot
from trading.runner.taking import AT_ONCE, Step, arrange, take
from trading.runner.telling import Teller
from trading.runner.writing import Finished, Writer

log = structlog.get_logger(__name__)

NO_EXPIRY_AFTER_FAILURE_MS: Final = 60_000


class NotHeldError(Exception):
    """Another engine holds the lock."""


class Runner:
    """One engine; made by `start`, it holds the lock on `connection` until `stop`.

    All is written on `connection`. With a second one to read on, a step is written by a thread
    while the next is decided; else each is written before the next.
    """

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        *,
        restored: Restored,
        signer: Signer,
        reading: psycopg.Connection[Any] | None = None,
        teller: Teller | None = None,
        clock_ms: Callable[[], int] = now_ms,
    ) -> None:
        self.connection = connection
        self.state, self.place = restored
        self.reading = reading or connection
        self.projector = Projector.load(self.reading, self.state)
        connection.execute(BY_INDEX)
        self.steps = 0
        self.at_most = AT_ONCE
        self._clock_ms = clock_ms
        self.measures = Measures(began_ms=clock_ms())
        self.at_ms = event_log.last_moment_ms(connection)
        notary = Notary.open(connection, signer, at_ms=clock_ms())
        self._scribe = Scribe(self.reading, projector=self.projector, notary=notary)
        self._news = News.load(connection, since_ms=self.at_ms)
        self._teller = teller
        if teller is not None:
            teller.begin(sequence=self.place.sequence)
        self._no_expiry_until_ms = _last_failed_expiry_ms(connection) + NO_EXPIRY_AFTER_FAILURE_MS
        self._writer = Writer(self._commit, teller, beside=reading is not None)

    @classmethod
    def start(
        cls,
        connection: psycopg.Connection[Any],
        *,
        signer: Signer,
        reading: psycopg.Connection[Any] | None = None,
        standing: Restored | None = None,
        teller: Teller | None = None,
        clock_ms: Callable[[], int] = now_ms,
    ) -> "Runner":
        """Take the lock, bring the state to the end of the log, and be the engine.

        `signer` signs receipts; `standing` is a state that a standby has kept up. Raises
        NotHeldError.
        """
        if not lock.take(connection):
            raise NotHeldError("another engine is running on this database")
        began = time.perf_counter()
        standing = standing or newest_snapshot(connection)
        restored = follow(connection, standing)
        log.info("engine_restored", events=restored.place.sequence)
        made = cls(
            connection,
            restored=restored,
            signer=signer,
            reading=reading,
            teller=teller,
            clock_ms=clock_ms,
        )
        made.measures.figures.restored_s = time.perf_counter() - began
        return made

    def step(self) -> int:
        """Make one step of what waits; return how many commands it took.

        Where a thread writes, the step may still be written when this returns; a step that takes
        nothing waits for it.
        """
        # 1. Take.
        marks = [time.perf_counter()]
        waiting = take(self.reading, taken=self._writer.taken, at_most=self.at_most)
        at_ms = self.at_ms = max(self.at_ms, self._clock_ms())
        step = arrange(self.state, waiting, at_ms=at_ms, expires=at_ms >= self._no_expiry_until_ms)
        marks.append(time.perf_counter())
        # 2. Decide.
        try:
            whole, place = decide_step(
                self.state, self.place, step, at_ms=at_ms, observe=self.projector.observe
            )
        except CommandFailedError as failed:
            self.finish()
            self._blame(failed, step)
            raise
        if whole.is_empty:
            return self.finish()
        marks.append(time.perf_counter())
        # 3. Note what it means, before anything else is decided.
        noted, written = self._scribe.record(whole, self.state)
        finished = Finished(
            whole=whole,
            numbers=[one.number for one in waiting],
            noted=noted,
            outcomes=[one.outcome for one in whole.decided if one.planned.number is not None],
            news=() if self._teller is None else self._news.of(written, self.state, at_ms=at_ms),
            sequence=place.sequence,
            marks=marks,
        )
        # 4. Write, all or nothing, then tell; after the step before.
        self.finish()
        self.place = place
        self.steps += 1
        self._writer.begin(finished)
        if self.reading is self.connection:
            self.finish()
        return len(waiting)

    def finish(self) -> int:
        """Wait until all that was decided is written; return how many commands that were."""
        found = self._writer.finish()
        if found is None:
            return 0
        step, failure = found
        if failure is not None:
            self._judge(step, failure)
            raise failure
        self.measures.count(
            step.whole,
            commands=len(step.numbers),
            marks=step.marks,
            told_s=self._writer.told_s(),
        )
        return len(step.numbers)

    def give_sign(self) -> None:
        """Say now and then that the engine is there, and how it is."""
        if self._teller is not None and self._teller.is_sign_due():
            self._teller.give_sign(self.measures.look(self.state, at_ms=self._clock_ms()))

    def end(self) -> None:
        """Let what is being written come to its end; nothing more is."""
        self._writer.end()

    def stop(self) -> None:
        """Let another engine take over, where this process lives on."""
        self.end()
        lock.give_back(self.connection)

    def _commit(self, noted: Recorded) -> None:
        commit(self.connection, noted)

    def _judge(self, step: Finished, failure: Exception) -> None:
        """Count a step that PostgreSQL refuses, as it would for ever: each is taken alone next."""
        if isinstance(failure, psycopg.DataError | psycopg.IntegrityError):
            with self.connection.transaction():
                detail = f"{type(failure).__name__} at {len(step.numbers)} commands"
                raise_alert_on(self.connection, AlertKind.STEP_REFUSED, detail)
                self._count(step.numbers, is_alone=step.whole.step.is_alone)

    def _blame(self, failed: CommandFailedError, step: Step) -> None:
        """Remember which command broke; the second time, alone, it is set aside."""
        number = failed.planned.number
        with self.connection.transaction():
            detail = f"{failed} at {failed.where}, number {number}"
            raise_alert_on(self.connection, AlertKind.COMMAND_FAILED, detail)
            if number is None:
                record_failing(self.connection, failed.planned.command)
            else:
                self._count([number], is_alone=step.is_alone)

    def _count(self, numbers: list[int], *, is_alone: bool) -> None:
        if is_alone:
            set_aside(self.connection, numbers)
            detail = f"number {numbers[0]}"
            raise_alert_on(self.connection, AlertKind.COMMAND_SET_ASIDE, detail)
        else:
            count_failures(self.connection, numbers)


def _last_failed_expiry_ms(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute(
        """
        SELECT max(decided_at_ms) FROM trading_command
        WHERE failures > 0 AND kind = 'ExpireDue'
        """
    ).fetchone()
    return int(row[0]) if row and row[0] is not None else 0
