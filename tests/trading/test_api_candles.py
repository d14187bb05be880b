"""GET /api/v1/markets/{symbol}/candles as the contract promises it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from trading.api.examples import CANDLES
from trading.models import IndexCandle, Market

BEGAN = datetime(2026, 3, 4, 10, tzinfo=UTC)
PATH = "/api/v1/markets/BTC-USDT-PERP/candles"

pytestmark = pytest.mark.usefixtures("listing")


@pytest.fixture(autouse=True)
def twelve_minutes(listing: object) -> None:
    """Keep minutes 0 to 11 of an hour, but not the fourth, each a half tick above the last."""
    market = Market.objects.get(base="BTC")
    IndexCandle.objects.bulk_create(
        IndexCandle(
            market=market,
            opened_at=BEGAN + timedelta(minutes=minute),
            open_half_ticks=1_000 + minute,
            high_half_ticks=1_010 + minute,
            low_half_ticks=990 + minute,
            close_half_ticks=1_001 + minute,
            volume_micro=500_000,
        )
        for minute in range(12)
        if minute != 4
    )


def answer(**asked: Any) -> dict[str, Any]:
    """Return what is answered a minute after the last candle opened."""
    with time_machine.travel(BEGAN + timedelta(minutes=12), tick=False):
        found = Client().get(PATH, asked)
    assert found.status_code == 200, found.content
    body: dict[str, Any] = found.json()
    return body


def minutes_of(body: dict[str, Any]) -> list[int]:
    """Return at which minute of the hour each candle opened."""
    began_ms = int(BEGAN.timestamp() * 1_000)
    return [(candle["opened_at"] - began_ms) // 60_000 for candle in body["results"]]


def test_minutes_come_newest_first_as_decimals_on_half_ticks() -> None:
    body = answer()
    assert minutes_of(body) == [11, 10, 9, 8, 7, 6, 5, 3, 2, 1, 0]
    assert body["results"][-1] == {
        "opened_at": int(BEGAN.timestamp() * 1_000),
        "open": "50",
        "high": "50.5",
        "low": "49.5",
        "close": "50.05",
        "volume": "0.5",
    }
    assert body["next"] is None
    assert set(body["results"][0]) == set(CANDLES["results"][0])


def test_longer_intervals_are_folded_on_the_clock() -> None:
    body = answer(interval="5m")
    assert minutes_of(body) == [10, 5, 0]
    first = body["results"][-1]
    assert (first["open"], first["high"], first["low"], first["close"]) == (
        "50",
        "50.65",
        "49.5",
        "50.2",
    )
    assert first["volume"] == "2"
    assert minutes_of(answer(interval="1h")) == [0]


@pytest.mark.parametrize(("interval", "limit"), [("1m", 3), ("5m", 1), ("1m", 11)])
def test_pages_meet_without_a_gap_or_a_double(interval: str, limit: int) -> None:
    whole = minutes_of(answer(interval=interval))
    seen: list[int] = []
    asked: dict[str, Any] = {"interval": interval, "limit": limit}
    while True:
        body = answer(**asked)
        seen += minutes_of(body)
        if body["next"] is None:
            break
        asked["cursor"] = body["next"]
    assert seen == whole


def test_trades_have_no_candles_yet() -> None:
    assert answer(source="trades") == {"results": [], "next": None}


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"interval": "7m"}, "interval"),
        ({"source": "guesses"}, "source"),
        ({"limit": "0"}, "limit"),
        ({"limit": "501"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"limit": "000000500" + "9" * 4_500}, "limit"),
        ({"cursor": "forged"}, "cursor"),
    ],
)
def test_strange_words_are_refused_by_their_field(asked: dict[str, str], field: str) -> None:
    refused = Client().get(PATH, asked)
    assert refused.status_code == 400
    assert (refused.json()["code"], refused.json()["field"]) == ("VALIDATION_ERROR", field)


def test_an_unknown_market_is_not_found() -> None:
    refused = Client().get("/api/v1/markets/NO-USDT-PERP/candles")
    assert refused.status_code == 404


def test_a_market_without_minutes_answers_an_empty_page() -> None:
    assert Client().get("/api/v1/markets/ETH-USDT-PERP/candles").json()["results"] == []
