"""The wire of one socket: where bytes leave, and how many have not left yet.

On our own web server (`godark.web`) a wire is the connection itself, and a message that a thousand
sockets hear is framed once for all of them. Under any other ASGI server, a test's for one, it is
ASGI's `send`. What is not here: what is written.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

EXTENSION: Final = "godark.wire"
SHORT: Final = 126
MEDIUM: Final = 0x1_0000
TEXT: Final = b"\x81"


class Frames:
    """Text frames that leave together; made once, for however many sockets."""

    __slots__ = ("_bytes", "payloads")

    def __init__(self, payloads: list[bytes]) -> None:
        self.payloads = payloads
        self._bytes: bytes | None = None

    def on_the_wire(self) -> bytes:
        """Return the frames as RFC 6455 writes them from a server, unmasked."""
        if self._bytes is None:
            parts = [part for payload in self.payloads for part in (head_of(payload), payload)]
            self._bytes = b"".join(parts)
        return self._bytes


def head_of(payload: bytes, /) -> bytes:
    """Return the head of a text frame: final, its length, no mask."""
    length = len(payload)
    if length < SHORT:
        return TEXT + bytes((length,))
    if length < MEDIUM:
        return TEXT + b"\x7e" + length.to_bytes(2, "big")
    return TEXT + b"\x7f" + length.to_bytes(8, "big")


class Wire(Protocol):
    """Where the frames of one socket leave."""

    def write(self, frames: Frames, /) -> None:
        """Send frames after all that were written before; never waits."""

    def unsent_bytes(self) -> int:
        """Return how much the other side has not taken yet."""

    def close(self, code: int, reason: str, /) -> None:
        """End, saying why; whoever does not read is cut off."""


class AsgiWire:
    """ASGI's `send` as a wire: a queue, and a task that empties it."""

    def __init__(self, send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        self._send = send
        self._queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._unsent = 0
        self._task = asyncio.get_running_loop().create_task(self._run())

    def write(self, frames: Frames, /) -> None:
        """Send frames after all that were written before."""
        for payload in frames.payloads:
            self._unsent += len(payload)
            self._queue.put_nowait({"type": "websocket.send", "text": payload.decode()})

    def unsent_bytes(self) -> int:
        """Return how much waits in the queue."""
        return self._unsent

    def close(self, code: int, reason: str, /) -> None:
        """End after what was written before."""
        self._queue.put_nowait({"type": "websocket.close", "code": code, "reason": reason})

    def end(self) -> None:
        """Send nothing more."""
        self._task.cancel()

    async def _run(self) -> None:
        while True:
            message = await self._queue.get()
            await self._send(message)
            self._unsent -= len(message.get("text", "").encode())
