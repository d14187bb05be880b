"""Liquidations: one row from the start until the position is well or gone.

A position that could not be closed waits as pending and is tried again at every mark: that is
still the same liquidation. What is not here: the fills (`trading.projections.trades`).
"""

from typing import Any, Final, Self

from psycopg import Cursor

from engine import events as ev
from engine.state import State
from engine.vocabulary import TradeKind
from trading.engine_words import account_name
from trading.projections.names import Names
from trading.projections.rows import LiquidationRow
from trading.projections.tables import Table
from trading.recording import Hand

TABLE: Final = Table(
    "trading_liquidation",
    LiquidationRow,
    "uuid bigint uuid bigint bigint bigint bigint bigint bigint bigint bigint bigint bigint"
    " bigint bigint bigint bool bigint",
    key=("id",),
)
LOTS_OF: Final = {
    TradeKind.LIQUIDATION: "book_lots",
    TradeKind.BACKSTOP: "backstop_lots",
    TradeKind.DELEVERAGE: "deleveraged_lots",
}


class Liquidations:
    """The liquidations under way, and those that this step has changed."""

    def __init__(self, names: Names) -> None:
        self._ids, self._accounts, self._markets = names
        self._current: dict[tuple[str, str], LiquidationRow] = {}
        self._changed: dict[int, LiquidationRow] = {}

    def load(self, cursor: Cursor[Any], state: State, /) -> Self:
        """Read the liquidations that are pending."""
        symbols = {self._markets[symbol]: symbol for symbol in state.markets}
        columns = ", ".join(TABLE.columns)
        cursor.execute(
            f"SELECT {columns} FROM trading_liquidation WHERE is_pending"  # noqa: S608 - our own names
        )
        for found in cursor.fetchall():
            row = LiquidationRow(*found)
            self._current[account_name(row.account_id), symbols[row.market_id]] = row
        return self

    def started(self, sequence: int, event: ev.LiquidationStarted, /) -> None:
        """Begin a row; an earlier one of the same position is over."""
        key = (event.account_id, event.market_id)
        before = self._current.get(key)
        if before is not None:
            self._change(before).is_pending = False
        row = self._current[key] = LiquidationRow(
            self._ids.of("liquidation", sequence),
            sequence,
            self._accounts[event.account_id],
            self._markets[event.market_id],
            event.mark_half_ticks,
            event.equity_micro,
            event.maintenance_micro,
            event.size_lots,
            *(0,) * 8,
            False,
            event.at_ms,
        )
        self._change(row)

    def filled(self, _: int, event: ev.Filled, /) -> None:
        """Count what was closed; a trade of its owner may end a pending one."""
        if not self._current:
            return
        for leg in (event.taker, event.maker):
            row = self._current.get((leg.account_id, event.market_id))
            if row is not None:
                self._change(row)
        lots = LOTS_OF.get(event.kind)
        if lots is None:
            return
        row = self._current[event.taker.account_id, event.market_id]
        setattr(row, lots, getattr(row, lots) + event.quantity_lots)
        row.notional_micro += event.notional_micro
        row.fee_micro += event.taker.fee_micro

    def insured(self, _: int, event: ev.InsurancePaid, /) -> None:
        """Count what the funds made good."""
        row = self._change(self._current[event.account_id, event.market_id])
        row.insurance_micro += event.insurance_micro
        row.global_insurance_micro += event.global_insurance_micro

    def owed(self, _: int, event: ev.VenueDebtBooked, /) -> None:
        """Count what the venue made good."""
        row = self._change(self._current[event.account_id, event.market_id])
        row.debt_micro += event.amount_micro

    def pended(self, _: int, event: ev.LiquidationPended, /) -> None:
        """Let it wait, or wait no longer."""
        self._change(self._current[event.account_id, event.market_id])

    def delisted(self, _: int, event: ev.DelistingSettled, /) -> None:
        """End those of positions that are gone with their market."""
        for settled in event.settlements:
            row = self._current.get((settled.account_id, event.market_id))
            if row is not None:
                self._change(row)

    def _change(self, row: LiquidationRow, /) -> LiquidationRow:
        self._changed[row.event_sequence] = row
        return row

    def write(self, cursor: Hand, state: State, /) -> list[LiquidationRow]:
        """Write what this step changed; only the pending ones go on. Return the changed."""
        for (name, symbol), row in list(self._current.items()):
            if row.event_sequence in self._changed:
                row.is_pending = state.markets[symbol].positions[name].is_pending
                if not row.is_pending:
                    del self._current[name, symbol]
        changed = list(self._changed.values())
        TABLE.merge(cursor, changed)
        self._changed = {}
        return changed
