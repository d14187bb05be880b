"""Faults: kill -9 at random moments, a socket cut, a clock that jumps, a chain that forgets.

How long each was felt is measured: a fault is over when an order sent after it is answered. What is
not here: whether anything was lost, which is looked at when the day is over.
"""

import asyncio
import os
import signal
import time
from dataclasses import dataclass
from itertools import cycle
from typing import Final

import httpx

from bench.day.bots.floor import Floor
from bench.day.venue import OURS, Venue

APART_S: Final = 6.0
FELT_S: Final = 90.0
CUT: Final = "a maker's socket"
JUMP: Final = "the clock, by seconds"
FORGOTTEN: Final = "the chain, back to what is final"
JUMPS_S: Final = (0, 4, 1, 9, 0, 2)
"""Where the venue's clock stands, ahead of the wall's, one after the other: there and back."""


@dataclass(frozen=True)
class Fault:
    """One fault: what it hit, when, and after how many seconds orders were answered again."""

    name: str
    at: float
    felt_s: float | None


async def break_things(floor: Floor, venue: Venue, faults: list[Fault]) -> None:
    """Hit each process in a random order, again and again, until the day is over."""
    random = floor.random("faults")
    names: list[str] = []
    jumps = cycle(JUMPS_S[1:] + JUMPS_S[:1])
    while await floor.rest(APART_S * floor.speed * random.uniform(0.7, 1.3)):
        if not names:
            names = [name for name in OURS if OURS[name] or name == "a backend of postgres"]
            names += [CUT, FORGOTTEN, *([JUMP] if venue.has_own_clock else [])]
            random.shuffle(names)
        name, at = names.pop(), time.time()
        if name == JUMP:
            venue.set_clock(next(jumps))
        elif not await asyncio.to_thread(_hit, floor, venue, name):
            continue
        faults.append(Fault(name, at, await _felt(floor, at)))


def _hit(floor: Floor, venue: Venue, name: str) -> bool:
    if name == CUT:
        return bool(floor.makers) and floor.makers[0].cut()
    if name == FORGOTTEN:
        return _roll_back(venue)
    pid = venue.processes().get(name)
    if pid is None:
        return False
    os.kill(pid, signal.SIGKILL)
    return True


def _roll_back(venue: Venue) -> bool:
    body = {"jsonrpc": "2.0", "id": 1, "method": "devchain_rollBack", "params": []}
    try:
        return httpx.post(venue.chain_url, json=body, timeout=5.0).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


async def _felt(floor: Floor, at: float) -> float | None:
    """Return how long after a fault an order that was sent after it was answered."""
    while time.time() < at + FELT_S:
        await asyncio.sleep(0.05)
        asked_at, answered_at = floor.figures.newest_answer
        if asked_at > at + 0.02:
            return answered_at - at
        if floor.is_over.is_set():
            return None
    return None
