"""The load of `bench/sockets.py`: a process of its own that opens sockets, listens and sends.

It reads frames by hand, so that a thousand sockets cost it little. Run by `bench/sockets.py` alone:
one job as JSON on the command line, one line of JSON per thing done.
"""

import asyncio
import base64
import json
import os
import select
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "clients" / "python"))

from godark_client import HmacKey
from godark_client.signing import Clock
from godark_client.socket.frames import auth_frame

Json = dict[str, Any]
SHORT, MEDIUM, HEAD, TEXT = 126, 127, 2, 0x81
PING, PONG = 0x89, b"\x8a"
MASK = b"\x00\x00\x00\x00"
SEATS = 2
QUIET_S = 2.0
CLOCK = Clock()


def say(**told: Any) -> None:
    """Tell the bench something."""
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


class Line(asyncio.Protocol):
    """One socket, or one plain connection that speaks the same frames (the baseline)."""

    def __init__(self, host: str, hear: Callable[["Line", bytes], None], *, is_plain: bool) -> None:
        self.host, self.hear, self.is_plain = host, hear, is_plain
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.buffer = b""
        self.wire: Any = None
        self.last = 0

    def connection_made(self, transport: Any) -> None:
        """Shake hands."""
        self.wire = transport
        if self.is_plain:
            self.opened.set_result(None)
            return
        name = base64.b64encode(os.urandom(16)).decode()
        lines = ["GET /v1/ws HTTP/1.1", f"Host: {self.host}", "Upgrade: websocket"]
        lines += ["Connection: Upgrade", f"Sec-WebSocket-Key: {name}", "Sec-WebSocket-Version: 13"]
        transport.write("\r\n".join([*lines, "", ""]).encode())

    def data_received(self, data: bytes) -> None:
        """Cut frames out of what comes."""
        self.buffer += data
        if not self.opened.done():
            head, found, rest = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if b" 101 " not in head:
                self.opened.set_exception(ConnectionError(head[:80].decode()))
                return
            self.buffer = rest
            self.opened.set_result(None)
        at, buffer = 0, self.buffer
        while len(buffer) - at >= HEAD:
            size, begins = buffer[at + 1], at + 2
            if size == SHORT:
                size, begins = int.from_bytes(buffer[at + 2 : at + 4], "big"), at + 4
            elif size == MEDIUM:
                size, begins = int.from_bytes(buffer[at + 2 : at + 10], "big"), at + 10
            if len(buffer) < begins + size:
                break
            if buffer[at] == TEXT:
                self.hear(self, buffer[begins : begins + size])
            elif buffer[at] == PING:
                self.wire.write(PONG + bytes([0x80 | size]) + MASK + buffer[begins : begins + size])
            at = begins + size
        self.buffer = buffer[at:]

    def send(self, frame: Json) -> None:
        """Send a text frame."""
        data = json.dumps(frame, separators=(",", ":")).encode()
        size = len(data)
        head = bytes([0x80 | size]) if size < SHORT else b"\xfe" + size.to_bytes(2, "big")
        self.wire.write(b"\x81" + head + MASK + data)


async def open_lines(job: Json, hear: Callable[[Line, bytes], None]) -> list[Line]:
    """Open sockets, two from each address of this machine: strangers have two seats."""
    where, loop = urlsplit(job["url"]), asyncio.get_running_loop()
    lines: list[Line] = []
    for number in range(job["sockets"]):
        place = number // SEATS + job.get("first_address", 0)
        local = (f"127.{2 + place // 62_500}.{place // 250 % 250}.{1 + place % 250}", 0)
        _, line = await loop.create_connection(
            lambda: Line(where.netloc, hear, is_plain=job.get("is_plain", False)),
            str(where.hostname),
            where.port or 80,
            local_addr=local,
        )
        await asyncio.wait_for(line.opened, 30)
        lines.append(line)
    return lines


