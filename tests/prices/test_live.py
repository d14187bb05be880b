import asyncio
import contextlib
import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from prices.adapters.live import LiveAdapter, LiveSettings, LookedUpHermes
from prices.records import Currency, Kind, MarketSources, Source
from tests.prices.heard import Heard
from tests.prices.sources import BTC, EUR

ADDRESS = "So11111111111111111111111111111111111111112"


def on_switchboard(market: MarketSources) -> LiveAdapter:
    oracles = tuple(
        Source(name=source.name, kind=Kind.ORACLE, instrument="BTC/USD")
        for source in market.oracles
    )
    return LiveAdapter(
        markets=[
            MarketSources(
                market_id=market.market_id,
                tick_pico=market.tick_pico,
                venues=market.venues,
                oracles=oracles,
            )
        ],
        settings=LiveSettings(
            solana_url="http://127.0.0.1:9", switchboard_feeds={"BTC/USD": ADDRESS}
        ),
    )


def test_each_source_that_a_market_names_has_its_own_connection() -> None:
    named = {state.source for state in on_switchboard(BTC).states()}
    assert named == {
        "binance",
        "coinbase",
        "kraken",
        "bybit",
        "okx",
        "pyth",
        "switchboard",
    }
    bare = LiveAdapter(markets=[EUR], settings=LiveSettings())
    assert [state.source for state in bare.states()] == ["pyth"]
    assert bare.markets([EUR]) == [EUR]


class FeedList(http.server.BaseHTTPRequestHandler):
    """A Hermes that lists one feed, to whoever shows the key."""

    def do_GET(self) -> None:
        is_known = self.headers["Authorization"] == "Bearer key"
        body = json.dumps([{"id": "aa", "attributes": {"symbol": "Crypto.ETH/USD"}}]).encode()
        self.send_response(200 if is_known else 403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def hermes_url() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), FeedList)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("key", "instrument", "sentence"),
    [
        ("", "Crypto.ETH/USD", "403"),
        ("key", "Crypto.BTC/USD", "Hermes lists none of our markets"),
        ("key", "Crypto.ETH/USD", "Invalid"),
    ],
)
async def test_hermes_feeds_are_looked_up_before_they_are_heard(
    hermes_url: str, key: str, instrument: str, sentence: str
) -> None:
    source = Source(name="pyth", kind=Kind.ORACLE, currency=Currency.USD, instrument=instrument)
    hermes = LookedUpHermes(url=hermes_url, key=key, wanted={"ETH-USDT-PERP": source})
    with pytest.raises(Exception) as trouble:  # noqa: PT011 - the outside may break in any way
        await hermes.hear(Heard())
    assert sentence in f"{type(trouble.value).__name__}: {trouble.value}"


async def test_live_sources_that_are_away_harm_nobody() -> None:
    adapter = LiveAdapter(markets=[EUR], settings=LiveSettings(hermes_url="http://127.0.0.1:9"))
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.5):
            await adapter.run(Heard())
    (state,) = adapter.states()
    assert state.detail
    assert not state.is_up(0)
