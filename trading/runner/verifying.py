"""Verifying the log: the chain of heads, gaps, snapshots against replay, commands against events.

Reads only, on a copy of the state, and may run beside the engine. What is not here: repairing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import msgspec
import psycopg

from engine.chain import digest
from engine.codec import CodecError, decode_command, encode
from engine.evolve import evolve
from engine.exchange import decide
from engine.snapshot import restore as restore_state
from engine.state import State
from trading import log as event_log
from trading.log import BEGINNING, LogBrokenError, LogRow, Place
from trading.runner.restore import Restored

MOST_DIFFERENCES: Final = 20
READ_AT_ONCE: Final = 1_000
COMMANDS: Final = """
    SELECT id, payload, decided_at_ms, first_event, event_count FROM trading_command
    WHERE first_event > %s ORDER BY first_event LIMIT %s
"""
OF_TRIMMED: Final = "ReferenceMoved"
"""Prices, whose commands are not kept for ever."""


@dataclass(kw_only=True, slots=True)
class Report:
    """What was found: how far, and every difference in a sentence."""

    place: Place = BEGINNING
    snapshots: int = 0
    commands: int = 0
    differences: list[str] = field(default_factory=list)

    def note(self, sentence: str) -> None:
        """Note a difference; after many, no more."""
        if len(self.differences) < MOST_DIFFERENCES:
            self.differences.append(sentence)


class Commanded(NamedTuple):
    """A decided command and which events its row says it led to."""

    number: int
    payload: bytes
    at_ms: int
    first: int
    events: int


def verify(
    connection: psycopg.Connection[Any], *, since: Restored | None = None, decides: bool = False
) -> Report:
    """Replay the log and compare; `decides` asks the engine anew for every command's events.

    Begins at the first event, or after a snapshot that is taken for good. Everything is read from
    one picture, so the engine goes on meanwhile.
    """
    with event_log.one_picture(connection):
        return _verify(connection, since=since, decides=decides)


def _verify(
    connection: psycopg.Connection[Any], *, since: Restored | None, decides: bool
) -> Report:
    state, place = since or Restored(State(), BEGINNING)
    report = Report(place=place)
    kept = {one for one in event_log.snapshot_places(connection) if one > place.sequence}
    owners = Owners(connection, after=place.sequence, report=report, decides=decides)
    try:
        for row in event_log.read_after(connection, place):
            owners.check(state, row)
            evolve(state, event_log.event_of(row))
            report.place = Place(row.sequence, row.head)
            if row.sequence in kept:
                _compare_snapshot(connection, state, report)
        owners.end()
    except (LogBrokenError, CodecError) as broken:
        report.note(str(broken))
    return report


class Owners:
    """Walks the decided commands beside the events: each event belongs to exactly one."""

    def __init__(
        self, connection: psycopg.Connection[Any], *, after: int, report: Report, decides: bool
    ) -> None:
        self._commands = _commands(connection, after=after)
        self._coming = next(self._commands, None)
        self._owned_until = after
        self._first = after
        self._expected: list[bytes] | None = None
        self._report = report
        self._decides = decides

    def check(self, state: State, row: LogRow) -> None:
        """Find whose event this is; `state` is still the one before it."""
        if row.sequence > self._owned_until:
            self._next_owner(state, row)
        expected = self._expected
        if expected is not None and row.payload != expected[row.sequence - self._first]:
            self._report.note(f"event {row.sequence} is not what the engine decides today")
            self._expected = None

    def end(self) -> None:
        """Note a command whose events are not there."""
        if self._coming is not None:
            self._report.note(f"command {self._coming.number} has events that the log has not")

    def _next_owner(self, state: State, row: LogRow) -> None:
        command = self._coming
        self._expected = None
        if command is None or command.first > row.sequence:
            self._owned_until = row.sequence
            if row.kind != OF_TRIMMED:
                self._report.note(f"event {row.sequence} belongs to no command")
            return
        self._coming = next(self._commands, None)
        if command.first < row.sequence:
            self._report.note(f"command {command.number} claims events of another")
            self._next_owner(state, row)
            return
        self._first, self._owned_until = command.first, command.first + command.events - 1
        self._report.commands += 1
        if self._decides:
            self._decide(state, command)

    def _decide(self, state: State, command: Commanded) -> None:
        given = msgspec.structs.replace(decode_command(command.payload), at_ms=command.at_ms)
        expected = [encode(event) for event in decide(state, given)]
        if len(expected) == command.events:
            self._expected = expected
        else:
            sentence = f"command {command.number} led to {command.events} events"
            self._report.note(f"{sentence}, today it would to {len(expected)}")


def _commands(connection: psycopg.Connection[Any], *, after: int) -> Iterator[Commanded]:
    while rows := connection.execute(COMMANDS, [after, READ_AT_ONCE]).fetchall():
        yield from map(Commanded._make, rows)
        after = rows[-1][3]


def _compare_snapshot(connection: psycopg.Connection[Any], state: State, report: Report) -> None:
    sequence, head = report.place
    try:
        kept = event_log.read_snapshot(connection, sequence)
    except LogBrokenError as broken:
        report.note(str(broken))
        return
    report.snapshots += 1
    if kept.head != head:
        report.note(f"the snapshot after event {sequence} names another head")
    said = kept.digest
    if event_log.is_old_format(kept.state):
        said = digest(restore_state(kept.state))
    if said != digest(state):
        report.note(f"the snapshot after event {sequence} is not what replay gives")
