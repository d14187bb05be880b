"""Where the newest prices go: into the inbox, by a thread of their own.

A slow database never holds the prices up: what is not written when newer ones come is passed
over. What is not here: prices as commands (`trading.services.engine_prices`).
"""

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import structlog
from django.db import Error, connection

from prices.board import MarketPrices
from trading.inbox import put_references
from trading.services.engine_prices import move_references

if TYPE_CHECKING:
    from engine.commands import ReferenceMove

log = structlog.get_logger(__name__)


class InboxOutlet:
    """Writes every step's references to the inbox, the newest only."""

    def __init__(self) -> None:
        """Start the thread, which ends with the process."""
        self._newest: Sequence[ReferenceMove] | None = None
        self._is_there = threading.Condition()
        threading.Thread(target=self._write_for_ever, name="price-outlet", daemon=True).start()

    def take(self, prices: Sequence[MarketPrices], *, at_ms: int) -> None:
        """Take the newest prices of all markets."""
        moves = move_references(prices, at_ms=at_ms).moves
        with self._is_there:
            self._newest = moves
            self._is_there.notify()

    def _write_for_ever(self) -> None:
        while True:
            with self._is_there:
                while self._newest is None:
                    self._is_there.wait()
                moves, self._newest = self._newest, None
            try:
                put_references(moves)
            except Error as error:
                log.warning("references_not_written", kind=type(error).__name__)
                connection.close()
