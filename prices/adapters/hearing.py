"""The loop around a live source: hear it until it fails, wait, and connect again.

What is not here: how a source is connected and read.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from prices.adapters.source import Backoff, Connection, Sink

# A source that says nothing for so long is connected anew.
HEARTBEAT_S = 10.0
_LONGEST_DETAIL = 160

Sleep = Callable[[float], Awaitable[None]]


class Stream(Protocol):
    """One source's connection, heard until it fails."""

    connection: Connection

    async def hear(self, sink: Sink) -> None:
        """Connect and hear; raise whatever goes wrong."""


async def keep_hearing(
    stream: Stream, *, sink: Sink, backoff: Backoff, sleep: Sleep = asyncio.sleep
) -> None:
    """Hear a source for ever; whatever the outside does, wait and try again."""
    while True:
        heard_before = stream.connection.messages
        try:
            await stream.hear(sink)
            stream.connection.lost("The source closed the connection.")
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - the outside may break in any way
            stream.connection.lost(describe(error))
        if stream.connection.messages > heard_before:
            backoff.reset()
        await sleep(backoff.next_s())


def describe(error: BaseException) -> str:
    """Return a short sentence for what a source did."""
    if isinstance(error, TimeoutError):
        return f"The source was silent for {HEARTBEAT_S:.0f} s."
    return f"{type(error).__name__}: {error}"[:_LONGEST_DETAIL]
