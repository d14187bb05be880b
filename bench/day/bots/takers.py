"""Takers: each recorded trade is sent as an order of its side and size when it is due.

An order that is late because its trader still waits for an answer is counted as late; none is
left out. What is not here: pace, which the day gives.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from decimal import Decimal

from bench.day.bots.floor import Floor
from bench.day.desks import Desk
from bench.day.people import Person
from bench.day.tape import Taken, Tape
from bench.day.venue import now_ms
from godark_client import NewOrder

AT_ONCE = 20
BY_HTTP_EACH = 8
"""Every eighth taker sends by HTTP, the others by socket."""


async def take(
    floor: Floor, people: Sequence[Person], tape: Tape, *, scale: Decimal, begins_ms: int
) -> None:
    """Connect everybody, send the whole tape, and wait until the last order is answered."""
    lines: list[asyncio.Queue[tuple[int, Taken] | None]] = [asyncio.Queue() for _ in people]
    random = floor.random("takers")
    async with AsyncExitStack() as stack:
        desks = [
            Desk(floor.url, one, floor.figures, kind=_kind(place), by_http=_is_http(place))
            for place, one in enumerate(people)
        ]
        for start in range(0, len(desks), AT_ONCE):
            group_of = desks[start : start + AT_ONCE]
            await asyncio.gather(*(stack.enter_async_context(desk) for desk in group_of))
        async with asyncio.TaskGroup() as group:
            for desk, line in zip(desks, lines, strict=True):
                group.create_task(_work(floor, desk, line, scale=scale))
            for taken in tape.taken:
                if taken.market_id != floor.symbol:
                    continue
                due_ms = begins_ms + int((taken.at_ns - tape.first_ns) / 1e6 / floor.speed)
                wait_s = (due_ms - now_ms()) / 1_000
                if wait_s > 0:
                    await asyncio.sleep(wait_s)
                random.choice(lines).put_nowait((due_ms, taken))
            for line in lines:
                line.put_nowait(None)


async def _work(
    floor: Floor, desk: Desk, line: "asyncio.Queue[tuple[int, Taken] | None]", *, scale: Decimal
) -> None:
    while (given := await line.get()) is not None:
        due_ms, taken = given
        floor.figures.late.append(max(0.0, time.time() - due_ms / 1_000))
        await desk.place(
            NewOrder(
                symbol=taken.market_id,
                side="BUY" if taken.is_buy else "SELL",
                type="MARKET",
                size=floor.size(taken.size * scale),
            )
        )


def _is_http(place: int) -> bool:
    return place % BY_HTTP_EACH == 0


def _kind(place: int) -> str:
    return "taker, HTTP" if _is_http(place) else "taker, socket"
