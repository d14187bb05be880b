"""/markets/{symbol}: one market for everybody."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from trading.models import IndexCandle, Market, MarketTicker
from trading.pages import chart_line
from trading.selectors.candles import INTERVALS, index_candles
from trading.selectors.markets import view_of

pytestmark = pytest.mark.usefixtures("listing")


def bitcoin() -> Market:
    market: Market = Market.objects.get(base="BTC")
    return market


def test_the_page_shows_prices_with_all_their_decimals() -> None:
    MarketTicker.objects.create(
        market=bitcoin(),
        index_half_ticks=1_910_001,
        mark_half_ticks=1_910_002,
        bid_ticks=955_000,
        ask_ticks=955_001,
        funding_rate_ppb=12_500,
        updated_at=timezone.now(),
    )
    page = Client().get("/markets/btc-usdt-perp")
    assert page.status_code == 200
    for text in ("95,500.05", "95,500.10", "95,500.0", "+0.00125%", "BTC-USDT-PERP"):
        assert text in page.text
    assert "No minute of the last 120 has been kept." in page.text


def test_a_market_without_a_price_says_so_and_an_unknown_one_is_not_found() -> None:
    assert "No price now" in Client().get("/markets/EUR-USDT-PERP").text
    assert Client().get("/markets/NO-USDT-PERP").status_code == 404


def test_figures_that_nobody_renews_are_missing_and_not_old() -> None:
    at = timezone.now()
    MarketTicker.objects.create(market=bitcoin(), index_half_ticks=2, updated_at=at)
    fresh = view_of(Market.objects.get(base="BTC"), at=at + timedelta(seconds=10))
    stale = view_of(Market.objects.get(base="BTC"), at=at + timedelta(seconds=11))
    assert fresh.index_price is not None
    assert stale.index_price is None


def test_the_line_runs_from_the_oldest_left_to_the_newest_right() -> None:
    market, at = bitcoin(), timezone.now().replace(second=0, microsecond=0)
    keep_minutes(market, at=at, closes={1: 100, 2: 300, 3: 200})
    candles = index_candles(market=market, interval=INTERVALS["1m"], until=at, limit=120)
    steps = chart_line(candles).split()
    assert [step[0] for step in steps] == ["M", "L", "L"]
    points = [tuple(map(float, step[1:].split(","))) for step in steps]
    assert [y for _, y in points] == [120.0, 0.0, 240.0]
    assert points[-1][0] == 960.0
    assert points[0][0] < points[1][0] < points[2][0]
    assert chart_line([]) == ""


def test_the_line_breaks_off_where_minutes_are_missing() -> None:
    market, at = bitcoin(), timezone.now().replace(second=0, microsecond=0)
    keep_minutes(market, at=at, closes={1: 100, 2: 300, 30: 200, 31: 250})
    candles = index_candles(market=market, interval=INTERVALS["1m"], until=at, limit=120)
    assert [step[0] for step in chart_line(candles).split()] == ["M", "L", "M", "L"]


def keep_minutes(market: Market, *, at: datetime, closes: dict[int, int]) -> None:
    for minutes_ago, half_ticks in closes.items():
        IndexCandle.objects.create(
            market=market,
            opened_at=at - timedelta(minutes=minutes_ago),
            open_half_ticks=half_ticks,
            high_half_ticks=half_ticks,
            low_half_ticks=half_ticks,
            close_half_ticks=half_ticks,
        )
