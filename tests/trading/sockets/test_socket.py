"""The socket answers each frame, whatever it holds, and outlives what a frame breaks."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

import pytest
import pytest_asyncio
import websockets
from channels.testing import WebsocketCommunicator
from pytest_django import Settings

from godark import metrics, sockets
from godark.asgi import application
from godark.counting import limiter
from godark.limits import Rate
from tests.live_site import LiveSite
from trading.consumers import answers
from trading.consumers import socket as socket_door
from trading.consumers.by_loop import close_all

Socket = WebsocketCommunicator


@pytest_asyncio.fixture(autouse=True)
async def ended() -> AsyncIterator[None]:
    """End what the test's loop has opened."""
    yield
    await close_all()


HOST = [(b"host", b"127.0.0.1")]


def _communicator(
    path: str = "/v1/ws",
    origin: str | None = None,
    *,
    client: str = "127.0.0.1",
    more: Sequence[tuple[bytes, bytes]] = (),
) -> Socket:
    headers = [*HOST, *more]
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    made = Socket(cast("Any", application), path, headers=headers)
    made.scope["client"] = (client, 4711)
    return made


@pytest_asyncio.fixture(autouse=True)
async def nothing_left_open() -> AsyncIterator[None]:
    """Close what counting has opened on this test's event loop."""
    yield
    await sockets.seats.close()
    await limiter.close()


@pytest_asyncio.fixture
async def socket() -> AsyncIterator[Socket]:
    """Return an open socket of somebody unknown."""
    made = _communicator()
    connected, _ = await made.connect()
    assert connected
    yield made
    await made.disconnect()


async def _answer(socket: Socket, frame: str) -> dict[str, Any]:
    await socket.send_to(text_data=frame)
    answered: dict[str, Any] = json.loads(await socket.receive_from(timeout=30))
    return answered


async def test_a_ping_is_answered_by_a_pong_with_the_time(socket: Socket) -> None:
    before = time.time_ns() // 1_000_000
    answered = await _answer(socket, '{"type":"ping"}')
    assert set(answered) == {"type", "sent_at"}
    assert answered["type"] == "pong"
    assert before <= answered["sent_at"] <= time.time_ns() // 1_000_000


@pytest.mark.parametrize("name", ["abc", 7, "", 2**53])
async def test_a_ping_gets_its_request_id_back(socket: Socket, name: str | int) -> None:
    answered = await _answer(socket, json.dumps({"type": "ping", "request_id": name}))
    assert (answered["type"], answered["request_id"]) == ("pong", name)


@pytest.mark.parametrize(
    ("frame", "field"),
    [
        (" ", None),
        ("garbage", None),
        ("[]", None),
        ('"ping"', None),
        ("null", None),
        ("17", None),
        ("{", None),
        ('{"type": NaN}', None),
        ('{"type":"ping","type":"ping"}', None),
        ('{"type":"\\ud800"}', None),
        ("[" * 5000, None),
        ("{}", "type"),
        ('{"type": null}', "type"),
        ('{"type": ["ping"]}', "type"),
        ('{"type": "nonsense"}', "type"),
        ('{"type":"ping","request_id":{"a":1}}', "request_id"),
        ('{"type":"ping","request_id":1.5}', "request_id"),
        ('{"type":"ping","request_id":true}', "request_id"),
        (json.dumps({"type": "ping", "request_id": "x" * 65}), "request_id"),
    ],
)
async def test_garbage_is_answered_with_a_code_and_the_socket_goes_on(
    socket: Socket, frame: str, field: str | None
) -> None:
    answered = await _answer(socket, frame)
    assert answered["type"] == "result"
    assert answered["request_id"] is None
    assert answered["error"]["code"] == "VALIDATION_ERROR"
    assert answered["error"]["field"] == field
    assert set(answered["error"]) == {"code", "detail", "field", "extra"}
    assert (await _answer(socket, '{"type":"ping"}'))["type"] == "pong"


