"""News: which messages the rows of a step lead to.

Every order, fill, position and balance that changed is told to its account as REST shows it, valued
at the engine's own marks; the tape, the rates and the states of markets are told to everybody. A
liquidation is told with those of its minute once that is over, in no order of theirs. What is not
here: what is in a message and who hears it (`trading.feed`).
"""

from typing import Any, Final, NamedTuple

import psycopg

from engine.state import State
from trading import feed
from trading.engine_words import account_name
from trading.models import BACKSTOP_ACCOUNT_ID
from trading.projections import Written
from trading.projections.rows import BalanceRow, OrderRow, PositionRow
from trading.rings import Message
from trading.selectors.balances import money_view
from trading.selectors.market_terms import terms_of
from trading.selectors.order_views import fill_view, order_view
from trading.selectors.positions import position_view
from trading.selectors.tape import (
    MINUTE_MS,
    funding_rate_view,
    size_class,
    trade_view,
)

UNTOLD: Final = """
    SELECT market_id, mark_half_ticks, size_lots, started_at_ms FROM trading_liquidation
    WHERE started_at_ms >= %s
"""


class Untold(NamedTuple):
    """A liquidation that is told when its minute is over."""

    minute: int
    symbol: str
    size_class: str


class News:
    """Makes messages; remembers the liquidations of the running minute."""

    def __init__(self, untold: list[Untold]) -> None:
        self._untold = untold

    @classmethod
    def load(cls, connection: psycopg.Connection[Any], /, *, since_ms: int) -> "News":
        """Begin after the newest event, at `since_ms`: its minute's liquidations are not told."""
        rows = connection.execute(UNTOLD, [since_ms // MINUTE_MS * MINUTE_MS]).fetchall()
        return cls([_untold(*row) for row in rows])

    def of(self, written: Written, state: State, /, *, at_ms: int) -> list[Message]:
        """Return what is told of a step, after which the state is this."""
        return [
            *_of_accounts(written, state),
            *_of_everybody(written),
            *self._of_liquidations(written, at_ms=at_ms),
        ]

    def _of_liquidations(self, written: Written, *, at_ms: int) -> list[Message]:
        now = at_ms // MINUTE_MS
        self._untold += [
            _untold(row.market_id, row.mark_half_ticks, row.size_lots, row.started_at_ms)
            for row in written.liquidations
            if row.started_at_ms == at_ms
        ]
        over = sorted(one for one in self._untold if one.minute < now)
        if over:
            self._untold = [one for one in self._untold if one.minute >= now]
        return [feed.liquidated(one.symbol, size_class=one.size_class) for one in over]


def _of_accounts(written: Written, state: State) -> list[Message]:
    orders = [feed.order_changed(row.account_id, _order(row)) for row in written.orders]
    fills = [feed.filled(row.account_id, fill_view(row)) for row in written.fills]
    positions = [
        feed.position_changed(row.account_id, _position(row, state)) for row in written.positions
    ]
    balances = [
        feed.balance_changed(row.account_id, _balance(row, state))
        for row in written.balances
        if row.account_id != BACKSTOP_ACCOUNT_ID
    ]
    return [*fills, *orders, *positions, *balances]


def _of_everybody(written: Written) -> list[Message]:
    news = []
    for trade in written.trades:
        if trade.is_public:
            terms = terms_of(trade.market_id)
            news.append(feed.traded(terms.symbol, **trade_view(trade, terms=terms)))
    for rate in written.funding_rates:
        terms = terms_of(rate.market_id)
        news.append(feed.funded(terms.symbol, funding_rate_view(rate, terms=terms)))
    if written.market_states:
        modes = [
            feed.market_mode_of(
                symbol=terms_of(row.market_id).symbol,
                state=row.state,
                state_reason=row.state_reason,
                state_changed_at=row.changed_at_ms,
            )
            for row in written.market_states
        ]
        news.append(feed.status_changed({"markets": modes}))
    return news


def _order(row: OrderRow) -> dict[str, Any]:
    """Return an order as it stands; its receipt never changes, and came with its acceptance."""
    view = order_view(row)
    del view["receipt"], view["account_sequence"]
    return view


def _position(row: PositionRow, state: State) -> dict[str, Any]:
    """Return a position at the engine's mark; its rank among others is in snapshots only."""
    market = state.markets[terms_of(row.market_id).symbol]
    view = position_view(row, mark_half_ticks=market.prices.mark_half_ticks, rank=None)
    del view["adl_rank"]
    return view


def _balance(row: BalanceRow, state: State) -> dict[str, Any]:
    """Return a balance with what the account's positions hold, and would gain at the marks."""
    name = account_name(row.account_id)
    in_positions_micro = unrealized_micro = 0
    for market in state.markets.values():
        position = market.positions.get(name)
        if position is None or not position.size_lots:
            continue
        in_positions_micro += position.collateral_micro
        mark = market.prices.mark_half_ticks
        if mark is not None:
            worth = position.size_lots * mark * market.unit_micro
            unrealized_micro += worth - position.cost_micro
    return money_view(row, in_positions_micro=in_positions_micro, unrealized_micro=unrealized_micro)


def _untold(market_id: int, mark_half_ticks: int, size_lots: int, started_at_ms: int) -> Untold:
    terms = terms_of(market_id)
    notional_micro = terms.notional_micro(lots=abs(size_lots), half_ticks=mark_half_ticks)
    return Untold(started_at_ms // MINUTE_MS, terms.symbol, size_class(notional_micro).name)
