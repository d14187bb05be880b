"""The one lock of all price services on a database, and what becomes of it with the database.

Unlike the engine, a price service outlives its connections: the lock stands on one of its own,
which is looked at all the time and taken anew when PostgreSQL is back. Between two holders the
newest price wins, as always. What is not here: the run (`trading.services.price_run`).
"""

import contextlib
from typing import Any, Final

import psycopg
import structlog

from godark.reading import connection_parameters

log = structlog.get_logger(__name__)

PRICES_CLASS: Final = 0x0D41F
ALL_MARKETS: Final = 1
PATIENCE_S: Final = 5


class AnotherPriceServiceError(Exception):
    """Another price service holds the lock."""


class PriceLock:
    """Holds out every other price service."""

    def __init__(self) -> None:
        """Start without the lock."""
        self._connection: psycopg.Connection[Any] | None = None

    def take(self) -> None:
        """Take the lock on a new connection; AnotherPriceServiceError where another holds it."""
        connection = psycopg.connect(
            **connection_parameters(), autocommit=True, connect_timeout=PATIENCE_S
        )
        is_taken = False
        try:
            row = connection.execute(
                "SELECT pg_try_advisory_lock(%s, %s)", [PRICES_CLASS, ALL_MARKETS]
            ).fetchone()
            is_taken = bool(row and row[0])
        finally:
            if not is_taken:
                connection.close()
        if not is_taken:
            raise AnotherPriceServiceError("another price service is running on this database")
        self._connection = connection

    def keep(self) -> None:
        """Look whether the lock stands, and take it anew where its connection is gone."""
        try:
            if self._connection is not None:
                self._connection.execute("SELECT 1")
                return
            self.take()
            log.info("price_lock_taken_anew")
        except psycopg.Error as error:
            log.warning("price_lock_away", kind=type(error).__name__)
            self.give_back()

    def give_back(self) -> None:
        """Leave the connection, and the lock with it."""
        broken, self._connection = self._connection, None
        if broken is not None:
            with contextlib.suppress(psycopg.Error):
                broken.close()
