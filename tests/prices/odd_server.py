"""A local WebSocket server that speaks as a venue does, or misbehaves as one may."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from websockets.asyncio.server import ServerConnection, serve

Script = Callable[["Visit"], "Sequence[str | bytes | float]"]
CLOSE = -1.0
CUT = -2.0


@dataclass
class Visit:
    """One connection: which it is, and what the client asked first."""

    number: int
    asked: str


@dataclass
class OddServer:
    """Where the server listens, and what it was asked."""

    url: str
    visits: list[Visit] = field(default_factory=list)


@contextlib.asynccontextmanager
async def odd_server(script: Script) -> AsyncIterator[OddServer]:
    """Serve a script: texts are sent, numbers are seconds of silence, or CLOSE, or CUT."""
    told = OddServer(url="")

    async def answer(connection: ServerConnection) -> None:
        asked = await connection.recv()
        visit = Visit(number=len(told.visits) + 1, asked=str(asked))
        told.visits.append(visit)
        for word in script(visit):
            if word == CLOSE:
                return
            if word == CUT:
                # The connection ends in the middle of a frame that promised ninety bytes.
                connection.transport.write(b'\x81\x5a{"half":')
                connection.transport.abort()
                return
            if isinstance(word, float):
                await asyncio.sleep(word)
            else:
                await connection.send(word)
        await connection.wait_closed()

    async with serve(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        told.url = f"ws://127.0.0.1:{port}"
        yield told
