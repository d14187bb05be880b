"""The socket answers each frame, whatever it holds, and outlives what a frame breaks."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
import pytest_asyncio
import websockets
from channels.testing import WebsocketCommunicator

from godark import metrics
from godark.asgi import application
from godark.limits import Rate
from tests.live_site import LiveSite
from trading import consumers

Socket = WebsocketCommunicator
HOST = [(b"host", b"127.0.0.1")]


def _communicator(path: str = "/v1/ws", origin: str | None = None) -> Socket:
    headers = [*HOST, (b"origin", origin.encode())] if origin is not None else HOST
    return Socket(cast("Any", application), path, headers=headers)


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

    monkeypatch.setitem(consumers.ANSWERS, "ping", breaks)
    answered = await _answer(socket, '{"type":"ping","request_id":"r"}')
    assert answered["error"]["code"] == "INTERNAL_ERROR"
    assert "4711" not in json.dumps(answered)
    assert answered["request_id"] == "r"


async def test_frames_that_come_too_fast_are_refused_and_then_the_socket_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(consumers, "REFUSED_BEFORE_CLOSING", 3)
    monkeypatch.setattr(consumers, "rate_of", lambda **_: Rate(per_minute=1, burst=10))
    socket = _communicator()
    await socket.connect()
    codes: list[str] = []
    while codes.count("RATE_LIMIT_EXCEEDED") < 3:
        assert len(codes) < 500
        answered = await _answer(socket, '{"type":"ping"}')
        codes.append(answered.get("error", {}).get("code", "pong"))
    assert codes[:10] == ["pong"] * 10
    closed = await socket.receive_output(timeout=30)
    assert (closed["type"], closed["code"]) == ("websocket.close", 4429)


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
