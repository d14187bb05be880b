"""Repair: rows that may change are made what the log says; the append-only ones are left.

Only where no engine runs, under its lock. What is not here: mending money. A ledger or a trade
that differs from the log is for people to look at.
"""

from typing import Any

import psycopg

from trading.log import one_picture
from trading.reconciliation.replay import REAL, REPLAYED, TABLES, Compared, columns_of, replayed
from trading.runner import lock


class EngineRunsError(Exception):
    """An engine holds the lock: rows would change under the repair."""


def repair(connection: psycopg.Connection[Any], /) -> dict[str, int]:
    """Mend the rows; return how many of each table were written or removed."""
    if not lock.take(connection):
        raise EngineRunsError("an engine is running on this database")
    try:
        with one_picture(connection), replayed(connection):
            return {table.name: _mend(connection, table) for table in TABLES if not table.is_kept}
    finally:
        lock.give_back(connection)


def _mend(connection: psycopg.Connection[Any], table: Compared, /) -> int:
    if table.name == "trading_market":
        return connection.execute(MEND_MARKETS).rowcount
    same = " AND ".join(f"old.{name} = new.{name}" for name in table.keys)
    bodies = ("to_jsonb(old)", "to_jsonb(new)")
    if "id" not in table.keys:
        bodies = ("to_jsonb(old) - 'id'", "to_jsonb(new) - 'id'")
    removed = connection.execute(
        f"DELETE FROM {REAL}.{table.name} AS old WHERE NOT EXISTS ("  # noqa: S608 - our own names
        f" SELECT FROM {REPLAYED}.{table.name} AS new WHERE {same} AND {bodies[0]} = {bodies[1]})"
    ).rowcount
    apart = () if "id" in table.keys else ("id",)
    columns = ", ".join(c for c in columns_of(connection, table.name) if c not in apart)
    written = connection.execute(
        f"INSERT INTO {REAL}.{table.name} ({columns}) SELECT {columns}"  # noqa: S608 - our own names
        f" FROM {REPLAYED}.{table.name} AS new WHERE NOT EXISTS ("
        f" SELECT FROM {REAL}.{table.name} AS old WHERE {same})"
    ).rowcount
    return max(removed, written)


MEND_MARKETS = f"""
UPDATE {REAL}.trading_market AS old
SET state = new.state, state_reason = new.state_reason, state_changed_at = new.state_changed_at
FROM {REPLAYED}.trading_market AS new
WHERE old.id = new.id AND (old.state, old.state_reason, old.state_changed_at)
    IS DISTINCT FROM (new.state, new.state_reason, new.state_changed_at)
"""  # noqa: S608 - our own names
