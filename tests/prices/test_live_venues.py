import asyncio
import contextlib
import json
from typing import Any

import pytest

from prices.adapters.ccxt_venue import (
    VENUES,
    CcxtVenue,
    Listing,
    VenueSpec,
    find_symbols,
    make_ccxt_client,
    number_of,
)
from prices.adapters.hearing import describe, keep_hearing
from prices.adapters.source import Backoff, SequenceCheck, Status
from prices.board import Board
from prices.records import Currency, Kind, MarketSources, Source
from tests.prices.heard import Heard
from tests.prices.odd_server import CLOSE, CUT, OddServer, Script, Visit, odd_server
from tests.prices.sources import usdt

MARKET_ID = "BTC-USDT-PERP"
SPECS = {venue.name: venue for venue in VENUES}


def market_of(client: Any, *, symbol: str, market_id: str) -> Any:
    base, _, rest = symbol.partition("/")
    quote, _, settle = rest.partition(":")
    is_swap = bool(settle)
    return client.safe_market_structure(
        {
            "id": market_id,
            "lowercaseId": market_id.lower(),
            "symbol": symbol,
            "base": base,
            "quote": quote,
            "baseId": base,
            "quoteId": quote,
            "settle": settle or None,
            "settleId": settle or None,
            "type": "swap" if is_swap else "spot",
            "spot": not is_swap,
            "swap": is_swap,
            "contract": is_swap,
            "linear": True if is_swap else None,
            "inverse": False if is_swap else None,
            "contractSize": 1 if is_swap else None,
            "active": True,
            "info": {},
        }
    )


def point_at(client: Any, *, url: str) -> None:
    """Make a ccxt client speak with the local server in place of its venue."""

    def local(address: Any) -> Any:
        if isinstance(address, dict):
            return {name: local(inner) for name, inner in address.items()}
        return url

    client.urls["api"]["ws"] = local(client.urls["api"]["ws"])


def venue_at(
    server: OddServer, *, name: str, symbol: str, market_id: str, heartbeat_s: float = 2.0
) -> CcxtVenue:
    venue: VenueSpec = SPECS[name]

    def make() -> Any:
        client = make_ccxt_client(venue)
        client.set_markets([market_of(client, symbol=symbol, market_id=market_id)])
        point_at(client, url=server.url)
        return client

    currency = Currency.USD if symbol.endswith("/USD") else Currency.USDT
    source = Source(name=name, kind=venue.kind, currency=currency, instrument=market_id)
    return CcxtVenue(
        venue=venue,
        listings=[Listing(market_id=MARKET_ID, source=source)],
        make_client=make,
        heartbeat_s=heartbeat_s,
    )


async def hear(
    venue: CcxtVenue, *, heard: Heard, patience_s: float = 30.0, first_s: float = 0.05
) -> None:
    task = asyncio.create_task(keep_hearing(venue, sink=heard, backoff=Backoff(first_s=first_s)))
    try:
        await asyncio.wait_for(heard.done.wait(), timeout=patience_s)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


BINANCE = '{"u":400900217,"s":"BTCUSDT","b":"61837.63","B":"3.78","a":"61837.64","A":"1.54"}'
COINBASE = json.dumps(
    {
        "channel": "ticker_batch",
        "client_id": "",
        "timestamp": "2024-08-08T23:54:14.087891Z",
        "sequence_num": 0,
        "events": [
            {
                "type": "snapshot",
                "tickers": [
                    {
                        "type": "ticker",
                        "product_id": "BTC-USD",
                        "price": "61837.63",
                        "volume_24_h": "16038.2",
                        "low_24_h": "54558.93",
                        "high_24_h": "62745.13",
                        "low_52_w": "1",
                        "high_52_w": "2",
                        "price_percent_chg_24_h": "7.1",
                        "best_bid": "61837.63",
                        "best_bid_quantity": "0.02",
                        "best_ask": "61837.64",
                        "best_ask_quantity": "1.03",
                    }
                ],
            }
        ],
    }
)
KRAKEN = json.dumps(
    {
        "channel": "ticker",
        "type": "snapshot",
        "data": [
            {
                "symbol": "BTC/USD",
                "bid": 61837.63,
                "bid_qty": 740.0,
                "ask": 61837.64,
                "ask_qty": 740.0,
                "last": 61837.6,
                "volume": 997.07,
                "vwap": 61000.1,
                "low": 54558.9,
                "high": 62745.1,
                "change": -37.0,
                "change_pct": -0.06,
            }
        ],
    }
)
BYBIT = json.dumps(
    {
        "topic": "orderbook.1.BTCUSDT",
        "ts": 1723161254000,
        "type": "snapshot",
        "data": {
            "s": "BTCUSDT",
            "b": [["61837.63", "3.78"]],
            "a": [["61837.64", "1.54"]],
            "u": 18521288,
            "seq": 7961638724,
        },
        "cts": 1723161253990,
    }
)


