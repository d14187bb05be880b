"""Every live adapter against a server that misbehaves: it is heard again and says why."""

import asyncio
import contextlib
import http.server
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from prices.adapters.ccxt_venue import CcxtVenue, Listing
from prices.adapters.hearing import keep_hearing
from prices.adapters.source import Backoff, Status
from prices.adapters.switchboard import FeedAccount, Switchboard
from prices.records import Kind, Source
from tests.prices.heard import Heard
from tests.prices.odd_server import CLOSE, CUT, Visit, odd_server
from tests.prices.sources import usdt
from tests.prices.test_live_oracles import Node
from tests.prices.test_live_venues import DOCUMENTED, SPECS, hear, venue_at

GARBAGE: tuple[str | bytes, ...] = ("no json at all", b"\x00\xff\x13", '{"u":', "[]", "null", "7")


@pytest.mark.parametrize(("name", "symbol", "instrument", "message"), DOCUMENTED)
async def test_each_venue_is_heard_again_after_garbage_half_a_frame_silence_and_an_end(
    name: str, symbol: str, instrument: str, message: str
) -> None:
    def script(visit: Visit) -> list[str | bytes | float]:
        troubles: dict[int, list[str | bytes | float]] = {
            1: [message, *GARBAGE, CUT],
            2: [message, CLOSE],
        }
        # After its message it is silent, and the heartbeat has to find that out.
        return troubles.get(visit.number, [message])

    heard = Heard(enough=4)
    async with odd_server(script) as server:
        venue = venue_at(server, name=name, symbol=symbol, market_id=instrument, heartbeat_s=1.0)
        await hear(venue, heard=heard)
    state = venue.connection.state()
    assert len(server.visits) >= 4
    assert state.connects >= 2
    assert state.status is Status.LIVE
    # garbage never became a price, and each connection's own numbering began anew
    assert set(heard.spreads()) == {(usdt("61837.63"), usdt("61837.64"))}
    # documented messages are years old by their own clock, which decides nothing
    now_ms = time.time_ns() // 1_000_000
    assert abs(heard.quotes[-1][1].received_at_ms - now_ms) < 60_000
    assert state.skew_ms is None or state.skew_ms < -86_400_000


class Client:
    """A ccxt client whose quotes go on when its trades have failed."""

    def __init__(self) -> None:
        self.markets = {"BTC/USDT": {"id": "BTCUSDT", "spot": True}}
        self.bidsasks: dict[str, Any] = {}

    async def load_markets(self) -> None:
        """Know the markets."""

    async def watch_bids_asks(self, _symbols: list[str]) -> None:
        """Have a new quote."""
        await asyncio.sleep(0.01)
        self.bidsasks["BTC/USDT"] = {"bid": "1", "ask": "2"}

    async def watch_trades_for_symbols(self, _symbols: list[str]) -> None:
        """Fail."""
        raise ConnectionError("no trades today")

    async def close(self) -> None:
        """Be closed."""


async def test_a_venue_whose_trades_alone_fail_is_connected_anew_and_says_so() -> None:
    source = Source(name="binance", kind=Kind.SPOT, instrument="BTCUSDT")
    venue = CcxtVenue(
        venue=SPECS["binance"],
        listings=[Listing(market_id="BTC-USDT-PERP", source=source)],
        make_client=Client,
    )
    with pytest.raises(ConnectionError, match="no trades today"):
        await asyncio.wait_for(venue.hear(Heard()), timeout=30)


class HalfAnsweredClient(Client):
    """A ccxt client that asks two things at once, of which the first fails."""

    def __init__(self) -> None:
        super().__init__()
        self.sessions: list[str] = []
        self.rest: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Open a session, as ccxt does for each request that finds none."""
        self.sessions.append("open")

    async def load_markets(self) -> None:
        """Fail while the second request is still to be made."""
        self.open()
        self.rest = asyncio.create_task(self._ask_the_rest())
        raise ConnectionError("no markets today")

    async def _ask_the_rest(self) -> None:
        await asyncio.sleep(0.01)
        self.open()

    async def close(self) -> None:
        """Close the session."""
        self.sessions.remove("open")


async def test_a_client_that_failed_halfway_leaves_no_session_open() -> None:
    client = HalfAnsweredClient()
    venue = CcxtVenue(venue=SPECS["binance"], listings=[], make_client=lambda: client)
    with pytest.raises(ConnectionError, match="no markets today"):
        await venue.hear(Heard())
    assert client.rest is not None
    await client.rest
    assert client.sessions == []


class OddNode(Node):
    """A Solana node that says nonsense, half of an answer, nothing, and then the truth."""

    asked = 0

    def do_POST(self) -> None:  # noqa: N802 - the library's own name
        """Answer as badly as it is this one's turn to."""
        type(self).asked += 1
        match type(self).asked:
            case 1:
                self._say(500, b"<html>busy</html>")
            case 2:
                self._say(200, b"no json at all")
            case 3:
                self._say(200, b'{"jsonrpc":"2.0"', promised=900)
            case 4:
                self._say(200, b'{"jsonrpc":"2.0","id":0,"error":{"code":-5,"message":"behind"}}')
            case 5:
                time.sleep(1.5)
            case _:
                super().do_POST()

    def _say(self, status: int, body: bytes, *, promised: int = 0) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(promised or len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True


@pytest.fixture
def odd_node() -> Iterator[str]:
    OddNode.asked = 0
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), OddNode)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


async def test_switchboard_is_read_again_after_any_answer_that_is_none(odd_node: str) -> None:
    source = Source(name="switchboard", kind=Kind.ORACLE, instrument="BTC/USD")
    addresses = [f"So1111111111111111111111111111111111111111{digit}" for digit in "2345"]
    switchboard = Switchboard(
        url=odd_node,
        feeds=[
            FeedAccount(market_id=f"{number}-USDT-PERP", source=source, address=address)
            for number, address in enumerate(addresses)
        ],
        heartbeat_s=1.0,
    )
    said: list[str] = []

    async def wait(_seconds: float) -> None:
        said.append(switchboard.connection.detail)
        await asyncio.sleep(0.01)

    heard = Heard()
    hearing = keep_hearing(switchboard, sink=heard, backoff=Backoff(), sleep=wait)
    task = asyncio.create_task(hearing)
    await asyncio.wait_for(heard.done.wait(), timeout=30)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert len(said) >= 4
    assert all(said)
    assert switchboard.connection.state().status is Status.LIVE
    assert [name for name, _ in heard.oracles] == ["switchboard 0-USDT-PERP"]