async def listen(job: Json) -> None:
    """Hear what is told on a channel until enough has come; tell how late, and whether in order.

    While it listens it only reads, by its own loop, and notes when: what was read is looked at
    afterwards, or the reading of a hundred thousand messages a second would itself be late.
    """
    begun, ready = [0], asyncio.Event()

    def hear(_: Line, data: bytes) -> None:
        begun[0] += b'"type":"snapshot"' in data
        if begun[0] == job["sockets"]:
            ready.set()

    lines = await open_lines(job, hear)
    if not job.get("is_plain"):
        for line in lines:
            line.send({"type": "subscribe", "channels": [job["channel"]]})
        await asyncio.wait_for(ready.wait(), 120)
    taken = [
        socket.socket(fileno=os.dup(line.wire.get_extra_info("socket").fileno())) for line in lines
    ]
    for line in lines:
        line.wire.pause_reading()
    say(ready=len(lines))
    heard = [Heard(line.buffer) for line in lines]
    read_all(taken, heard, seconds=job["seconds"])
    say(**judged(heard, job))


class Heard:
    """What one socket was told: the bytes, and when each piece of them had come."""

    def __init__(self, before: bytes) -> None:
        self.pieces: list[tuple[int, bytes]] = [(0, before)] if before else []


def read_all(taken: list[socket.socket], heard: list[Heard], *, seconds: float) -> None:
    """Read until nothing more has come for a while."""
    watched = select.epoll()
    by_number = {one.fileno(): (one.recv, told) for one, told in zip(taken, heard, strict=True)}
    for one in taken:
        one.setblocking(False)
        watched.register(one, select.EPOLLIN)
    began, last = time.monotonic(), 0.0
    while (now := time.monotonic()) < began + seconds and (not last or now < last + QUIET_S):
        for number, _ in watched.poll(0.2, 256):
            recv, told = by_number[number]
            told.pieces.append((time.time_ns(), recv(65_536)))
            last = now


def judged(heard: list[Heard], job: Json) -> Json:
    """Return how late every message came, how many, and whether in order."""
    late_ns: list[int] = []
    gaps = 0
    for told in heard:
        last, rest = 0, b""
        for at_ns, data in told.pieces:
            payloads, rest = cut(rest + data)
            for payload in payloads:
                if b'"at":' not in payload:
                    continue
                late_ns.append(at_ns - _number(payload, b'"at":'))
                number = _number(payload, b'"seq":')
                gaps += last not in (0, number - 1)
                last = number
    late_ns.sort()
    return {
        "heard": len(late_ns),
        "wanted": job["sockets"] * job["messages"],
        "gaps": gaps,
        "p50_ms": _at(late_ns, 0.5),
        "p99_ms": _at(late_ns, 0.99),
        "most_ms": _at(late_ns, 1.0),
    }


def cut(buffer: bytes) -> tuple[list[bytes], bytes]:
    """Cut the text frames out of what came; return their payloads and what is left."""
    payloads, at = [], 0
    while len(buffer) - at >= HEAD:
        size, begins = buffer[at + 1], at + 2
        if size == SHORT:
            size, begins = int.from_bytes(buffer[at + 2 : at + 4], "big"), at + 4
        elif size == MEDIUM:
            size, begins = int.from_bytes(buffer[at + 2 : at + 10], "big"), at + 10
        if len(buffer) < begins + size:
            break
        if buffer[at] == TEXT:
            payloads.append(buffer[begins : begins + size])
        at = begins + size
    return payloads, buffer[at:]


async def idle(job: Json) -> None:
    """Open sockets that say nothing, and hold them until told to end."""
    lines = await open_lines(job, lambda *_: None)
    say(ready=len(lines))
    await asyncio.to_thread(sys.stdin.readline)
    lost = sum(line.wire.is_closing() for line in lines)
    say(lost=lost)