async def test_a_refusal_names_the_frame_it_answers(socket: Socket) -> None:
    answered = await _answer(socket, '{"type":"nonsense","request_id":"r1"}')
    assert (answered["request_id"], answered["error"]["field"]) == ("r1", "type")


async def test_a_binary_frame_is_refused(socket: Socket) -> None:
    await socket.send_to(bytes_data=b'{"type":"ping"}')
    answered = json.loads(await socket.receive_from(timeout=30))
    assert answered["error"]["code"] == "VALIDATION_ERROR"


async def test_a_frame_too_large_is_refused_and_the_socket_closed(socket: Socket) -> None:
    answered = await _answer(socket, '{"type":"ping","pad":"' + "x" * 65_536 + '"}')
    assert answered["error"]["code"] == "PAYLOAD_TOO_LARGE"
    closed = await socket.receive_output(timeout=30)
    assert (closed["type"], closed["code"]) == ("websocket.close", 4413)


async def test_what_breaks_inside_is_answered_without_telling_anything(
    socket: Socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(*_: Any) -> Any:
        await asyncio.sleep(0)
        raise KeyError("secret-4711")

    monkeypatch.setitem(answers.ANSWERS, "ping", breaks)
    answered = await _answer(socket, '{"type":"ping","request_id":"r"}')
    assert answered["error"]["code"] == "INTERNAL_ERROR"
    assert "4711" not in json.dumps(answered)
    assert answered["request_id"] == "r"


@pytest.mark.parametrize("frame", ['{"type":"ping"}', "garbage", "[]", '{"type":"nonsense"}'])
async def test_frames_that_come_too_fast_are_refused_and_then_the_socket_closed(
    monkeypatch: pytest.MonkeyPatch, frame: str
) -> None:
    monkeypatch.setattr(sockets, "REFUSED_BEFORE_CLOSING", 3)
    monkeypatch.setattr(sockets, "rate_of", lambda **_: Rate(per_minute=1, burst=10))
    socket = _communicator()
    await socket.connect()
    codes: list[str] = []
    while codes.count("RATE_LIMIT_EXCEEDED") < 3:
        assert len(codes) < 500
        answered = await _answer(socket, frame)
        codes.append(answered.get("error", {}).get("code", "pong"))
    assert "RATE_LIMIT_EXCEEDED" not in codes[:10]
    assert len(set(codes[:10])) == 1
    closed = await socket.receive_output(timeout=30)
    assert (closed["type"], closed["code"]) == ("websocket.close", 4429)


async def test_a_frame_that_comes_too_fast_is_refused_by_its_own_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sockets, "rate_of", lambda **_: Rate(per_minute=1, burst=1))
    socket = _communicator()
    await socket.connect()
    await _answer(socket, '{"type":"ping"}')
    answered = await _answer(socket, '{"type":"ping","request_id":"late"}')
    assert answered["request_id"] == "late"
    assert answered["error"]["code"] == "RATE_LIMIT_EXCEEDED"
    assert answered["error"]["extra"]["retry_after_ms"] > 50_000
    await socket.disconnect()


async def test_an_address_has_two_sockets_and_a_third_is_told_so_and_closed() -> None:
    two = [_communicator(), _communicator()]
    third, elsewhere = _communicator(), _communicator(client="192.0.2.7")
    for one in (*two, elsewhere):
        assert (await one.connect())[0]
        assert (await _answer(one, '{"type":"ping"}'))["type"] == "pong"
    assert (await third.connect())[0]
    refused = (await _answer(third, '{"type":"ping","request_id":3}'))["error"]
    assert (refused["code"], refused["extra"]) == ("RATE_LIMIT_EXCEEDED", {"connections": 2})
    closed = await third.receive_output(timeout=30)
    assert (closed["type"], closed["code"]) == ("websocket.close", 4429)
    await two[0].disconnect()
    again = _communicator()
    await again.connect()
    assert (await _answer(again, '{"type":"ping"}'))["type"] == "pong"
    for one in (two[1], elsewhere, again):
        await one.disconnect()


