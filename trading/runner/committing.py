"""Committing: everything that a step made true, noted when it was decided, in one transaction.

Events, what they say in rows, the commands marked with their outcomes, receipts. What is not
here: telling anybody, which comes after the commit only (I44).
"""

import json
import uuid
from collections.abc import Iterable
from functools import partial
from typing import Any, Final

import psycopg

from engine.codec import encode
from engine.commands import Command
from engine.state import State
from trading import log
from trading.alerts import raise_alert_on
from trading.models import AlertKind
from trading.projections import Projector, Written
from trading.recording import Hand, Recorded
from trading.runner.deciding import Decided, DecidedStep
from trading.runner.notary import Notary

MARK: Final = """
    UPDATE trading_command AS command SET
        status = 'DONE', decided_at_ms = %s, payload = coalesce(done.payload, command.payload),
        first_event = done.first_event, event_count = done.event_count,
        account_sequence = done.account_sequence, reason = done.reason,
        numbers = done.numbers, subject_id = done.subject_id
    FROM unnest(%b::bigint[], %b::bytea[], %b::bigint[], %b::int[], %b::bigint[], %b::text[],
                %s::jsonb[], %b::text[])
        AS done (id, payload, first_event, event_count, account_sequence, reason, numbers,
                 subject_id)
    WHERE command.id = done.id
"""
MARK_CONFLATED: Final = "UPDATE trading_command SET status = 'CONFLATED' WHERE id = ANY(%s)"
SET_ASIDE: Final = (
    "UPDATE trading_command SET status = 'SET_ASIDE', failures = failures + 1 WHERE id = ANY(%s)"
)
RECORD_OWN: Final = """
    INSERT INTO trading_command (kind, payload, status, failures, decided_at_ms, first_event,
        event_count, reason, numbers, subject_id)
    SELECT kind, payload, 'DONE', 0, %s, first_event, event_count, '', '{}', ''
    FROM unnest(%s::text[], %s::bytea[], %s::bigint[], %s::int[])
        AS done (kind, payload, first_event, event_count)
"""
NEWEST_SEQUENCES: Final = """
    SELECT account_id::text, (
        SELECT max(account_sequence) FROM trading_command AS command
        WHERE command.account_id = asked.account_id
    ) FROM unnest(%s::uuid[]) AS asked (account_id)
"""
COUNT_FAILURE: Final = "UPDATE trading_command SET failures = failures + 1 WHERE id = ANY(%s)"
RECORD_FAILING: Final = """
    INSERT INTO trading_command
        (kind, payload, decided_at_ms, status, failures, event_count, reason, numbers, subject_id)
    VALUES (%s, %s, %s, 'WAITING', 1, 0, '', '{}', '')
"""
NO_NUMBERS: Final = "{}"


class AccountSequences:
    """How many commands each account has given; read when an account is first heard of."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def give(self, reading: psycopg.Connection[Any], decided: Iterable[Decided]) -> None:
        """Give every account's command the next number of its account."""
        own = [(one, one.account_id) for one in decided if one.account_id is not None]
        unknown = {name for _, name in own if name not in self._counts}
        if unknown:
            asked = [uuid.UUID(name) for name in unknown]
            for name, count in reading.execute(NEWEST_SEQUENCES, [asked]):
                self._counts[name] = count or 0
        for one, name in own:
            assert name is not None  # noqa: S101 - told to mypy
            self._counts[name] += 1
            one.outcome = one.outcome._replace(account_sequence=self._counts[name])


class Scribe:
    """Notes all that a step made true, while nothing of the next is decided."""

    def __init__(
        self, reading: psycopg.Connection[Any], *, projector: Projector, notary: Notary
    ) -> None:
        self._reading = reading
        self._projector, self._notary = projector, notary
        self._sequences = AccountSequences()

    def record(self, whole: DecidedStep, state: State) -> tuple[Recorded, Written]:
        """Return the statements of a step, and what the feed may tell once they are committed."""
        noted = Recorded()
        # 1. What happened.
        log.append(noted, whole.rows)
        # 2. What it means in rows and in money.
        written = self._projector.write(noted)
        # 3. The commands, their outcomes and receipts.
        self._sequences.give(self._reading, whole.decided)
        self._notary.sign(self._reading, noted, whole.decided, state, at_ms=whole.at_ms)
        _mark(noted, whole)
        if whole.step.unreadable:
            noted.later(partial(_set_unreadable_aside, whole.step.unreadable))
        return noted, written


def commit(connection: psycopg.Connection[Any], noted: Recorded) -> None:
    """Write a step in one transaction."""
    with connection.transaction(), connection.cursor() as cursor:
        noted.play(cursor)


def _set_unreadable_aside(numbers: list[int], cursor: psycopg.Cursor[Any]) -> None:
    set_aside(cursor, numbers)
    raise_alert_on(cursor, AlertKind.COMMAND_SET_ASIDE, f"unreadable: numbers {numbers}")


def _mark(hand: Hand, whole: DecidedStep) -> None:
    done = [one for one in whole.decided if one.planned.number is not None]
    if done:
        columns = [list(column) for column in zip(*map(_values, done), strict=True)]
        hand.execute(MARK, [whole.at_ms, *columns])
    own = [one for one in whole.decided if one.planned.number is None]
    if own:
        columns = [list(column) for column in zip(*map(_own_values, own), strict=True)]
        hand.execute(RECORD_OWN, [whole.at_ms, *columns])
    if whole.step.conflated:
        hand.execute(MARK_CONFLATED, [whole.step.conflated])


def _values(one: Decided) -> tuple[Any, ...]:
    said, planned = one.outcome, one.planned
    return (
        planned.number,
        encode(planned.command) if planned.is_merged else None,
        one.rows[0].sequence if one.rows else None,
        len(one.rows),
        said.account_sequence,
        said.reason,
        json.dumps(said.numbers) if said.numbers else NO_NUMBERS,
        said.subject_id,
    )


def _own_values(one: Decided) -> tuple[Any, ...]:
    command = one.planned.command
    return (type(command).__name__, encode(command), one.rows[0].sequence, len(one.rows))


def count_failures(connection: psycopg.Connection[Any], numbers: list[int]) -> None:
    """Remember that these commands failed."""
    connection.execute(COUNT_FAILURE, [numbers])


def set_aside(
    connection: psycopg.Connection[Any] | psycopg.Cursor[Any], numbers: list[int]
) -> None:
    """Set commands aside for good."""
    connection.execute(SET_ASIDE, [numbers])


def record_failing(connection: psycopg.Connection[Any], command: Command) -> None:
    """Give a failed command of the runner's own a row, so that it is taken alone next."""
    connection.execute(RECORD_FAILING, [type(command).__name__, encode(command), command.at_ms])
