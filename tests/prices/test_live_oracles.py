import asyncio
import base64
import contextlib
import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from prices.adapters.hearing import keep_hearing
from prices.adapters.pyth import Feed, Hermes, find_feeds, quote_of, read_update
from prices.adapters.source import Backoff, Status
from prices.adapters.switchboard import (
    DISCRIMINATOR,
    FeedAccount,
    Switchboard,
    read_feed,
)
from prices.records import Currency, Kind, Source
from tests.prices.heard import Heard
from tests.prices.odd_server import CLOSE, CUT, odd_server
from tests.prices.sources import usdt

BTC_FEED = "e62df6c8b4a85fe1a67db44dc12de5db330f7ac66b72dc658afedf0f4a415b43"
JPY_FEED = "ef2c98c804ba503c6a707e38be4dfbb16683775f195b091252bf24693042fd52"
PUBLISHED_S = 1_723_161_254
NOW_MS = PUBLISHED_S * 1_000 + 700
BTC = Source(name="pyth", kind=Kind.ORACLE, currency=Currency.USD, instrument="Crypto.BTC/USD")
JPY = Source(
    name="pyth",
    kind=Kind.ORACLE,
    currency=Currency.USD,
    instrument="FX.USD/JPY",
    is_inverted=True,
)


def update(
    *, feed_id: str = BTC_FEED, price: str = "6183763000000", published_s: int = PUBLISHED_S
) -> str:
    return json.dumps(
        {
            "type": "price_update",
            "price_feed": {
                "id": feed_id,
                "price": {
                    "price": price,
                    "conf": "2151998000",
                    "expo": -8,
                    "publish_time": published_s,
                },
                "ema_price": {
                    "price": "6180000000000",
                    "conf": "2100000000",
                    "expo": -8,
                    "publish_time": published_s,
                },
            },
        }
    )


def test_hermes_list_of_feeds_is_looked_up_by_the_instruments_name() -> None:
    listing: list[dict[str, Any]] = [
        {"id": BTC_FEED, "attributes": {"symbol": "Crypto.BTC/USD", "asset_type": "Crypto"}},
        {"id": "0x" + JPY_FEED, "attributes": {"symbol": "FX.USD/JPY"}},
        {"id": "00", "attributes": None},
    ]
    feeds = find_feeds(listing, wanted={"BTC-USDT-PERP": BTC, "JPY-USDT-PERP": JPY})
    assert [(feed.market_id, feed.feed_id) for feed in feeds] == [
        ("BTC-USDT-PERP", BTC_FEED),
        ("JPY-USDT-PERP", JPY_FEED),
    ]


def test_a_documented_price_update_is_read_exactly() -> None:
    read = read_update(update())
    assert read is not None
    assert (read.feed_id, read.published_at_ms) == (BTC_FEED, PUBLISHED_S * 1_000)
    assert (read.price_pico, read.confidence_pico) == (usdt("61837.63"), usdt("21.51998"))


