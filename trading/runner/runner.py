"""The loop of the engine: take, decide, commit, tell; and how it begins and ends.

A step that fails after it was decided is not repaired: the exception leaves `step`, and whoever
runs the runner ends with it and starts anew from the log. A command that broke an invariant is
counted first; the second time, taken alone, it is set aside (I47).
"""

import time
from collections.abc import Callable
from typing import Any, Final

import psycopg
import structlog

from chain.signer import Signer
from trading import log as event_log
from trading.alerts import raise_alert_on
from trading.models import AlertKind
from trading.projections import Projector
from trading.runner import lock
from trading.runner.committing import (
    AccountSequences,
    commit,
    count_failures,
    record_failing,
    set_aside,
)
from trading.runner.deciding import CommandFailedError, DecidedStep, decide_step
from trading.runner.measuring import Measures
from trading.runner.news import News
from trading.runner.notary import Notary
from trading.runner.restore import Restored, follow, newest_snapshot
from trading.runner.taking import AT_ONCE, Step, Waiting, arrange, take
from trading.runner.telling import Teller

log = structlog.get_logger(__name__)

NO_EXPIRY_AFTER_FAILURE_MS: Final = 60_000


def wall_clock_ms() -> int:
    """Return the moment in Unix milliseconds."""
    return time.time_ns() // 1_000_000


class NotHeldError(Exception):
    """Another engine holds the lock."""


class Runner:
    """One engine on one connection; made by `start`, it holds the lock until `stop`."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        *,
        restored: Restored,
        signer: Signer,
        teller: Teller | None = None,
        clock_ms: Callable[[], int] = wall_clock_ms,
    ) -> None:
        self.connection = connection
        self.state, self.place = restored
        self.projector = Projector.load(connection, self.state)
        self.steps = 0
        self.at_most = AT_ONCE
        self._teller = teller
        self._clock_ms = clock_ms
        self.measures = Measures(began_ms=clock_ms())
        self.at_ms = event_log.last_moment_ms(connection)
        self._sequences = AccountSequences()
        self._notary = Notary.open(connection, signer, at_ms=clock_ms())
        self._news = News.load(connection, since_ms=self.at_ms)
        if teller is not None:
            teller.begin(sequence=self.place.sequence)
        self._no_expiry_until_ms = _last_failed_expiry_ms(connection) + NO_EXPIRY_AFTER_FAILURE_MS

    @classmethod
    def start(
        cls,
        connection: psycopg.Connection[Any],
        *,
        signer: Signer,
        standing: Restored | None = None,
        teller: Teller | None = None,
        clock_ms: Callable[[], int] = wall_clock_ms,
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
        made = cls(connection, restored=restored, signer=signer, teller=teller, clock_ms=clock_ms)
        made.measures.figures.restored_s = time.perf_counter() - began
        return made

    def step(self) -> int:
        """Make one step of what waits; return how many commands it took."""
        # 1. Take.
        self.measures.begin()
        waiting = take(self.connection, after=0, at_most=self.at_most)
        at_ms = self.at_ms = max(self.at_ms, self._clock_ms())
        step = arrange(self.state, waiting, at_ms=at_ms, expires=at_ms >= self._no_expiry_until_ms)
        self.measures.mark()
        # 2. Decide.
        try:
            whole, place = decide_step(
                self.state, self.place, step, at_ms=at_ms, observe=self.projector.observe
            )
        except CommandFailedError as failed:
            self._blame(failed, step)
            raise
        if whole.is_empty:
            return 0
        self.measures.mark()
        # 3. Write, all or nothing.
        written = self._commit(whole, waiting)
        self.measures.mark()
        self.place = place
        self.steps += 1
        # 4. Tell.
        if self._teller is not None:
            outcomes = [one.outcome for one in whole.decided if one.planned.number is not None]
            news = self._news.of(written, self.state, at_ms=at_ms)
            self._teller.tell(outcomes, news=news, sequence=place.sequence)
        self.measures.mark()
        self.measures.end(whole, commands=len(waiting))
        return len(waiting)

    def give_sign(self) -> None:
        """Say now and then that the engine is there, and how it is."""
        if self._teller is not None and self._teller.is_sign_due():
            self._teller.give_sign(self.measures.look(self.state, at_ms=self._clock_ms()))

    def stop(self) -> None:
        """Let another engine take over, where this process lives on."""
        lock.give_back(self.connection)

    def _commit(self, whole: DecidedStep, waiting: list[Waiting]) -> Any:
        try:
            return commit(
                self.connection,
                whole,
                projector=self.projector,
                sequences=self._sequences,
                notary=self._notary,
                state=self.state,
            )
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            # What PostgreSQL refuses it would refuse for ever: each is taken alone from now on.
            numbers = [one.number for one in waiting]
            with self.connection.transaction():
                detail = f"{type(error).__name__} at {len(numbers)} commands"
                raise_alert_on(self.connection, AlertKind.STEP_REFUSED, detail)
                self._count(numbers, is_alone=whole.step.is_alone)
            raise

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
