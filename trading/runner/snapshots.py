"""Snapshots: the whole state, kept now and then so that a restore is short.

While the engine runs, a child process makes them from its own copy of the memory (fork), so the
venue stands still for the fork alone; at a clean stop the engine makes the last one itself. A
snapshot that is lost costs time at the next restore and nothing else.
"""

import gc
import os
import signal
import time
from collections.abc import Callable
from typing import Any, Final

import psycopg
import structlog

from engine.snapshot import snapshot
from engine.state import State
from trading import log as event_log
from trading.log import KeptSnapshot, Place

log = structlog.get_logger(__name__)

EVERY_EVENTS: Final = 100_000
EVERY_S: Final = 300.0
LONGEST_S: Final = 120.0


def keep(connection: psycopg.Connection[Any], state: State, place: Place, *, at_ms: int) -> None:
    """Make and keep a snapshot of a committed place, then drop the oldest ones."""
    image = snapshot(state)
    kept = KeptSnapshot(place.sequence, place.head, event_log.digest_of(image), image)
    with connection.transaction():
        event_log.keep_snapshot(connection, kept, at_ms=at_ms)
    with connection.transaction():
        event_log.drop_old_snapshots(connection)


class Snapshots:
    """Decides when a snapshot is due, and has a child make it."""

    def __init__(
        self,
        connect: Callable[[], psycopg.Connection[Any]],
        *,
        last_sequence: int,
        every_events: int = EVERY_EVENTS,
        every_s: float = EVERY_S,
    ) -> None:
        self._connect = connect
        self._every_events = every_events
        self._every_s = every_s
        self._last_sequence = last_sequence
        self._last_at = time.monotonic()
        self._child: int | None = None

    def is_due(self, place: Place) -> bool:
        """Tell whether it is time for a snapshot, and none is being made."""
        self._reap()
        events = place.sequence - self._last_sequence
        elapsed = time.monotonic() - self._last_at
        is_due = events >= self._every_events or (events > 0 and elapsed >= self._every_s)
        return is_due and self._child is None

    def begin(self, state: State, place: Place, *, at_ms: int) -> None:
        """Begin a snapshot of a place that is written."""
        self._last_sequence, self._last_at = place.sequence, time.monotonic()
        # What is frozen is not walked by the collector, neither here nor in the child.
        gc.freeze()
        self._child = os.fork()
        if self._child == 0:
            self._make(state, place, at_ms=at_ms)

    def wait(self) -> None:
        """Wait until the child has ended, if there is one."""
        if self._child is not None:
            self._reap(options=0)

    def _make(self, state: State, place: Place, *, at_ms: int) -> None:
        """Be the child: keep the snapshot by a connection of its own and end."""
        code = 1
        try:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            signal.alarm(int(LONGEST_S))
            gc.disable()
            with self._connect() as connection:
                keep(connection, state, place, at_ms=at_ms)
            code = 0
        finally:
            os._exit(code)

    def _reap(self, options: int = os.WNOHANG) -> None:
        if self._child is None:
            return
        pid, status = os.waitpid(self._child, options)
        if pid == 0:
            return
        self._child = None
        if status:
            log.error("snapshot_failed", status=status)
