"""The one lock of all engines on a database (I43), held by the connection that writes.

Who loses the connection loses the lock and the means to write at the same moment; a killed
process gives it up when PostgreSQL notices, at once on one machine. Behind a pooler that shares
connections between transactions the lock means nothing; connect past it.
"""

from typing import Any, Final

import psycopg

ENGINE_CLASS: Final = 0x0D41E
"""The first half of the lock of an engine; the second names its group of markets."""
ALL_MARKETS: Final = 1


def take(connection: psycopg.Connection[Any], /) -> bool:
    """Take the lock if nobody has it; tell whether it is held."""
    row = connection.execute(
        "SELECT pg_try_advisory_lock(%s, %s)", [ENGINE_CLASS, ALL_MARKETS]
    ).fetchone()
    return bool(row and row[0])


def give_back(connection: psycopg.Connection[Any], /) -> None:
    """Give the lock back, for a process that lives on."""
    connection.execute("SELECT pg_advisory_unlock(%s, %s)", [ENGINE_CLASS, ALL_MARKETS])
