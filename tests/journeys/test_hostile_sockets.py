"""Clients that mean ill, or nothing at all: the site goes on, and so does everybody else."""

import asyncio
import base64
import os
import socket as sockets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from urllib.parse import urlsplit

import pytest
import redis

from godark_client import AsyncSocket, RateLimitedError, Socket
from tests.journeys.programs import Program, programs
from tests.live_site import LiveSite
from trading import feed
from trading.rings import Message, Rings

BTC = "BTC-USDT-PERP"
SUBSCRIBE = b'{"type":"subscribe","channels":["system:maintenance"]}'
STRANGERS = count(1)
MASK = b"\x00\x00\x00\x00"


@pytest.fixture(scope="module")
def trader(trading_site: LiveSite) -> Program:
    """Return a program of the tier LOAD, whom no limit cuts off."""
    (one,) = programs(trading_site, 1)
    return one


@contextmanager
def raw_socket(site: LiveSite, *, receives: int | None = None) -> Iterator[sockets.socket]:
    """Open a WebSocket by hand, so that everything can be sent on it, or nothing be read."""
    where = urlsplit(site.url)
    wire = sockets.socket()
    if receives is not None:
        wire.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, receives)
    wire.settimeout(30)
    wire.bind((f"127.0.1.{next(STRANGERS)}", 0))  # an address of its own, with its own two seats
    wire.connect((where.hostname, where.port))
    name = base64.b64encode(os.urandom(16)).decode()
    lines = ["GET /v1/ws HTTP/1.1", f"Host: {where.netloc}", "Upgrade: websocket"]
    lines += ["Connection: Upgrade", f"Sec-WebSocket-Key: {name}", "Sec-WebSocket-Version: 13"]
    wire.sendall("\r\n".join([*lines, "", ""]).encode())
    said = b""
    while b"\r\n\r\n" not in said:
        said += wire.recv(1)
    assert b" 101 " in said, said
    try:
        yield wire
    finally:
        wire.close()


def frame(payload: bytes, *, length: int | None = None, opcode: int = 1) -> bytes:
    """Return a client's frame; `length` says another than it has."""
    told = len(payload) if length is None else length
    head = bytes([0x80 | opcode])
    if told < 126:
        return head + bytes([0x80 | told]) + MASK + payload
    if told < 65_536:
        return head + bytes([0x80 | 126]) + told.to_bytes(2, "big") + MASK + payload
    return head + bytes([0x80 | 127]) + told.to_bytes(8, "big") + MASK + payload


def read_to_the_end(wire: sockets.socket) -> bytes:
    """Return all that comes until the site has ended the connection."""
    said = b""
    try:
        while piece := wire.recv(65_536):
            said += piece
    except ConnectionResetError:
        pass
    return said


def still_serves(site: LiveSite, trader: Program) -> None:
    with Socket(site.url, trader.key) as socket:
        assert socket.ping() > 0


@pytest.mark.parametrize(
    "sent",
    [
        b"\xff" * 4_096,
        os.urandom(4_096),
        b"GET / HTTP/1.1\r\n\r\n",
        frame(b"\xff\xfe", opcode=1),
        frame(b"x", opcode=3),
        frame(b"", length=2**62),
        frame(b"x" * 200, opcode=9),
        b"\x81\x04ping",
    ],
    ids=["ones", "noise", "http", "no-utf8", "no-opcode", "vast", "long-ping", "unmasked"],
)
def test_what_is_no_protocol_ends_its_own_connection_only(
    trading_site: LiveSite, trader: Program, sent: bytes
) -> None:
    with raw_socket(trading_site) as wire:
        with suppress(OSError):  # it may be ended before all is sent
            wire.sendall(sent)
            wire.shutdown(sockets.SHUT_WR)
        read_to_the_end(wire)
    still_serves(trading_site, trader)


def test_half_a_frame_holds_up_nobody_and_may_be_finished_later(
    trading_site: LiveSite, trader: Program
) -> None:
    whole = frame(b'{"type":"ping"}')
    with raw_socket(trading_site) as wire, raw_socket(trading_site) as never:
        never.sendall(whole[:3])
        wire.sendall(whole[:9])
        still_serves(trading_site, trader)
        wire.sendall(whole[9:])
        assert b"pong" in wire.recv(4_096)


def test_a_frame_of_ten_megabytes_is_refused_by_its_head(
    trading_site: LiveSite, trader: Program
) -> None:
    with raw_socket(trading_site) as wire:
        wire.sendall(frame(b"{", length=10 * 1024 * 1024))
        said = read_to_the_end(wire)  # the other ten megabytes are never waited for
    assert said[:1] == b"\x88", "a close"
    assert int.from_bytes(said[2:4], "big") == 1009
    still_serves(trading_site, trader)


def test_a_thousand_subscriptions_are_refused_to_a_stranger(
    trading_site: LiveSite, trader: Program
) -> None:
    with Socket(trading_site.url) as stranger:
        names = [f"ticker:{BTC}", "tickers", "system:status"]
        stranger.subscribe(*names)
        with pytest.raises(RateLimitedError) as refused:
            every_channel(stranger)
        assert refused.value.extra == {"subscriptions": 10}
        assert stranger.ping() > 0
    with Socket(trading_site.url, trader.key) as known:
        names = every_channel(known)
        heard: set[str] = set()
        while len(heard) < len(names):
            heard.add(known.next(seconds=30).channel)
    assert len(heard) == 60 * len(feed.OF_A_MARKET) + len(feed.OF_THE_VENUE)


def every_channel(socket: Socket) -> list[str]:
    """Subscribe to all that is public, and return it."""
    socket.subscribe("tickers")
    while True:
        message = socket.next(seconds=30)
        if message.channel == "tickers" and message.is_snapshot:
            break
    symbols = [ticker.symbol for ticker in message.data]
    names = [f"{kind}:{symbol}" for kind in feed.OF_A_MARKET for symbol in symbols]
    socket.subscribe(*names, *feed.OF_THE_VENUE)
    return [*names, *feed.OF_THE_VENUE]


async def test_who_reads_nothing_is_cut_off_and_who_reads_misses_nothing(
    trading_site: LiveSite, trader: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = urlsplit(trading_site.environment["DATABASE_URL"]).path.removeprefix("/")
    where = f"godark:feed:told:{database}"
    monkeypatch.setattr("trading.rings.told_where", lambda: where)
    client = redis.Redis.from_url(trading_site.environment["REDIS_URL"])
    body = b'"type":"status","data":{"pad":"%s"},"sent_at":1}' % (b"x" * 100_000)
    with raw_socket(trading_site, receives=4_096) as deaf:
        deaf.sendall(frame(SUBSCRIBE))
        assert b"snapshot" in deaf.recv(65_536) + deaf.recv(65_536)
        async with AsyncSocket(trading_site.url, trader.key) as socket:
            await socket.subscribe("system:maintenance")
            first = await socket.next(seconds=30)
            numbers = []
            for place in range(150):
                Rings(client).tell([Message("system:maintenance", body)])
                numbers.append((await socket.next(seconds=30)).seq - first.seq)
                assert numbers[-1] == place + 1
        held = await asyncio.to_thread(read_to_the_end, deaf)
    assert len(held) < 150 * 100_000
    client.close()
