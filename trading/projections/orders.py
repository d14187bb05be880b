"""Orders: what the events of an order's life make of its row.

Open orders and waiting triggers are kept in memory, so that an event finds its row at once; a
row is new (COPY) or rewritten in the columns that change. What is not here: positions and
balances, which follow from the state.
"""

from typing import Any, Final, Self

import msgspec
from psycopg import Cursor

from engine import events as ev
from engine.commands import Protection, SubmitOrder
from engine.reasons import Reason
from engine.vocabulary import STATUS_MOVES
from trading.engine_words import account_name
from trading.projections.names import Names
from trading.projections.rows import OrderRow, RepeatedOrderRow
from trading.projections.tables import Table
from trading.recording import Hand

TABLE: Final = Table(
    "trading_order",
    OrderRow,
    "uuid text uuid text bigint text text text bigint bigint bigint bigint bigint smallint bool"
    " bigint text bool bool bool text text bigint bigint bigint bigint bigint bytea text text"
    " jsonb bigint bigint bigint bigint",
    key=("id",),
)
REPEATED: Final = Table(
    "trading_repeatedorder", RepeatedOrderRow, "uuid uuid uuid bigint", key=("id",)
)
CHANGING: Final = (
    "quantity_lots",
    "filled_lots",
    "canceled_lots",
    "limit_ticks",
    "status",
    "reason",
    "numbers",
    "notional_micro",
    "fee_micro",
    "updated_at_ms",
)
MOVES: Final = {
    (None if before is None else before.value): {status.value for status in after}
    for before, after in STATUS_MOVES.items()
}
NO_NUMBERS: Final = "{}"
LARGEST: Final = (1 << 63) - 1
LARGEST_LEVERAGE: Final = (1 << 15) - 1


