"""The engine as a process: waits for the lock, runs, stops; a standby keeps its state warm.

What is not here: what a step does (`trading.runner.runner`).
"""

import gc
import sys
from collections.abc import Callable
from typing import Any, Final

import psycopg
import structlog
from psycopg import sql

from godark.reading import connection_parameters
from trading.inbox.writing import WAKE_UP
from trading.log import snapshot_places
from trading.runner.restore import follow, newest_snapshot
from trading.runner.runner import NotHeldError, Runner
from trading.runner.snapshots import Snapshots, keep
from trading.runner.telling import Teller, teller_client
from trading.services import socket_switches
from trading.solana import signer

log = structlog.get_logger(__name__)

STANDBY_S: Final = 0.2
IDLE_S: Final = 0.05
SWITCH_S: Final = 0.0001
"""How long the deciding thread may keep the writing one from its next statement."""

GARBAGE: Final = (50_000, 20, 50)


def run(*, is_stopping: Callable[[], bool], say: Callable[[str], Any]) -> None:
    """Be the engine, or wait to become it, until told to stop."""
    sys.setswitchinterval(SWITCH_S)
    with connect() as connection, connect() as reading:
        runner = stand_by(connection, reading, is_stopping=is_stopping, say=say)
        if runner is None:
            return
        spare_the_collector()
        try:
            act(runner, is_stopping=is_stopping, say=say)
        finally:
            runner.end()


def act(runner: Runner, *, is_stopping: Callable[[], bool], say: Callable[[str], Any]) -> None:
    """Be the engine until told to stop."""
    connection = runner.connection
    # Before any price: what a stopped venue's sockets were to cancel.
    socket_switches.fire_lost()
    say("The engine runs.")
    snapshots = Snapshots(connect, last_sequence=newest_kept(connection))
    # On the connection that holds the lock, so that whoever loses it notices at once.
    connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(WAKE_UP)))
    while not is_stopping():
        if runner.step() == 0:
            wait_for_commands(connection)
        runner.give_sign()
        if snapshots.is_due(runner.place):
            # A snapshot is of what is written.
            runner.finish()
            snapshots.begin(runner.state, runner.place, at_ms=runner.at_ms)
    runner.finish()
    snapshots.wait()
    keep(connection, runner.state, runner.place, at_ms=runner.at_ms)
    runner.stop()
    say("The engine has kept its state and stops.")


def spare_the_collector() -> None:
    """Let nobody look through the restored state for garbage, and seldom through what follows."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE)


def connect() -> psycopg.Connection[Any]:
    """Return a connection: one writes and holds the lock, another one reads."""
    return psycopg.connect(**connection_parameters(), autocommit=True)


def stand_by(
    connection: psycopg.Connection[Any],
    reading: psycopg.Connection[Any],
    *,
    is_stopping: Callable[[], bool],
    say: Callable[[str], Any],
) -> Runner | None:
    """Wait for the lock, keeping up with the log meanwhile; None where told to stop before."""
    standing = newest_snapshot(connection)
    teller = Teller(teller_client())
    has_said = False
    while not is_stopping():
        try:
            return Runner.start(
                connection,
                signer=signer("venue"),
                reading=reading,
                standing=standing,
                teller=teller,
            )
        except NotHeldError:
            if not has_said:
                say("Another engine is running: standing by.")
                has_said = True
            teller.stand_by()
            standing = follow(connection, standing)
            for _ in connection.notifies(timeout=STANDBY_S, stop_after=0):
                pass
    return None


def wait_for_commands(connection: psycopg.Connection[Any]) -> None:
    """Wait until a command is written, at most a moment."""
    for _ in connection.notifies(timeout=IDLE_S, stop_after=1):
        pass


def newest_kept(connection: psycopg.Connection[Any]) -> int:
    """Return the sequence of the newest snapshot, 0 where there is none."""
    return next(iter(snapshot_places(connection)), 0)