def okx(instrument: str) -> str:
    return json.dumps(
        {
            "arg": {"channel": "tickers", "instId": instrument},
            "data": [
                {
                    "instType": "SPOT",
                    "instId": instrument,
                    "last": "61837.6",
                    "lastSz": "0.1",
                    "askPx": "61837.64",
                    "askSz": "11",
                    "bidPx": "61837.63",
                    "bidSz": "5",
                    "open24h": "60000",
                    "high24h": "62745.13",
                    "low24h": "54558.93",
                    "sodUtc0": "1",
                    "sodUtc8": "1",
                    "volCcy24h": "2222",
                    "vol24h": "2222",
                    "ts": "1723161254000",
                }
            ],
        }
    )


# Each venue, ccxt's symbol, its own spelling, and a message in its documented format.
DOCUMENTED = [
    ("binance", "BTC/USDT", "BTCUSDT", BINANCE),
    ("coinbase", "BTC/USD", "BTC-USD", COINBASE),
    ("kraken", "BTC/USD", "BTC/USD", KRAKEN),
    ("bybit", "BTC/USDT", "BTCUSDT", BYBIT),
    ("okx", "BTC/USDT", "BTC-USDT", okx("BTC-USDT")),
    ("binance-perp", "BTC/USDT:USDT", "BTCUSDT", BINANCE),
    ("bybit-perp", "BTC/USDT:USDT", "BTCUSDT", BYBIT),
    ("okx-perp", "BTC/USDT:USDT", "BTC-USDT-SWAP", okx("BTC-USDT-SWAP")),
]


@pytest.mark.parametrize(("name", "symbol", "instrument", "message"), DOCUMENTED)
async def test_a_venues_documented_message_becomes_exactly_its_best_bid_and_ask(
    name: str, symbol: str, instrument: str, message: str
) -> None:
    heard = Heard()
    async with odd_server(lambda _visit: [message]) as server:
        venue = venue_at(server, name=name, symbol=symbol, market_id=instrument)
        await hear(venue, heard=heard)
    assert heard.quotes[0][0] == f"{name} {MARKET_ID}"
    assert heard.spreads()[0] == (usdt("61837.63"), usdt("61837.64"))
    assert venue.connection.state().connects == 1


def ticker(bid: str, *, number: int = 1, sent_at_ms: int = 1_723_161_255_208) -> str:
    return json.dumps(
        {
            "e": "bookTicker",
            "E": sent_at_ms,
            "u": number,
            "s": "BTCUSDT",
            "b": bid,
            "B": "1",
            "a": str(int(bid) + 1),
            "A": "1",
        }
    )


async def hear_binance(
    script: Script, *, enough: int, heartbeat_s: float = 2.0
) -> tuple[Heard, CcxtVenue, OddServer]:
    heard = Heard(enough=enough)
    async with odd_server(script) as server:
        venue = venue_at(
            server,
            name="binance-perp",
            symbol="BTC/USDT:USDT",
            market_id="BTCUSDT",
            heartbeat_s=heartbeat_s,
        )
        await hear(venue, heard=heard)
    return heard, venue, server


def first_then(*first: str | bytes | float) -> Script:
    """Return a script that misbehaves on the first connection and is honest on the next."""
    return lambda visit: first if visit.number == 1 else [ticker("200", number=50)]


@pytest.mark.parametrize(
    "trouble",
    [
        [CLOSE],
        [CUT],
        [ticker("100"), CLOSE],
        [ticker("100"), CUT],
        ["no json at all", b"\x00\xff\x13", '{"u":', "[]", '{"odd": 1}', "null", CLOSE],
    ],
    ids=["closed", "cut", "closed later", "cut in a frame", "garbage"],
)
async def test_after_any_trouble_the_venue_is_heard_again(trouble: list[Any]) -> None:
    enough = 2 if trouble[0] == ticker("100") else 1
    heard, venue, server = await hear_binance(first_then(*trouble), enough=enough)
    assert heard.spreads()[-1] == (usdt("200"), usdt("201"))
    assert len(server.visits) >= 2
    assert venue.connection.state().status is Status.LIVE


async def test_a_silent_venue_is_connected_anew_after_its_heartbeat() -> None:
    heard, venue, _ = await hear_binance(first_then(ticker("100")), enough=2, heartbeat_s=0.4)
    assert heard.spreads() == [(usdt("100"), usdt("101")), (usdt("200"), usdt("201"))]
    assert venue.connection.state().connects == 2


async def test_a_message_older_than_the_last_is_passed_over_and_counted() -> None:
    script: list[str | bytes | float] = [
        ticker("100", number=10),
        0.1,
        ticker("90", number=9),
        0.1,
        ticker("101", number=11),
    ]
    heard, venue, _ = await hear_binance(lambda _visit: script, enough=2)
    assert heard.spreads() == [(usdt("100"), usdt("101")), (usdt("101"), usdt("102"))]
    assert venue.connection.state().gaps == 1