class Orders:
    """The rows of open orders, and those that this step has made or changed."""

    def __init__(self, names: Names) -> None:
        self._ids, self._accounts, self._markets = names
        self.open: dict[str, OrderRow] = {}
        self._fresh: dict[str, OrderRow] = {}
        self._changed: dict[str, OrderRow] = {}
        self._doubtful: dict[str, OrderRow] = {}
        self._repeated: dict[str, RepeatedOrderRow] = {}
        self._firing: str | None = None

    def load(self, cursor: Cursor[Any], /) -> Self:
        """Read the open orders."""
        columns = ", ".join(f"{c}::text" if c == "numbers" else c for c in TABLE.columns)
        cursor.execute(
            f"SELECT {columns} FROM trading_order"  # noqa: S608 - our own names
            " WHERE status IN ('PENDING', 'OPEN', 'PARTIALLY_FILLED')"
        )
        self.open = {row[1]: OrderRow(*row) for row in cursor.fetchall()}
        return self

    def owner_of(self, engine_id: str, /) -> str:
        """Return what the engine calls the owner of an open order."""
        return account_name(self.open[engine_id].account_id)

    # What the events tell.

    def accepted(self, _: int, event: ev.OrderAccepted, /) -> None:
        """Open an order, or a trigger that has fired."""
        terms = event.terms
        self._firing = None
        row = self.open.get(terms.order_id)
        if row is None:
            row = self._begin(terms, "OPEN", event.at_ms, body=event.body)
        else:
            self._move(row, "OPEN", event.at_ms)
        row.quantity_lots = event.quantity_lots
        row.canceled_lots = event.canceled_lots

    def trigger_placed(self, _: int, event: ev.TriggerPlaced, /) -> None:
        """Let a trigger order wait."""
        self._begin(event.terms, "PENDING", event.at_ms, body=event.body)

    def trigger_fired(self, _: int, event: ev.TriggerFired, /) -> None:
        """Remember that what comes next decides about this trigger."""
        self._firing = event.order_id

    def rejected(self, _: int, event: ev.OrderRejected, /) -> None:
        """End a fired trigger, or list an order that never stood."""
        engine_id = event.order_id
        if engine_id == self._firing:
            self._firing = None
            row = self.open[engine_id]
            self._end(row, "REJECTED", event.at_ms, event.reason)
            row.numbers = _json(event.numbers)
            return
        if engine_id in self.open or engine_id in self._fresh:
            return  # the id stands already: the first outcome holds
        if event.reason is Reason.NOT_FOUND:
            return  # in no market that there is
        row = self._row(event.terms, "REJECTED", event.at_ms, body=None)
        row.reason, row.numbers = event.reason.value, _json(event.numbers)
        if event.reason is Reason.DUPLICATE_CLIENT_ORDER_ID:
            self._doubtful.setdefault(engine_id, row)  # its id may have been used, too
        else:
            self._fresh[engine_id] = row

    def repeated(self, _: int, event: ev.OrderRepeated, /) -> None:
        """Remember which order an id means that came with another's client id."""
        name = event.order_id
        if name != event.first_order_id:
            self._repeated.setdefault(
                name,
                RepeatedOrderRow(
                    self._ids.of_order(name),
                    self._accounts[event.account_id],
                    self._ids.of_order(event.first_order_id),
                    event.at_ms,
                ),
            )

    def reduced(self, _: int, event: ev.OrderReduced, /) -> None:
        """Count canceled lots of an order that goes on."""
        row = self.open[event.order_id]
        row.canceled_lots += event.canceled_lots
        row.reason = event.reason.value
        self._touch(row, event.at_ms)

    def amended(self, _: int, event: ev.OrderAmended, /) -> None:
        """Exchange total and limit."""
        row = self.open[event.order_id]
        row.quantity_lots = event.quantity_lots
        row.limit_ticks = event.limit_ticks
        self._touch(row, event.at_ms)

    def canceled(self, _: int, event: ev.OrderCanceled, /) -> None:
        """End an order with lots unfilled."""
        row = self.open[event.order_id]
        row.canceled_lots += event.canceled_lots
        status = "EXPIRED" if event.reason is Reason.EXPIRED else "CANCELED"
        self._end(row, status, event.at_ms, event.reason)

    def trigger_canceled(self, _: int, event: ev.TriggerCanceled, /) -> None:
        """End a trigger that has not fired."""
        row = self.open[event.order_id]
        row.canceled_lots = row.quantity_lots
        status = "EXPIRED" if event.reason is Reason.EXPIRED else "CANCELED"
        self._end(row, status, event.at_ms, event.reason)

    def filled(self, _: int, event: ev.Filled, /) -> None:
        """Count an execution on the orders of both sides."""
        for leg in (event.taker, event.maker):
            if leg.order_id is None:
                continue
            row = self.open[leg.order_id]
            row.filled_lots += event.quantity_lots
            row.notional_micro += event.notional_micro
            row.fee_micro += leg.fee_micro
            if row.filled_lots + row.canceled_lots == row.quantity_lots:
                self._move(row, "FILLED", event.at_ms)
                del self.open[leg.order_id]
            else:
                self._move(row, "PARTIALLY_FILLED", event.at_ms)

    # What becomes of rows.

    def _begin(
        self, terms: SubmitOrder, status: str, at_ms: int, /, *, body: bytes | None
    ) -> OrderRow:
        row = self._row(terms, status, at_ms, body=body)
        self.open[terms.order_id] = self._fresh[terms.order_id] = row
        return row

    def _end(self, row: OrderRow, status: str, at_ms: int, reason: Reason, /) -> None:
        self._move(row, status, at_ms)
        row.reason = reason.value
        del self.open[row.engine_id]

    def _move(self, row: OrderRow, status: str, at_ms: int, /) -> None:
        """Go on to a status that the one table allows (I15)."""
        if status != row.status:
            if status not in MOVES[row.status]:
                raise AssertionError(f"an order does not go from {row.status} to {status}")
            row.status = status
        self._touch(row, at_ms)

    def _touch(self, row: OrderRow, at_ms: int, /) -> None:
        row.updated_at_ms = at_ms
        if row.engine_id not in self._fresh:
            self._changed[row.engine_id] = row

    def _row(
        self, terms: SubmitOrder, status: str, at_ms: int, /, *, body: bytes | None
    ) -> OrderRow:
        """Return the row of an order as it was submitted.

        Numbers of a refused order may be absurd: what a column cannot hold becomes its largest.
        """
        profit, loss = _pair(terms.take_profit), _pair(terms.stop_loss)
        return OrderRow(
            self._ids.of_order(terms.order_id),
            terms.order_id,
            self._accounts[terms.account_id],
            terms.client_order_id,
            self._markets[terms.market_id],
            terms.side.value,
            terms.order_type.value,
            terms.time_in_force.value,
            min(terms.quantity_lots, LARGEST),
            0,
            0,
            _held(terms.limit_ticks),
            _held(terms.expires_at_ms),
            None if terms.leverage is None else min(max(terms.leverage, 0), LARGEST_LEVERAGE),
            terms.all_or_none,
            min(terms.min_quantity_lots, LARGEST),
            terms.min_quantity_mode.value,
            terms.nbbo_protection,
            terms.post_only,
            terms.reduce_only,
            terms.self_trade.value,
            "" if terms.trigger is None else terms.trigger.value,
            _held(terms.trigger_ticks),
            *profit,
            *loss,
            body,
            status,
            "",
            NO_NUMBERS,
            0,
            0,
            at_ms,
            at_ms,
        )

    def write(self, cursor: Hand, /) -> list[OrderRow]:
        """Write what this step made and changed; return it."""
        fresh, changed = list(self._fresh.values()), list(self._changed.values())
        doubtful = [row for name, row in self._doubtful.items() if name not in self._fresh]
        TABLE.add(cursor, fresh)
        TABLE.update(cursor, changed, columns=CHANGING)
        TABLE.add_missing(cursor, doubtful)
        REPEATED.add_missing(cursor, list(self._repeated.values()))
        self._fresh, self._changed, self._doubtful, self._repeated = {}, {}, {}, {}
        return fresh + changed + doubtful


def _held(number: int | None, /) -> int | None:
    return None if number is None else min(number, LARGEST)


def _pair(leg: Protection | None, /) -> tuple[int | None, int | None]:
    if leg is None:
        return None, None
    return _held(leg.trigger_ticks), _held(leg.limit_ticks)


def _json(numbers: dict[str, int], /) -> str:
    return msgspec.json.encode(numbers).decode() if numbers else NO_NUMBERS
