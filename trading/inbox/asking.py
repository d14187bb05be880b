"""Asking: write commands and wait for what the engine says of them.

A desk on the web server's own loop, and one per process in a thread with a loop of its own, so
that every other door (staff page, command, job) may ask from wherever it runs. A desk gathers what
is asked at the same time into one statement, hears the runner's answers on one Redis subscription,
and looks into the rows by itself, so that answers come without Redis too, only later. What is not
here: how rows are written (`trading.inbox.writing`).
"""

import asyncio
import atexit
import os
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

from engine import commands as c
from godark.reading import serves_here
from trading.inbox.desk import Desk
from trading.inbox.outcomes import Outcome
from trading.inbox.writing import InboxRow, row_of

if TYPE_CHECKING:
    from concurrent.futures import Future

WAIT_MS: Final = 500


async def ask(command: c.Command, /, *, wait_ms: int = WAIT_MS, key: str | None = None) -> Outcome:
    """Write one command and wait for its outcome; UnavailableError where it cannot be written."""
    return (await _ask_rows([row_of(command, key=key)], wait_ms=wait_ms))[0]


async def ask_many(commands: Sequence[c.Command], /, *, wait_ms: int = WAIT_MS) -> list[Outcome]:
    """Write commands in this order and wait for all their outcomes."""
    return await _ask_rows([row_of(command) for command in commands], wait_ms=wait_ms)


async def _ask_rows(rows: Sequence[InboxRow], *, wait_ms: int) -> list[Outcome]:
    if not rows:
        return []
    if serves_here():
        return await desk_here().ask(rows, wait_ms=wait_ms)
    return await asyncio.wrap_future(the_desk().submit(rows, wait_ms=wait_ms))


def ask_plainly(
    command: c.Command, /, *, wait_ms: int = WAIT_MS, key: str | None = None
) -> Outcome:
    """Do the same without an event loop, for staff pages, commands and jobs.

    Call it outside of a transaction: the command is written at once, by another connection.
    """
    return the_desk().submit([row_of(command, key=key)], wait_ms=wait_ms).result()[0]


class AnyDesk(Protocol):
    """What takes questions: the process's desk, or a test's."""

    def submit(self, rows: Sequence[InboxRow], /, *, wait_ms: int) -> "Future[list[Outcome]]":
        """Take rows to write, and promise their outcomes."""

    def close(self) -> None:
        """End."""


class DeskThread:
    """The process's desk in its own thread and loop."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._desk = Desk()
        self._thread = threading.Thread(target=self._run, name="inbox-desk", daemon=True)
        self._thread.start()
        self.pid = os.getpid()

    def submit(self, rows: Sequence[InboxRow], /, *, wait_ms: int) -> "Future[list[Outcome]]":
        """Take rows to write, and promise their outcomes."""
        return asyncio.run_coroutine_threadsafe(self._desk.ask(rows, wait_ms=wait_ms), self._loop)

    def close(self) -> None:
        """End the thread; questions that are open are dropped."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(timeout=5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.create_task(self._desk.run())
        try:
            self._loop.run_forever()
        finally:
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._loop.run_until_complete(self._desk.close())
            self._loop.close()


class _Place:
    """Where the process's desk stands."""

    here: Desk | None = None
    running: Any = None
    desk: AnyDesk | None = None
    pid: int = 0
    lock: Any = threading.Lock()


def desk_here() -> Desk:
    """Return the desk of the loop that serves, opened at the first question."""
    if _Place.here is None:
        _Place.here = Desk()
        _Place.running = asyncio.get_running_loop().create_task(_Place.here.run())
    return _Place.here


def the_desk() -> AnyDesk:
    """Return this process's desk, opened at the first question (a fork opens its own)."""
    with _Place.lock:
        if _Place.desk is None or _Place.pid != os.getpid():
            _Place.desk, _Place.pid = DeskThread(), os.getpid()
        return _Place.desk


def place_desk(desk: AnyDesk | None) -> AnyDesk | None:
    """Put another desk in the place, for tests; return the one before."""
    with _Place.lock:
        before, _Place.desk, _Place.pid = _Place.desk, desk, os.getpid()
        return before


@atexit.register
def close_desk() -> None:
    """Close the process's desk, if it was opened; the next question opens a new one."""
    if _Place.pid == os.getpid():
        before = place_desk(None)
        if before is not None:
            before.close()
