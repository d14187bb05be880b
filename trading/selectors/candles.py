"""Candles of an index as the public sees them, folded from one-minute rows.

Decimals are in USDT. What is not here: how candles are drawn.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from trading.models import IndexCandle, Market

INTERVALS = {
    "1m": timedelta(minutes=1),
    "5m": timedelta(minutes=5),
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "4h": timedelta(hours=4),
    "1d": timedelta(days=1),
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
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
    """One candle; the volume is what outside venues traded, in USDT."""

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
    newest_bin = EPOCH + (until - EPOCH) // interval * interval
    # A moment inside a candle belongs to the page of that candle.
    until = newest_bin if until == newest_bin else newest_bin + interval
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
    half_tick = market.tick_size / 2
    return [
        CandleView(
            opened_at=opened_at,
            open=first * half_tick,
            high=high * half_tick,
            low=low * half_tick,
            close=last * half_tick,
            volume=Decimal(volume).scaleb(-6),
        )
        for opened_at, first, high, low, last, volume in rows
    ]


def reach_of(*, market: Market, until: datetime, interval: timedelta, limit: int) -> datetime:
    """Return how far back a page must look: so many minutes with rows, not of the clock."""
    minutes = limit * (interval // timedelta(minutes=1))
    older = IndexCandle.objects.filter(market=market, opened_at__lt=until).order_by("-opened_at")
    row = older.values_list("opened_at", flat=True)[minutes : minutes + 1].first()
    return EPOCH if row is None else EPOCH + (row - EPOCH) // interval * interval
