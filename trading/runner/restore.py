"""Restore: the newest good snapshot, then the events after it.

Also how a standby keeps up with the log while another engine runs. What is not here: whether
anybody may act on the state (`trading.runner.lock`).
"""

from typing import Any, NamedTuple

import psycopg

from engine.chain import digest
from engine.codec import CodecError
from engine.evolve import evolve
from engine.snapshot import restore as restore_state
from engine.state import State
from trading import log
from trading.alerts import raise_alert_on
from trading.log import BEGINNING, LogBrokenError, Place
from trading.models import AlertKind


class Restored(NamedTuple):
    """A state and the place in the log that it is true of."""

    state: State
    place: Place


def restore(connection: psycopg.Connection[Any], /) -> Restored:
    """Return the state at the end of the log; LogBrokenError where the log does not hold."""
    return follow(connection, newest_snapshot(connection))


def newest_snapshot(connection: psycopg.Connection[Any], /) -> Restored:
    """Return the newest snapshot that is good, or the beginning."""
    for sequence in log.snapshot_places(connection):
        try:
            return standing_at(connection, sequence)
        except (LogBrokenError, CodecError, ValueError, KeyError, AssertionError) as error:
            detail = f"after event {sequence}: {type(error).__name__}"
            raise_alert_on(connection, AlertKind.SNAPSHOT_BROKEN, detail)
    return Restored(State(), BEGINNING)


def standing_at(connection: psycopg.Connection[Any], sequence: int, /) -> Restored:
    """Return what a snapshot restores to; prove that it is of this log and says what it says."""
    kept = log.read_snapshot(connection, sequence)
    if log.head_after(connection, sequence) != kept.head:
        raise LogBrokenError(f"the snapshot after event {sequence} is of another log")
    state = restore_state(kept.state)
    if digest(state) != kept.digest and not log.is_old_format(kept.state):
        raise LogBrokenError(f"the snapshot after event {sequence} does not restore to itself")
    return Restored(state, Place(kept.sequence, kept.head))


def follow(connection: psycopg.Connection[Any], restored: Restored, /) -> Restored:
    """Return the state after the events that have come since."""
    state, place = restored
    for row in log.read_after(connection, place):
        evolve(state, log.event_of(row))
        place = Place(row.sequence, row.head)
    return Restored(state, place)
