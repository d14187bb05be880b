"""The development chain over HTTP and WebSocket, as an ASGI application under daphne.

What lives here: frames and bodies. What does not: what is answered (methods, sockets). Time flows
with the wall clock whenever anybody looks.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from chain.devchain.faucet import Faucet
from chain.devchain.genesis import PROGRAM_FILE, Genesis
from chain.devchain.machine import Machine, Pace
from chain.devchain.methods import Node, answer
from chain.devchain.sockets import Subscriptions
from chain.devchain.store import Store

MAX_BODY_BYTES: Final = 256 * 1024
WATCH_SECONDS: Final = 0.04
_HEADERS: Final = [
    (b"content-type", b"application/json"),
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-headers", b"*"),
    (b"access-control-allow-methods", b"POST, OPTIONS"),
]
Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


def wall_clock_ms() -> int:
    """Read the clock on the wall, Unix milliseconds."""
    return time.time_ns() // 1_000_000


def open_node(path: Path | None, *, pace: Pace, program_file: Path = PROGRAM_FILE) -> Node:
    """Open a chain from its file, or begin one."""
    genesis = Genesis(program_file)
    machine = Machine(Store(path), now_ms=wall_clock_ms(), genesis=genesis.accounts(), pace=pace)
    return Node(machine, Faucet(machine, genesis, given=wall_clock_ms()), genesis)


@dataclass(slots=True)
class Application:
    """The ASGI application of one chain."""

    node: Node

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or one socket."""
        if scope["type"] == "http":
            await self._serve_request(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._serve_socket(receive, send)

    async def _serve_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            status = 204 if scope["method"] == "OPTIONS" else 405
            return await _respond(send, status, b"")
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            if len(body) > MAX_BODY_BYTES:
                return await _respond(send, 413, b"")
            if not message.get("more_body"):
                break
        return await _respond(send, 200, json.dumps(self.answer_body(body)).encode())

    def answer_body(self, body: bytes) -> Any:
        """Answer one request or a batch of them."""
        self.node.machine.advance(wall_clock_ms())
        try:
            request = json.loads(body)
        except ValueError:
            request = None
        if isinstance(request, list):
            return [answer(self.node, item) for item in request]
        return answer(self.node, request)

    async def _serve_socket(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        watched = Subscriptions(self.node)
        watching = asyncio.create_task(self._notify(watched, send))
        try:
            while (message := await receive())["type"] != "websocket.disconnect":
                self.node.machine.advance(wall_clock_ms())
                frame = message.get("text") or message.get("bytes") or ""
                await _send_text(send, self._answer_frame(watched, frame))
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    def _answer_frame(self, watched: Subscriptions, frame: str | bytes) -> Any:
        try:
            return watched.handle(json.loads(frame))
        except ValueError:
            return answer(self.node, None)

    async def _notify(self, watched: Subscriptions, send: Send) -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            self.node.machine.advance(wall_clock_ms())
            for notification in watched.due():
                await _send_text(send, notification)


async def _respond(send: Send, status: int, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": body})


async def _send_text(send: Send, frame: Any) -> None:
    await send({"type": "websocket.send", "text": json.dumps(frame)})


def serve(path: Path | None, *, host: str, ports: tuple[int, ...], pace: Pace) -> None:
    """Serve a chain until the process is told to end."""
    from daphne.server import Server  # noqa: PLC0415  # it installs its reactor when imported

    endpoints = [f"tcp:port={port}:interface={host}" for port in ports]
    application = Application(open_node(path, pace=pace))
    Server(application, endpoints=endpoints, verbosity=0, server_name="devchain").run()
