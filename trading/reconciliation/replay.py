"""Replay: all rows made anew from the log, beside the real ones, and compared row by row.

The same projector writes into temporary tables of the same names, which hide the real ones as
long as the transaction lasts. Nothing is left of it. What is not here: mending (`repair`).
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import psycopg

from engine.evolve import evolve
from engine.state import State
from trading import log
from trading.log import one_picture
from trading.projections import Projector
from trading.reconciliation.differences import HIDDEN, Difference

STEP_EVENTS: Final = 2_000
"""After so many events rows are written, before the next moment."""
MOST_TOLD: Final = 200
"""So many differing rows of a table are named; more would say no more."""
REAL, REPLAYED = "public", "pg_temp"


class Compared(NamedTuple):
    """A table as it is compared: what to select of it and by which columns a row is found.

    `is_kept`: append-only, so that it can be compared and not mended.
    """

    name: str
    keys: tuple[str, ...]
    select: str
    shows_orders: bool = False
    is_kept: bool = False


def plain(name: str, *keys: str, shows_orders: bool = False, is_kept: bool = False) -> Compared:
    """Compare all columns of a table but a number that is given in passing."""
    body = "to_jsonb(one)" if "id" in keys else "to_jsonb(one) - 'id'"
    select = f"SELECT {', '.join(keys)}, {body} AS body FROM {{schema}}.{name} AS one"  # noqa: S608 - our own names
    return Compared(name, keys, select, shows_orders, is_kept)


LEDGER: Final = """
SELECT coalesce(owner_id::text, '') AS owner, purpose, market, to_jsonb(balance_micro) AS body
FROM {schema}.accounts_ledgeraccount
"""
POSTINGS: Final = """
SELECT entry_id, coalesce(owner_id::text, '') AS owner, purpose, market,
    to_jsonb(amount_micro) AS body
FROM {schema}.accounts_posting JOIN {schema}.accounts_ledgeraccount AS account
    ON account.id = account_id
"""
MARKETS: Final = """
SELECT symbol, jsonb_build_object('state', state, 'reason', state_reason, 'at', state_changed_at)
    AS body
FROM {schema}.trading_market
"""
TABLES: Final = (
    plain("trading_order", "id", shows_orders=True),
    plain("trading_repeatedorder", "id", shows_orders=True),
    plain("trading_trade", "id", is_kept=True),
    plain("trading_fill", "id", is_kept=True),
    plain("trading_tradecandle", "market_id", "minute"),
    plain("trading_balance", "account_id", shows_orders=True),
    plain("trading_position", "account_id", "market_id", shows_orders=True),
    plain("trading_fundingrate", "market_id", "hour"),
    plain("trading_fundingpayment", "id", is_kept=True),
    plain("trading_liquidation", "id"),
    plain("trading_marketfunds", "market_id"),
    plain("trading_venuefunds", "id"),
    Compared("trading_market", ("symbol",), MARKETS),
    Compared("accounts_ledgeraccount", ("owner", "purpose", "market"), LEDGER, is_kept=True),
    plain("accounts_ledgerentry", "id", is_kept=True),
    Compared(
        "accounts_posting", ("entry_id", "owner", "purpose", "market"), POSTINGS, is_kept=True
    ),
)


def check(connection: psycopg.Connection[Any], /) -> tuple[int, list[Difference]]:
    """Replay the whole log; return how many events it has, and every row that differs."""
    with one_picture(connection), replayed(connection) as events:
        found = [difference for table in TABLES for difference in _differing(connection, table)]
    return events, found


@contextmanager
def replayed(connection: psycopg.Connection[Any], /) -> Iterator[int]:
    """Have the replayed rows in temporary tables meanwhile; yields the number of events."""
    _hide_real_tables(connection)
    events = _replay(connection)
    connection.execute("RESET enable_seqscan; RESET enable_hashjoin; RESET enable_mergejoin")
    yield events
    names = ", ".join(f"{REPLAYED}.{table.name}" for table in TABLES)
    connection.execute(f"DROP TABLE {names}")


def _hide_real_tables(connection: psycopg.Connection[Any], /) -> None:
    for table in TABLES:
        connection.execute(
            f"CREATE TEMPORARY TABLE {table.name} (LIKE {REAL}.{table.name} INCLUDING ALL)"
        )
    # Listed markets are their staff's rows; what the log says of them is written anew.
    columns = ", ".join(columns_of(connection, "trading_market"))
    connection.execute(
        f"INSERT INTO {REPLAYED}.trading_market ({columns}) OVERRIDING SYSTEM VALUE"  # noqa: S608 - our own names
        f" SELECT {columns} FROM {REAL}.trading_market"
    )


def columns_of(connection: psycopg.Connection[Any], name: str, /) -> list[str]:
    """Return a table's columns but those that PostgreSQL computes."""
    rows = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = %s"
        " AND table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position",
        [REAL, name],
    )
    return [column for (column,) in rows]


def _replay(connection: psycopg.Connection[Any], /) -> int:
    state, count, unwritten, moment_ms = State(), 0, 0, 0
    projector = Projector.load(connection, state)
    with connection.cursor() as cursor:
        for row in log.read_after(connection, log.BEGINNING):
            # A command's events have one moment, and a cut may only run between commands.
            if unwritten >= STEP_EVENTS and row.at_ms != moment_ms:
                projector.write(cursor)
                unwritten = 0
            moment_ms = row.at_ms
            event = log.event_of(row)
            evolve(state, event)
            projector.observe(row.sequence, event, state)
            count, unwritten = count + 1, unwritten + 1
        projector.write(cursor)
    return count


def _differing(connection: psycopg.Connection[Any], table: Compared, /) -> Iterator[Difference]:
    """Yield the rows of a table that differ, or stand on one side only."""
    real, new = (table.select.format(schema=schema) for schema in (REAL, REPLAYED))
    keys = table.keys
    named = ", ".join(f"coalesce(old.{name}, new.{name})::text" for name in keys)
    same = " AND ".join(f"old.{name} = new.{name}" for name in keys)
    rows = connection.execute(
        f"SELECT {named}, old.body::text, new.body::text FROM ({real}) AS old"  # noqa: S608 - our own names
        f" FULL JOIN ({new}) AS new ON {same} WHERE old.body IS DISTINCT FROM new.body"
        f" LIMIT {MOST_TOLD}"
    ).fetchall()
    kind = f"{HIDDEN} row of {table.name}" if table.shows_orders else f"row of {table.name}"
    for *key, old, new_body in rows:
        yield Difference(
            kind,
            " ".join(key),
            "",
            ("the table", "the log"),
            _only_what_differs(old, new_body),
        )


def _only_what_differs(old: str | None, new: str | None, /) -> tuple[str, str]:
    """Return the fields that differ of two bodies; of a row that is not there, nothing."""
    if old is None or new is None:
        return ("nothing" if old is None else "a row", "nothing" if new is None else "a row")
    was, should = json.loads(old), json.loads(new)
    if not isinstance(was, dict):
        return old, new
    names = [name for name in should if was.get(name) != should[name]]
    return _fields(was, names), _fields(should, names)


def _fields(body: dict[str, Any], names: list[str], /) -> str:
    return " ".join(f"{name}={body.get(name)}" for name in names)