async def tickers(job: Json) -> None:
    """Hear the prices of all markets as the venue tells them."""
    heard, late_ms = [0, 0], []

    def hear(_: Line, data: bytes) -> None:
        if b'"type":"ticker"' in data:
            heard[0] += 1
            heard[1] += len(data)
            late_ms.append(time.time_ns() // 1_000_000 - _number(data, b'"sent_at":'))

    lines = await open_lines(job, hear)
    for line in lines:
        line.send({"type": "subscribe", "channels": ["tickers"]})
    await asyncio.sleep(1)
    heard[:], late_ms[:] = [0, 0], []
    await asyncio.sleep(job["seconds"])
    late_ms.sort()
    say(heard=heard[0], bytes=heard[1], p99_ms=late_ms[int(len(late_ms) * 0.99)] if late_ms else -1)


async def enter(job: Json) -> None:
    """Send frames by several sockets, so many at once on each, and count what is answered."""
    counts = {"done": 0, "orders": 0, "refused": 0}
    began: dict[tuple[int, int], int] = {}
    late_ns: list[int] = []
    over = [False]
    waiting: dict[Line, asyncio.Future[bytes]] = {}

    def hear(line: Line, data: bytes) -> None:
        if line in waiting:
            waiting.pop(line).set_result(data)
            return
        key = (id(line), _number(data, b'"request_id":'))
        at = began.pop(key, None)
        if at is None:
            return
        if not over[0]:
            late_ns.append(time.time_ns() - at)
            counts["done"] += 1
            placed = data.count(b'"status":"OPEN"') + data.count(b'"status":"PENDING"')
            counts["orders"] += placed
            counts["refused"] += job["kind"] != "ping" and not placed
            send(line, key[1])

    def send(line: Line, number: int) -> None:
        began[(id(line), number)] = time.time_ns()
        line.send(frame_of(job) | {"request_id": number})

    lines = await open_lines(job, hear)
    for line, made in zip(lines, job["traders"], strict=True):
        key = HmacKey(made["api_key"], made["secret"], made["passphrase"])
        waiting[line] = asyncio.get_running_loop().create_future()
        answer = waiting[line]
        line.send(auth_frame(key, timestamp=CLOCK.timestamp(), window_ms=None) | {"request_id": 0})
        if b"account_id" not in await asyncio.wait_for(answer, 30):
            raise ConnectionError((await answer).decode())
    for line in lines:
        for number in range(job["at_once"]):
            send(line, number + 1)
    started = time.monotonic()
    await asyncio.sleep(job["seconds"])
    over[0], took = True, time.monotonic() - started
    late_ns.sort()
    say(**counts, seconds=took, p50_ms=_at(late_ns, 0.5), p99_ms=_at(late_ns, 0.99))
    await asyncio.sleep(1)


def frame_of(job: Json) -> Json:
    """Return the frame that is sent again and again."""
    order = {"symbol": "BTC-USDT-PERP", "side": "BUY", "type": "LIMIT", "size": "0.001"}
    order |= {"limit_price": job.get("limit_price", "1"), "time_in_force": "GTC"}
    frames: dict[str, Json] = {
        "ping": {"type": "ping"},
        "single": {"type": "order.place", "data": order},
        "batch": {"type": "order.place_batch", "data": {"orders": [order] * 20}},
    }
    return frames[job["kind"]]


def _number(data: bytes, name: bytes) -> int:
    begins = data.index(name) + len(name)
    ends = begins
    while data[ends : ends + 1].isdigit():
        ends += 1
    return int(data[begins:ends])


def _at(ordered_ns: list[int], share: float) -> float:
    if not ordered_ns:
        return -1.0
    return round(ordered_ns[min(len(ordered_ns) - 1, int(len(ordered_ns) * share))] / 1e6, 1)


JOBS = {"listen": listen, "idle": idle, "tickers": tickers, "enter": enter}

if __name__ == "__main__":
    wanted = json.loads(sys.argv[1])
    asyncio.run(JOBS[wanted["job"]](wanted))
