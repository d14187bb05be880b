"""Talking to the socket in the test's own process and transaction.

A scenario is written as a coroutine and run by `on_the_loop`: Django's queries then run in the
test's own thread, on the connection whose transaction the test rolls back.
"""

import json
import time
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, ParamSpec, Self, TypeVar, cast

from asgiref.sync import async_to_sync
from channels.testing import WebsocketCommunicator

from accounts.services.replays import replays
from godark.asgi import application
from godark.counting import limiter
from tests.accounts.signing import PASSPHRASE, Signer
from trading.consumers.by_loop import close_all

P = ParamSpec("P")
T = TypeVar("T")
Json = dict[str, Any]
HOST = (b"host", b"127.0.0.1")
PATIENCE = 10


def on_the_loop(scenario: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """Return a test that runs a coroutine, and ends what its loop has opened."""

    @wraps(scenario)
    def test(*args: P.args, **kwargs: P.kwargs) -> None:
        async def run() -> None:
            try:
                await scenario(*args, **kwargs)
            finally:
                await close_all()
                await replays.close()
                await limiter.close()

        async_to_sync(run)()

    return test


class Talk:
    """One open socket."""

    def __init__(self, *headers: tuple[bytes, bytes], path: str = "/v1/ws") -> None:
        self.socket = WebsocketCommunicator(
            cast("Any", application), path, headers=[HOST, *headers]
        )
        self.heard: list[Json] = []
        self._requests = 0

    async def __aenter__(self) -> Self:
        connected, _ = await self.socket.connect(timeout=PATIENCE)
        assert connected
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.socket.disconnect(timeout=PATIENCE)

    async def say(self, frame: Json | str) -> None:
        """Send a frame."""
        await self.socket.send_to(text_data=frame if isinstance(frame, str) else json.dumps(frame))

    async def next(self) -> Json:
        """Return the next frame that comes."""
        frame: Json = json.loads(await self.socket.receive_from(timeout=PATIENCE))
        return frame

    async def ask(self, kind: str, /, **fields: Any) -> Json:
        """Return the answer to a frame; what is told meanwhile is kept in `heard`."""
        self._requests += 1
        await self.say({"type": kind, "request_id": self._requests, **fields})
        while True:
            frame = await self.next()
            if frame.get("request_id") == self._requests:
                return frame
            self.heard.append(frame)

    async def do(self, kind: str, /, **fields: Any) -> Any:
        """Return the data of an answer that is no refusal."""
        answer = await self.ask(kind, **fields)
        assert "error" not in answer, answer
        return answer.get("data")

    async def refusal(self, kind: str, /, **fields: Any) -> Json:
        """Return the error of an answer that is one."""
        answer = await self.ask(kind, **fields)
        assert "error" in answer, answer
        error: Json = answer["error"]
        return error

    async def told(self, channel: str) -> Json:
        """Return the next frame of a channel, kept or to come."""
        for place, frame in enumerate(self.heard):
            if frame.get("channel") == channel:
                return self.heard.pop(place)
        while True:
            frame = await self.next()
            if frame.get("channel") == channel:
                return frame
            self.heard.append(frame)

    async def quiet(self, seconds: float = 0.1) -> bool:
        """Tell whether nothing comes for a while."""
        return not self.heard and await self.socket.receive_nothing(timeout=seconds)

    async def closed(self) -> Json:
        """Return how the socket ends, passing over what comes before."""
        while True:
            output = await self.socket.receive_output(timeout=PATIENCE)
            if output["type"] == "websocket.close":
                return dict(output)

    async def log_in(self, signer: Signer, **changed: Any) -> Json:
        """Authenticate by an API key."""
        return await self.ask("auth", **(auth_of(signer) | changed))


def auth_of(signer: Signer) -> Json:
    """Return the fields of an auth frame that a key signs."""
    headers = signer.headers("GET", "/v1/ws", timestamp=next_timestamp())
    return {
        "api_key": headers["GD-API-KEY"],
        "timestamp": int(headers["GD-TIMESTAMP"]),
        "signature": headers["GD-SIGNATURE"],
        "passphrase": PASSPHRASE,
    }


LAST = [0]


def next_timestamp() -> str:
    """Return a timestamp that was not used before: the same twice is a replay."""
    LAST[0] = max(time.time_ns() // 1_000_000, LAST[0] + 1)
    return str(LAST[0])
