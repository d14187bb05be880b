"""Candles of an index, or of our own public trades, folded from one-minute rows.

Decimals are in USDT. What is not here: how candles are drawn.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from trading.models import IndexCandle, Market, TradeCandle

INTERVALS = {
    "1m": timedelta(minutes=1),
    "5m": timedelta(minutes=5),
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "4h": timedelta(hours=4),
    "1d": timedelta(days=1),
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# The same of our own trades, whose minutes are counted since 1970.
FOLDED_TRADES = """
    SELECT minute / %(minutes)s AS bin,
           (array_agg(open_half_ticks ORDER BY minute))[1],
           max(high_half_ticks),
           min(low_half_ticks),
           (array_agg(close_half_ticks ORDER BY minute DESC))[1],
           sum(notional_micro)
      FROM trading_tradecandle
     WHERE market_id = %(market)s AND minute >= %(since)s AND minute < %(until)s
     GROUP BY bin ORDER BY bin DESC LIMIT %(limit)s
"""
ONE_MINUTE = timedelta(minutes=1)
# Whole intervals lie on the clock, so a page begins and ends between two of them.
FOLDED = """
    SELECT date_bin(%(interval)s, opened_at, %(epoch)s) AS bin,
           (array_agg(open_half_ticks ORDER BY opened_at))[1],
           max(high_half_ticks),
           min(low_half_ticks),
           (array_agg(close_half_ticks ORDER BY opened_at DESC))[1],
           sum(volume_micro)
      FROM trading_indexcandle
     WHERE market_id = %(market)s AND opened_at >= %(since)s AND opened_at < %(until)s
     GROUP BY bin ORDER BY bin DESC LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CandleView:
    """One candle; its volume in USDT, of the outside venues or of our own trades."""

    opened_at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


def index_candles(
    *, market: Market, interval: timedelta, until: datetime, limit: int
) -> list[CandleView]:
    """Return at most so many candles that opened before a moment, newest first."""
    until = end_of_page(until, interval=interval)
    asked: dict[str, Any] = {
        "interval": interval,
        "epoch": EPOCH,
        "market": market.pk,
        "since": reach_of(market=market, until=until, interval=interval, limit=limit),
        "until": until,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(FOLDED, asked)
        rows = cursor.fetchall()
    return [candle(market, row) for row in rows]


def trade_candles(
    *, market: Market, interval: timedelta, until: datetime, limit: int
) -> list[CandleView]:
    """Return at most so many candles of our own trades before a moment, newest first."""
    minutes = interval // ONE_MINUTE
    last = (end_of_page(until, interval=interval) - EPOCH) // ONE_MINUTE
    older = TradeCandle.objects.filter(market=market, minute__lt=last).order_by("-minute")
    reach = older.values_list("minute", flat=True)[limit * minutes : limit * minutes + 1].first()
    asked = {
        "minutes": minutes,
        "market": market.pk,
        "since": 0 if reach is None else reach // minutes * minutes,
        "until": last,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(FOLDED_TRADES, asked)
        rows = cursor.fetchall()
    return [candle(market, (EPOCH + first * interval, *rest)) for first, *rest in rows]


def end_of_page(until: datetime, *, interval: timedelta) -> datetime:
    """Return the end of the candle in which a moment lies: it belongs to that candle's page."""
    newest_bin = EPOCH + (until - EPOCH) // interval * interval
    return newest_bin if until == newest_bin else newest_bin + interval


def candle(market: Market, row: tuple[Any, ...]) -> CandleView:
    """Return a folded row in USDT."""
    opened_at, first, high, low, last, volume_micro = row
    half_tick = market.tick_size / 2
    return CandleView(
        opened_at=opened_at,
        open=first * half_tick,
        high=high * half_tick,
        low=low * half_tick,
        close=last * half_tick,
        volume=Decimal(volume_micro).scaleb(-6),
    )


def reach_of(*, market: Market, until: datetime, interval: timedelta, limit: int) -> datetime:
    """Return how far back a page must look: so many minutes with rows, not of the clock."""
    minutes = limit * (interval // timedelta(minutes=1))
    older = IndexCandle.objects.filter(market=market, opened_at__lt=until).order_by("-opened_at")
    row = older.values_list("opened_at", flat=True)[minutes : minutes + 1].first()
    return EPOCH if row is None else EPOCH + (row - EPOCH) // interval * interval