async def test_a_third_that_says_nothing_is_closed_by_and_by(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket_door, "CROWDED_SECONDS", 0.05)
    three = [_communicator() for _ in range(3)]
    for one in three[:2]:
        await one.connect()
        assert (await _answer(one, '{"type":"ping"}'))["type"] == "pong"
    await three[2].connect()
    closed = await three[2].receive_output(timeout=30)
    assert (closed["type"], closed["code"]) == ("websocket.close", 4429)
    for one in three[:2]:
        assert (await _answer(one, '{"type":"ping"}'))["type"] == "pong"
        await one.disconnect()


async def test_opening_sockets_costs_requests_of_the_address() -> None:
    opened = 0
    while opened < 100:
        made = _communicator()
        connected, _ = await made.connect(timeout=30)
        if not connected:
            break
        opened += 1
        await made.disconnect()
    assert 40 <= opened < 60
    assert (await _communicator(client="192.0.2.7").connect(timeout=30))[0]


async def test_whose_address_it_is_is_counted_by_the_trusted_proxies(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 1
    forged = [(b"x-forwarded-for", b"6.6.6.6, 198.51.100.7")]
    three = [_communicator(more=forged) for _ in range(3)]
    for one in three[:2]:
        await one.connect()
        assert (await _answer(one, '{"type":"ping"}'))["type"] == "pong"
    await three[2].connect()
    assert (await _answer(three[2], '{"type":"ping"}'))["error"]["extra"] == {"connections": 2}
    other = _communicator(more=[(b"x-forwarded-for", b"6.6.6.6, 198.51.100.8")])
    await other.connect()
    assert (await _answer(other, '{"type":"ping"}'))["type"] == "pong"
    for one in (*three[:2], other):
        await one.disconnect()


@pytest.mark.parametrize(
    ("origin", "opens"),
    [
        (None, True),
        ("http://127.0.0.1:8000", True),
        ("http://localhost", True),
        ("https://evil.example", False),
        ("null", False),
        ("", False),
        ("http://127.0.0.1.evil.example", False),
    ],
)
async def test_only_pages_of_ours_may_open_a_socket(origin: str | None, *, opens: bool) -> None:
    made = _communicator(origin=origin)
    connected, _ = await made.connect()
    assert connected is opens
    if opens:
        await made.disconnect()


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/ws/", "/v1/wss", "/api/v1/ws"])
async def test_there_is_one_address_for_sockets(path: str) -> None:
    connected, _ = await _communicator(path).connect()
    assert not connected


async def test_open_sockets_are_counted() -> None:
    before = metrics.SOCKETS._value.get()
    made = _communicator()
    await made.connect()
    assert metrics.SOCKETS._value.get() == before + 1
    await made.disconnect()
    assert metrics.SOCKETS._value.get() == before


async def test_over_the_wire_the_reason_comes_before_the_end(live_site: LiveSite) -> None:
    address = live_site.url.replace("http", "ws", 1) + "/v1/ws"
    async with websockets.connect(address) as socket:
        await socket.send("x" * 70_000)
        assert json.loads(await socket.recv())["error"]["code"] == "PAYLOAD_TOO_LARGE"
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4413


@pytest.mark.slow
async def test_an_idle_socket_lives_for_over_thirty_seconds(live_site: LiveSite) -> None:
    address = live_site.url.replace("http", "ws", 1) + "/v1/ws"
    async with websockets.connect(address, ping_interval=None) as socket:
        await socket.send('{"type":"ping","request_id":"first"}')
        assert json.loads(await socket.recv())["type"] == "pong"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(socket.recv(), timeout=31)
        await socket.send('{"type":"ping","request_id":"last"}')
        answered = json.loads(await asyncio.wait_for(socket.recv(), timeout=30))
    assert (answered["type"], answered["request_id"]) == ("pong", "last")
