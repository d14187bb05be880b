"""The projector: the runner shows it every event and lets it write once a step.

Rows are a function of the events and of the state that they lead to, so that a replay gives the
same rows however its steps are cut, as long as no cut runs through a command. What is not here:
what an event means to a noun (each noun's own file), and any transaction: the runner owns it.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, Final, NamedTuple, Self

from psycopg import Connection

from accounts.ledger.posting import Books
from engine import events as ev
from engine.state import State
from trading.projections import funds
from trading.projections.balances import balance_rows, write_balances
from trading.projections.funding import Funding
from trading.projections.ids import Ids
from trading.projections.liquidations import Liquidations
from trading.projections.market_states import MarketStates
from trading.projections.money import Money
from trading.projections.names import AccountIds, MarketKeys, Names
from trading.projections.orders import Orders
from trading.projections.positions import position_rows, write_positions
from trading.projections.rows import (
    BalanceRow,
    FillRow,
    FundingPaymentRow,
    FundingRateRow,
    LiquidationRow,
    MarketStateRow,
    OrderRow,
    PositionRow,
    TradeRow,
)
from trading.projections.touched import Touched
from trading.projections.trades import Trades
from trading.recording import Hand, Recorded

Handler = Callable[[int, Any], None]
BY_INDEX: Final = "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off"


class Written(NamedTuple):
    """The rows that a step wrote, for whoever tells of them after the commit."""

    orders: list[OrderRow]
    trades: list[TradeRow]
    fills: list[FillRow]
    positions: list[PositionRow]
    balances: list[BalanceRow]
    funding_rates: list[FundingRateRow]
    funding_payments: list[FundingPaymentRow]
    liquidations: list[LiquidationRow]
    market_states: list[MarketStateRow]


class Projector:
    """What one writer of the log remembers of the rows.

    After a failed `write`, or a transaction that did not commit, it is worthless: its process
    ends and loads another.
    """

    def __init__(self, names: Names, state: State) -> None:
        self._names, self._state = names, state
        self._orders = Orders(names)
        self._trades = Trades(names)
        self._funding = Funding(names)
        self._liquidations = Liquidations(names)
        self._market_states = MarketStates(names)
        self._touched = Touched(orders=self._orders)
        self._money = Money(names)
        self._books = Books()
        self._handlers = self._table()

    @classmethod
    def load(cls, connection: Connection[Any], state: State, /) -> Self:
        """Read what is open, as the rows say it after the newest event; state: the same.

        The connection looks rows up by index from now on, whatever statistics say of a table
        that has just begun to grow: a step finds few rows among many.
        """
        cursor = connection.cursor()
        cursor.execute(BY_INDEX)
        names = Names(Ids.load(cursor), AccountIds(), MarketKeys(connection))
        projector = cls(names, state)
        projector._orders.load(cursor)
        projector._trades.load(state)
        projector._liquidations.load(cursor, state)
        projector._market_states.load(state)
        projector._money.load(cursor)
        return projector

    def observe(self, sequence: int, event: ev.Event, state: State, /) -> None:
        """Take note of one event, in order; state: after the command that made it, or it alone."""
        self._state = state
        self._touched.observe(event)
        for handle in self._handlers.get(type(event), ()):
            handle(sequence, event)
        self._money.observe(sequence, event)

    def write(self, cursor: Hand, /) -> Written:
        """Write everything observed since the last time; the caller's transaction carries it."""
        state, touched, names = self._state, self._touched, self._names
        orders = self._orders.write(cursor)
        trades, fills = self._trades.write(cursor)
        positions = position_rows(state, touched.positions, names)
        write_positions(cursor, positions)
        balances = balance_rows(state, touched.balances, names)
        write_balances(cursor, balances)
        rates, payments = self._funding.write(cursor)
        liquidations = self._liquidations.write(cursor, state)
        funds.write_funds(cursor, state, touched.funds, touched.venue_at_ms, names)
        market_states = self._market_states.write(cursor)
        entries = self._money.take()
        if isinstance(cursor, Recorded):
            cursor.later(lambda real: self._books.post(real, entries))
        else:
            self._books.post(cursor, entries)
        touched.clear()
        return Written(
            orders=orders,
            trades=trades,
            fills=fills,
            positions=positions,
            balances=balances,
            funding_rates=rates,
            funding_payments=payments,
            liquidations=liquidations,
            market_states=market_states,
        )

    def _table(self) -> dict[type[ev.Event], tuple[Handler, ...]]:
        """Return who listens to which event."""
        found: dict[type[ev.Event], list[Handler]] = defaultdict(list)
        for table in (
            self._order_handlers(),
            self._trade_handlers(),
            self._liquidation_handlers(),
            self._market_handlers(),
        ):
            for kind, handler in table.items():
                found[kind].append(handler)
        return {kind: tuple(handlers) for kind, handlers in found.items()}

    def _order_handlers(self) -> dict[type[ev.Event], Handler]:
        orders = self._orders
        return {
            ev.OrderAccepted: orders.accepted,
            ev.OrderRejected: orders.rejected,
            ev.OrderRepeated: orders.repeated,
            ev.OrderReduced: orders.reduced,
            ev.OrderAmended: orders.amended,
            ev.OrderCanceled: orders.canceled,
            ev.TriggerPlaced: orders.trigger_placed,
            ev.TriggerFired: orders.trigger_fired,
            ev.TriggerCanceled: orders.trigger_canceled,
            ev.Filled: orders.filled,
        }

    def _trade_handlers(self) -> dict[type[ev.Event], Handler]:
        return {
            ev.ReferenceMoved: self._trades.moved,
            ev.Filled: self._trades.filled,
            ev.FundingRateSet: self._funding.rate_set,
            ev.FundingSettled: self._funding.settled,
            ev.FundingPaid: self._funding.paid,
        }

    def _liquidation_handlers(self) -> dict[type[ev.Event], Handler]:
        liquidations = self._liquidations
        return {
            ev.LiquidationStarted: liquidations.started,
            ev.Filled: liquidations.filled,
            ev.InsurancePaid: liquidations.insured,
            ev.VenueDebtBooked: liquidations.owed,
            ev.LiquidationPended: liquidations.pended,
            ev.DelistingSettled: liquidations.delisted,
        }

    def _market_handlers(self) -> dict[type[ev.Event], Handler]:
        states = self._market_states
        return {
            ev.MarketListed: states.listed,
            ev.MarketStateChanged: states.set_by_staff,
            ev.ReferenceMoved: states.moved,
            ev.BreakerTripped: states.tripped,
            ev.BreakerReleased: states.released,
            ev.VenueDebtBooked: states.owed,
            ev.VenueDebtRepaid: states.repaid,
            ev.InsuranceContributed: states.contributed,
            ev.ShortfallCovered: states.covered,
            ev.DelistingSettled: states.delisted,
        }
