"""Trades, the fills of both their sides, and the minutes' candles of the public ones.

What is not here: what a fill does to its order (`trading.projections.orders`).
"""

from typing import Final, Self

from accounts.ledger.arrays import number_array
from engine import events as ev
from engine.state import State
from engine.vocabulary import TradeKind
from trading.projections.names import Names
from trading.projections.rows import CandleRow, FillRow, TradeRow
from trading.projections.tables import Table
from trading.recording import Hand

PUBLIC: Final = (TradeKind.TRADE, TradeKind.LIQUIDATION)
MINUTE_MS: Final = 60_000

TRADES: Final = Table(
    "trading_trade",
    TradeRow,
    "uuid bigint bigint text bool bigint bigint bigint bigint bigint bigint",
)
FILLS: Final = Table(
    "trading_fill",
    FillRow,
    "uuid uuid uuid uuid bigint text text text bigint bigint bigint bigint bigint bigint",
)
ADD_CANDLES: Final = """
INSERT INTO trading_tradecandle AS candle (
    market_id, minute, open_half_ticks, high_half_ticks, low_half_ticks, close_half_ticks,
    volume_lots, notional_micro, trades
)
SELECT * FROM unnest(
    %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
    %s::bigint[], %s::bigint[], %s::int[]
)
ON CONFLICT (market_id, minute) DO UPDATE SET
    high_half_ticks = greatest(candle.high_half_ticks, excluded.high_half_ticks),
    low_half_ticks = least(candle.low_half_ticks, excluded.low_half_ticks),
    close_half_ticks = excluded.close_half_ticks,
    volume_lots = candle.volume_lots + excluded.volume_lots,
    notional_micro = candle.notional_micro + excluded.notional_micro,
    trades = candle.trades + excluded.trades
"""


class Trades:
    """The trades of this step, and the reference at which they happened."""

    def __init__(self, names: Names) -> None:
        self._ids, self._accounts, self._markets = names
        self._references: dict[str, tuple[int | None, int | None]] = {}
        self._trades: list[TradeRow] = []
        self._fills: list[FillRow] = []
        self._candles: dict[tuple[int, int], CandleRow] = {}

    def load(self, state: State, /) -> Self:
        """Learn the references that stand."""
        for symbol, market in state.markets.items():
            self._references[symbol] = (market.prices.bid_ticks, market.prices.ask_ticks)
        return self

    def moved(self, _: int, event: ev.ReferenceMoved, /) -> None:
        """Remember a market's reference."""
        move = event.move
        self._references[move.market_id] = (move.bid_ticks, move.ask_ticks)

    def filled(self, _: int, event: ev.Filled, /) -> None:
        """Write down a trade and both of its sides."""
        trade_id = self._ids.of("trade", event.trade_number)
        market_id = self._markets[event.market_id]
        bid, ask = self._references.get(event.market_id, (None, None))
        trade = TradeRow(
            trade_id,
            event.trade_number,
            market_id,
            event.kind.value,
            event.kind in PUBLIC,
            event.price_half_ticks,
            event.quantity_lots,
            event.notional_micro,
            bid,
            ask,
            event.at_ms,
        )
        self._trades.append(trade)
        self._fills.append(self._fill(event, event.taker, trade, "TAKER"))
        self._fills.append(self._fill(event, event.maker, trade, "MAKER"))
        if trade.is_public:
            self._draw(trade)

    def _fill(self, event: ev.Filled, leg: ev.Leg, trade: TradeRow, liquidity: str, /) -> FillRow:
        return FillRow(
            self._ids.of(liquidity, event.trade_number),
            trade.id,
            None if leg.order_id is None else self._ids.of_order(leg.order_id),
            self._accounts[leg.account_id],
            trade.market_id,
            "BUY" if leg.lots > 0 else "SELL",
            liquidity,
            trade.kind,
            trade.price_half_ticks,
            trade.quantity_lots,
            trade.notional_micro,
            leg.fee_micro,
            leg.realized_pnl_micro,
            trade.executed_at_ms,
        )

    def _draw(self, trade: TradeRow, /) -> None:
        """Add a public trade to its minute's candle."""
        price, minute = trade.price_half_ticks, trade.executed_at_ms // MINUTE_MS
        key = (trade.market_id, minute)
        candle = self._candles.get(key)
        if candle is None:
            self._candles[key] = CandleRow(
                *key, price, price, price, price, trade.quantity_lots, trade.notional_micro, 1
            )
            return
        candle.high_half_ticks = max(candle.high_half_ticks, price)
        candle.low_half_ticks = min(candle.low_half_ticks, price)
        candle.close_half_ticks = price
        candle.volume_lots += trade.quantity_lots
        candle.notional_micro += trade.notional_micro
        candle.trades += 1

    def write(self, cursor: Hand, /) -> tuple[list[TradeRow], list[FillRow]]:
        """Write the trades and fills of this step; return them."""
        trades, fills = self._trades, self._fills
        if trades:
            TRADES.add(cursor, trades)
            FILLS.add(cursor, fills)
            self._write_candles(cursor)
            self._trades, self._fills = [], []
        return trades, fills

    def _write_candles(self, cursor: Hand, /) -> None:
        if self._candles:
            columns = [
                number_array(getattr(candle, name) for candle in self._candles.values())
                for name in CandleRow.__struct_fields__
            ]
            cursor.execute(ADD_CANDLES, columns)
            self._candles = {}