def test_an_inverted_price_is_the_reciprocal_with_its_confidence() -> None:
    read = read_update(update(feed_id=JPY_FEED, price="14725000000"))
    assert read is not None
    quote = quote_of(read, source=JPY, at_ms=NOW_MS)
    assert quote.price_pico == 10**24 // usdt("147.25")
    assert quote.confidence_pico == -(-usdt("21.51998") * 10**24 // usdt("147.25") ** 2)


@pytest.mark.parametrize("price", ["0", "-5", "nonsense", "9" * 40])
def test_a_price_that_is_none_arrives_as_zero_for_screening(price: str) -> None:
    read = read_update(update(price=price))
    assert read is not None
    assert quote_of(read, source=BTC, at_ms=NOW_MS).price_pico == 0


def hermes(*, url: str = "", at_ms: int = NOW_MS, heartbeat_s: float = 2.0) -> Hermes:
    return Hermes(
        url=url,
        feeds=[Feed(feed_id=BTC_FEED, market_id="BTC-USDT-PERP", source=BTC)],
        key="a-key",
        clock_ms=lambda: at_ms,
        heartbeat_s=heartbeat_s,
    )


def test_a_price_sent_again_does_not_become_fresh_and_an_old_one_never_is() -> None:
    heard, source = Heard(), hermes()
    taken = [
        update(),
        update(),
        update(published_s=PUBLISHED_S - 1),
        update(published_s=PUBLISHED_S + 1),
    ]
    for text in taken:
        assert source.take(text, sink=heard)
    assert len(heard.oracles) == 2
    late = hermes(at_ms=NOW_MS + 120_000)
    late.take(update(), sink=heard)
    assert len(heard.oracles) == 2


def test_a_price_that_changes_within_its_second_is_news() -> None:
    heard, source = Heard(), hermes()
    for price in ("6183763000000", "6183764000000", "6183764000000"):
        source.take(update(price=price), sink=heard)
    assert [quote.price_pico for _, quote in heard.oracles] == [usdt("61837.63"), usdt("61837.64")]


def test_a_price_from_the_future_is_none_and_does_not_silence_those_that_follow() -> None:
    heard, source = Heard(), hermes()
    source.take(update(published_s=PUBLISHED_S + 3_600), sink=heard)
    assert heard.oracles == []
    source.take(update(), sink=heard)
    assert len(heard.oracles) == 1


@pytest.mark.parametrize(
    "garbage",
    [
        "no json",
        b"\xff\x00",
        "[]",
        "{}",
        '{"type":"price_update","price_feed":{"id":"x"}}',
        '{"type":"response","status":"error","error":"no such feed"}',
    ],
)
def test_garbage_is_counted_and_passed_over(garbage: str | bytes) -> None:
    heard, source = Heard(), hermes()
    assert not source.take(garbage, sink=heard)
    assert source.connection.garbage == 1
    assert source.take(update(), sink=heard)


@pytest.mark.parametrize("end", [CLOSE, CUT], ids=["closed", "cut in a frame"])
async def test_hermes_is_asked_for_its_feeds_and_heard_again_after_silence_and_an_end(
    end: float,
) -> None:
    heard = Heard(enough=3)

    def script(visit: Any) -> list[str | bytes | float]:
        welcome = '{"type":"response","status":"success"}'
        if visit.number == 1:
            return [welcome, update(), "garbage", end]
        if visit.number == 2:
            return [welcome, update(published_s=PUBLISHED_S + 1)]
        return [welcome, update(published_s=PUBLISHED_S + 2)]

    async with odd_server(script) as server:
        source = hermes(url=server.url, heartbeat_s=0.4)
        task = asyncio.create_task(keep_hearing(source, sink=heard, backoff=Backoff(first_s=0.05)))
        await asyncio.wait_for(heard.done.wait(), timeout=30)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    assert json.loads(server.visits[0].asked) == {
        "type": "subscribe",
        "ids": [BTC_FEED],
        "ignore_invalid_price_ids": True,
    }
    assert [visit.number for visit in server.visits] == [1, 2, 3]
    assert source.connection.garbage == 1
    assert source.connection.state().status is Status.LIVE


def feed_account(*, value: int, deviation: int, slot: int) -> bytes:
    """Return a pull feed's account of 3,208 bytes with a result in it."""
    account = bytearray(3_208)
    account[:8] = DISCRIMINATOR
    account[2_264:2_280] = value.to_bytes(16, "little", signed=True)
    account[2_280:2_296] = deviation.to_bytes(16, "little", signed=True)
    account[2_368:2_376] = slot.to_bytes(8, "little")
    return bytes(account)


def test_a_pull_feeds_account_gives_its_median_deviation_and_slot() -> None:
    account = feed_account(value=61_837_630 * 10**15, deviation=12 * 10**18, slot=7)
    read = read_feed(account)
    assert (read.value_pico, read.deviation_pico, read.slot) == (usdt("61837.63"), usdt("12"), 7)


@pytest.mark.parametrize("account", [b"", b"\x00" * 3_208, DISCRIMINATOR + b"\x00" * 100])
def test_an_account_that_is_no_pull_feed_is_refused(account: bytes) -> None:
    with pytest.raises(ValueError, match="no pull feed"):
        read_feed(account)


class Node(http.server.BaseHTTPRequestHandler):
    """A Solana node that knows one feed, another account and a missing one."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        good = feed_account(value=61_800 * 10**18, deviation=10**18, slot=995)
        foreign = self._row(good) | {"owner": "11111111111111111111111111111111"}
        rows = [self._row(good), self._row(b"\x01" * 40), None, foreign]
        answer = {
            "jsonrpc": "2.0",
            "id": asked["id"],
            "result": {"context": {"slot": 1_000, "apiVersion": "2.0.0"}, "value": rows},
        }
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    @staticmethod
    def _row(data: bytes) -> dict[str, Any]:
        return {
            "data": [base64.b64encode(data).decode(), "base64"],
            "executable": False,
            "lamports": 1,
            "owner": "SBondMDrcV3K4kxZR1HNVT7osZxAHVHgYXL5Ze1oMUv",
            "rentEpoch": 0,
            "space": len(data),
        }


@pytest.fixture
def node() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Node)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


async def test_switchboard_is_read_over_json_rpc_and_aged_in_slots(node: str) -> None:
    heard = Heard(enough=1)
    source = Source(name="switchboard", kind=Kind.ORACLE, instrument="BTC/USD")
    addresses = [f"So1111111111111111111111111111111111111111{digit}" for digit in "2345"]
    switchboard = Switchboard(
        url=node,
        feeds=[
            FeedAccount(market_id=f"{number}-USDT-PERP", source=source, address=address)
            for number, address in enumerate(addresses)
        ],
        clock_ms=lambda: NOW_MS,
    )
    task = asyncio.create_task(keep_hearing(switchboard, sink=heard, backoff=Backoff(first_s=0.05)))
    await asyncio.wait_for(heard.done.wait(), timeout=30)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    name, quote = heard.oracles[0]
    assert name == "switchboard 0-USDT-PERP"
    assert (quote.price_pico, quote.confidence_pico) == (usdt("61800"), usdt("1"))
    assert quote.received_at_ms == NOW_MS - 5 * 400
    assert switchboard.connection.garbage == 3


async def test_a_node_that_is_away_is_asked_again(node: str) -> None:
    source = Source(name="switchboard", kind=Kind.ORACLE, instrument="BTC/USD")
    account = FeedAccount(
        market_id="BTC-USDT-PERP",
        source=source,
        address="So11111111111111111111111111111111111111112",
    )
    away = Switchboard(url="http://127.0.0.1:9", feeds=[account])
    waits: list[float] = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)
        await asyncio.sleep(0)
        if len(waits) == 3:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await keep_hearing(away, sink=Heard(), backoff=Backoff(), sleep=wait)
    assert waits[0] < waits[1] < waits[2]
    assert away.connection.state().status is Status.WAITING
    assert away.connection.state().detail