async def test_a_venues_own_clock_is_noted_and_decides_nothing() -> None:
    script = [ticker("100", sent_at_ms=4_102_444_800_000)]
    heard, venue, _ = await hear_binance(lambda _visit: script, enough=1)
    received_at_ms = heard.quotes[0][1].received_at_ms
    assert received_at_ms < 4_000_000_000_000
    skew_ms = venue.connection.state().skew_ms
    assert skew_ms is None or skew_ms > 1_000_000_000_000


async def test_prices_that_are_none_arrive_as_zero_for_screening() -> None:
    script = ['{"u":1,"s":"BTCUSDT","b":"NaN","B":"1","a":"-1","A":"1"}']
    heard, _, _ = await hear_binance(lambda _visit: script, enough=1)
    assert heard.spreads() == [(0, 0)]


def test_instruments_are_found_by_the_venues_spelling_and_unlisted_ones_left_out() -> None:
    markets = {
        "BTC/USDT": {"id": "BTCUSDT", "spot": True},
        "BTC/USDT:USDT": {"id": "BTCUSDT", "swap": True},
    }
    listings = [
        Listing(
            market_id=name,
            source=Source(name="bybit", kind=Kind.SPOT, instrument=instrument),
        )
        for name, instrument in (("a", "BTCUSDT"), ("b", "NOUSDT"))
    ]
    assert list(find_symbols(markets, listings=listings, kind=Kind.SPOT)) == ["BTC/USDT"]
    assert list(find_symbols(markets, listings=listings, kind=Kind.PERPETUAL)) == ["BTC/USDT:USDT"]


def test_a_contract_on_a_thousand_units_is_divided_and_trades_are_counted() -> None:
    source = Source(
        name="binance-perp", kind=Kind.PERPETUAL, instrument="1000PEPEUSDT", base_per_unit=1000
    )
    venue = CcxtVenue(
        venue=SPECS["binance-perp"],
        listings=[],
        make_client=lambda: None,
        clock_ms=lambda: 5,
    )
    venue._wanted = {"PEPE": Listing(market_id="PEPE-USDT-PERP", source=source)}
    board = Board(markets=[MarketSources(market_id="PEPE-USDT-PERP", tick_pico=2)])
    venue.take_tickers({"PEPE": {"bid": "0.0085", "ask": "0.0086"}, "X": {}}, sink=board)
    (market,) = board.boards()
    quote = market.perpetuals["binance-perp"]
    assert (quote.bid_pico, quote.ask_pico) == (8_500_000, 8_600_000)
    venue.take_trades(
        [{"symbol": "PEPE", "price": "2", "amount": "3"}, {"symbol": "X"}], sink=board
    )
    assert board.step(5)[0].volume_micro == 6_000_000


def test_waits_double_up_to_half_a_minute_and_begin_anew() -> None:
    backoff = Backoff(seed=1)
    waits = [backoff.next_s() for _ in range(10)]
    assert 0.4 <= waits[0] <= 0.6
    assert 24 <= waits[-1] <= 36
    backoff.reset()
    assert backoff.next_s() <= 0.6


def test_numbers_must_rise_or_at_least_not_fall() -> None:
    strict, loose = SequenceCheck(), SequenceCheck(allows_repeats=True)
    assert [strict.admit(number) for number in (5, 5, 4, 6, None)] == [
        True,
        False,
        False,
        True,
        True,
    ]
    assert [loose.admit(number) for number in (5, 5, 4, 6)] == [True, True, False, True]
    strict.restart()
    assert strict.admit(1)


def test_one_number_from_the_far_future_does_not_silence_a_venue_for_good() -> None:
    check = SequenceCheck(allows_repeats=True)
    assert check.admit(4_102_444_800_000)
    admitted = [check.admit(number) for number in range(20)]
    assert admitted == [False] * 9 + [True] * 11


def test_a_number_that_is_sent_again_and_again_never_becomes_news() -> None:
    check = SequenceCheck()
    assert check.admit(7)
    assert not any(check.admit(7) for _ in range(50))


def test_a_ticker_is_numbered_by_its_update_id_or_its_time() -> None:
    assert number_of({"info": {"u": "17"}, "timestamp": 3}) == 17
    assert number_of({"info": {}, "timestamp": 3}) == 3
    assert number_of({"info": [], "timestamp": None}) is None


def test_what_went_wrong_is_told_in_a_short_sentence() -> None:
    assert describe(TimeoutError()) == "The source was silent for 10 s."
    assert describe(ValueError("x" * 500)) == ("ValueError: " + "x" * 500)[:160]


def test_a_visit_knows_its_number() -> None:
    assert Visit(number=1, asked="").number == 1
