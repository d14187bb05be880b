"""The pinger: sends the least size, again and again, to learn what rests in the dark.

What it hears is written down beside what truly rested at that moment, which the makers alone
know. How much it learned is judged afterwards against the same answers shuffled.
"""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from bench.day.bots.floor import Floor, hidden
from bench.day.desks import Desk
from bench.day.people import Person
from godark_client import NewOrder, TimeInForce

ROUND_S = 0.5
SHUFFLES = 400


@dataclass(frozen=True)
class Ping:
    """What a ping was answered, and what was there."""

    filled: bool
    hidden: Decimal


async def ping(floor: Floor, people: Sequence[Person], pings: list[Ping]) -> None:
    """Ping until the day is over; append what was heard."""
    random = floor.random("pinger")
    async with AsyncExitStack() as stack:
        desks = [
            await stack.enter_async_context(Desk(floor.url, one, floor.figures, kind="pinger"))
            for one in people
        ]
        while await floor.rest(ROUND_S):
            quote = floor.public.quote
            if quote is None or not floor.makers:
                continue
            is_buy = random.choice((True, False))
            there = hidden(floor.makers, is_buy=not is_buy, mid=quote.mid)
            said = await random.choice(desks).place(
                NewOrder(
                    symbol=floor.symbol,
                    side="BUY" if is_buy else "SELL",
                    type="PEG_MID",
                    size=floor.market.min_size,
                    time_in_force=TimeInForce.IOC,
                )
            )
            if said is not None:
                pings.append(Ping(bool(said.filled_size), there))


@dataclass(frozen=True)
class Learned:
    """How well answers went with what was hidden, and how well they do by chance."""

    pings: int
    filled: int
    about_presence: float
    about_size: float
    by_chance: float
    """The 95th percentile of what shuffled answers seem to tell about size."""


def learned(pings: Sequence[Ping], *, seed: int) -> Learned:
    """Return what pinging told: correlation of fills with presence, and of fills with size."""
    fills = [float(one.filled) for one in pings]
    sizes = [float(one.hidden) for one in pings]
    # Beside presence there is size: only where something was there does an answer tell of it.
    known = [(fill, size) for fill, size in zip(fills, sizes, strict=True) if size > 0]
    about = [fill for fill, _ in known], [size for _, size in known]
    random, shuffled = Random(seed), []
    for _ in range(SHUFFLES):
        drawn = about[0][:]
        random.shuffle(drawn)
        shuffled.append(abs(correlation(drawn, about[1])))
    return Learned(
        pings=len(pings),
        filled=int(sum(fills)),
        about_presence=correlation(fills, [float(size > 0) for size in sizes]),
        about_size=correlation(*about),
        by_chance=sorted(shuffled)[int(0.95 * SHUFFLES)] if shuffled else 0.0,
    )


def correlation(ones: Sequence[float], others: Sequence[float]) -> float:
    """Return Pearson's correlation; 0 where one of them never changes."""
    count = len(ones)
    if count < 2:  # noqa: PLR2004 - nothing can go together
        return 0.0
    mean, other_mean = sum(ones) / count, sum(others) / count
    both = sum((a - mean) * (b - other_mean) for a, b in zip(ones, others, strict=True))
    spread = sum((a - mean) ** 2 for a in ones) * sum((b - other_mean) ** 2 for b in others)
    return both / spread**0.5 if spread > 0 else 0.0
