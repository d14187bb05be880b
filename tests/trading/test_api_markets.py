"""GET /api/v1/markets and /api/v1/markets/{symbol} as the contract promises them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.trading.conftest import Edit
from trading.api.examples import BTC, NO_SUCH_MARKET
from trading.models import Market, MarketFunds, MarketTicker, TradeCandle
from trading.services.catalogue import CatalogueReport, load_catalogue
from trading.services.catalogue_file import read_catalogue

LIST = "/api/v1/markets"
CONTRACT = {
    "tick_size",
    "lot_size",
    "brackets",
    "fees",
    "state",
    "index_price",
    "mark_price",
    "bid",
    "ask",
    "funding_rate",
    "next_funding_at",
    "open_interest",
    "volume_24h",
}
UNKNOWN_YET = (
    "index_price",
    "mark_price",
    "bid",
    "ask",
    "funding_rate",
    "open_interest",
    "volume_24h",
)

pytestmark = pytest.mark.usefixtures("listing")


def one(symbol: str) -> dict[str, Any]:
    """Return one market as the API answers it."""
    answer = Client().get(f"{LIST}/{symbol}")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_the_list_is_one_page_of_sixty_in_the_order_of_the_catalogue() -> None:
    answer = Client().get(LIST)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    body = answer.json()
    assert set(body) == {"results", "next"}
    assert body["next"] is None
    assert [market["symbol"] for market in body["results"]] == list(
        Market.objects.order_by("rank").values_list("symbol", flat=True)
    )


def test_the_list_holds_the_same_objects_as_the_single_answers() -> None:
    listed = {market["symbol"]: market for market in Client().get(LIST).json()["results"]}
    for symbol in ("BTC-USDT-PERP", "PEPE-USDT-PERP", "EUR-USDT-PERP"):
        single = one(symbol)
        assert single == {**listed[symbol], "next_funding_at": single["next_funding_at"]}


def test_the_newest_listing_comes_first(edited: Edit) -> None:
    load_catalogue(read_catalogue(edited("fx.toml", 'base = "SGD"', 'base = "NZD"')))
    Market.objects.filter(base="BTC").update(rank=99)
    body = Client().get(f"{LIST}?limit=2").json()
    assert [market["base"] for market in body["results"]] == ["NZD", "ETH"]


def pages(limit: int) -> Iterator[list[str]]:
    """Yield the symbols of each page, following the cursor."""
    asked: dict[str, Any] = {"limit": limit}
    while True:
        body = Client().get(LIST, asked).json()
        yield [market["symbol"] for market in body["results"]]
        if body["next"] is None:
            return
        asked["cursor"] = body["next"]


@pytest.mark.parametrize(("limit", "sizes"), [(25, [25, 25, 10]), (60, [60]), (59, [59, 1])])
def test_following_the_cursor_shows_every_market_once(limit: int, sizes: list[int]) -> None:
    found = list(pages(limit))
    assert [len(page) for page in found] == sizes
    assert [symbol for page in found for symbol in page] == list(
        Market.objects.order_by("rank").values_list("symbol", flat=True)
    )


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "limit=many", "limit=", "cursor=abc"])
def test_a_strange_page_is_refused(query: str) -> None:
    answer = Client().get(f"{LIST}?{query}")
    assert answer.status_code == 400
    body = answer.json()
    assert (body["code"], body["field"]) == ("VALIDATION_ERROR", query.partition("=")[0])


def test_a_market_says_all_that_the_contract_names() -> None:
    market = one("BTC-USDT-PERP")
    assert set(market) >= CONTRACT
    assert set(market) == set(BTC)
    assert {key: type(value) for key, value in market["brackets"][0].items()} == {
        key: type(value) for key, value in BTC["brackets"][0].items()
    }


def test_the_terms_of_bitcoin_are_strings_without_exponents() -> None:
    market = one("BTC-USDT-PERP")
    assert (market["tick_size"], market["lot_size"]) == ("0.1", "0.0001")
    assert (market["min_size"], market["max_size"]) == ("0.0001", "10")
    assert market["fees"] == {"maker": "-0.0002", "taker": "0.0005"}
    assert market["trading_hours"] is None
    assert [tuple(bracket.values()) for bracket in market["brackets"]] == [
        ("5000", 1000, "0.001", "0.0005", "0"),
        ("20000", 500, "0.002", "0.001", "2.5"),
        ("50000", 100, "0.01", "0.005", "82.5"),
        ("100000", 50, "0.02", "0.01", "332.5"),
        (None, 20, "0.05", "0.025", "1832.5"),
    ]


def test_tiny_ticks_and_huge_lots_are_written_out() -> None:
    market = one("PEPE-USDT-PERP")
    assert (market["tick_size"], market["lot_size"]) == ("0.00000000001", "1000000")
    assert market["open_interest_limit"] == "3900000000000"


def test_fx_shows_no_leverage_above_fifty_and_the_initial_margin_to_match() -> None:
    market = one("EUR-USDT-PERP")
    assert market["max_leverage"] == 50
    assert [
        (bracket["max_leverage"], bracket["initial_margin_rate"], bracket["deduction"])
        for bracket in market["brackets"]
    ] == [
        (50, "0.02", "0"),
        (50, "0.02", "2.5"),
        (50, "0.02", "82.5"),
        (50, "0.02", "332.5"),
        (20, "0.05", "1832.5"),
    ]


def test_prices_are_null_until_somebody_publishes_them() -> None:
    market = one("BTC-USDT-PERP")
    assert {market[name] for name in UNKNOWN_YET} == {None}


def of_the_exchange(market: Market, *, lots: int, micro: int) -> None:
    """Write what the exchange publishes of a market: open interest, and trades of two minutes."""
    MarketFunds.objects.create(market=market, published_lots=lots, updated_at_ms=1)
    now = int(timezone.now().timestamp()) // 60
    for minute, traded in ((now, micro), (now - 1_441, 99)):
        TradeCandle.objects.create(
            market=market,
            minute=minute,
            open_half_ticks=1,
            high_half_ticks=1,
            low_half_ticks=1,
            close_half_ticks=1,
            volume_lots=1,
            notional_micro=traded,
            trades=1,
        )


def test_published_figures_are_answered_exactly_at_half_ticks_too() -> None:
    bitcoin = Market.objects.get(symbol="BTC-USDT-PERP")
    of_the_exchange(bitcoin, lots=417_302, micro=18_250_311_250_000)
    MarketTicker.objects.create(
        market=bitcoin,
        index_half_ticks=1_910_001,
        mark_half_ticks=1_910_022,
        bid_ticks=955_000,
        ask_ticks=955_001,
        funding_rate_ppb=-12_500,
        updated_at=timezone.now(),
    )
    market = one("BTC-USDT-PERP")
    assert {name: market[name] for name in UNKNOWN_YET} == {
        "index_price": "95500.05",
        "mark_price": "95501.1",
        "bid": "95500",
        "ask": "95500.1",
        "funding_rate": "-0.0000125",
        "open_interest": "41.7302",
        "volume_24h": "18250311.25",
    }


def test_a_figure_that_is_zero_is_not_one_that_is_missing() -> None:
    bitcoin = Market.objects.get(symbol="BTC-USDT-PERP")
    MarketFunds.objects.create(market=bitcoin, updated_at_ms=1)
    MarketTicker.objects.create(market=bitcoin, funding_rate_ppb=0, updated_at=timezone.now())
    market = one("BTC-USDT-PERP")
    assert [market[name] for name in UNKNOWN_YET] == [None, None, None, None, "0", "0", "0"]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-08T06:59:59.999", "2026-03-08T07:00:00"),
        ("2026-03-08T07:00:00", "2026-03-08T08:00:00"),
        ("2026-12-31T23:30:00", "2027-01-01T00:00:00"),
    ],
)
def test_the_next_funding_is_at_the_next_full_hour(now: str, expected: str) -> None:
    with time_machine.travel(datetime.fromisoformat(now).replace(tzinfo=UTC), tick=False):
        at_ms = one("BTC-USDT-PERP")["next_funding_at"]
    assert at_ms == int(datetime.fromisoformat(expected).replace(tzinfo=UTC).timestamp()) * 1_000


def test_fx_says_whether_its_hours_are_open_and_until_when() -> None:
    with time_machine.travel(datetime(2026, 3, 7, 12, tzinfo=UTC), tick=False):
        hours = one("EUR-USDT-PERP")["trading_hours"]
    opens = datetime(2026, 3, 8, 21, tzinfo=UTC)
    assert hours == {"is_open": False, "changes_at": int(opens.timestamp()) * 1_000}


@pytest.mark.parametrize("symbol", ["btc-usdt-perp", "Btc-Usdt-Perp", "BTC-USDT-PERP"])
def test_a_symbol_is_understood_in_capitals_or_not(symbol: str) -> None:
    assert one(symbol)["symbol"] == "BTC-USDT-PERP"


@pytest.mark.parametrize(
    "symbol",
    [
        "NZD-USDT-PERP",
        "BTC",
        "BTC-USD-PERP",
        "%20BTC-USDT-PERP",
        "BTC-USDT-PERP%0A",
        "%C5%BFOL-USDT-PERP",  # the long s, whose capital is an S
        "\N{CYRILLIC CAPITAL LETTER VE}TC-USDT-PERP",
        "%FF%FE",
        "'%20OR%201=1--",
        "..%2F..%2Fetc",
        "B" * 5_000,
    ],
)
def test_a_symbol_that_is_none_is_not_found(symbol: str) -> None:
    answer = Client().get(f"{LIST}/{symbol}")
    assert answer.status_code == 404
    assert answer.json()["code"] == "NOT_FOUND"


@pytest.mark.parametrize("symbol", ["BTC-USDT-PERP%00", "%00"])
def test_a_null_byte_in_a_path_finds_nothing(symbol: str) -> None:
    answer = Client().get(f"{LIST}/{symbol}")
    assert answer.status_code == 404
    assert answer.json()["code"] == "NOT_FOUND"


def test_not_found_is_said_in_the_contracts_shape() -> None:
    assert Client().get(f"{LIST}/NOPE").json() == NO_SUCH_MARKET


def test_a_path_below_a_market_is_not_found() -> None:
    answer = Client().get(f"{LIST}/BTC-USDT-PERP/")
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("path", [LIST, f"{LIST}/BTC-USDT-PERP", "/api/v1/status"])
def test_markets_can_only_be_read(method: str, path: str) -> None:
    answer = getattr(Client(), method)(path, {}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (405, "METHOD_NOT_ALLOWED")


def test_a_head_request_is_answered_without_a_body() -> None:
    answer = Client().head(LIST)
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("path", [LIST, f"{LIST}/BTC-USDT-PERP", "/api/v1/status"])
def test_an_answer_may_be_reused_for_a_second_by_its_caller_alone(path: str) -> None:
    assert Client().get(path)["Cache-Control"] == "private, max-age=1"


def test_the_list_takes_as_many_queries_for_sixty_markets_as_for_one(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(3):  # markets with tickers and calendars; brackets; holidays
        assert len(Client().get(LIST).json()["results"]) == 60
    with django_assert_num_queries(2):
        assert Client().get(f"{LIST}?limit=1").json()["results"][0]["base"] == "BTC"


@pytest.mark.parametrize(("symbol", "queries"), [("BTC-USDT-PERP", 2), ("EUR-USDT-PERP", 3)])
def test_one_market_takes_few_queries(
    django_assert_num_queries: DjangoAssertNumQueries, symbol: str, queries: int
) -> None:
    with django_assert_num_queries(queries):
        one(symbol)


def test_a_symbol_that_cannot_be_one_asks_the_database_nothing(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(0):
        Client().get(f"{LIST}/%00")


def test_markets_without_any_are_an_empty_list(
    listing: CatalogueReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trading.api.markets.markets", Market.objects.none)
    assert Client().get(LIST).json() == {"results": [], "next": None}
