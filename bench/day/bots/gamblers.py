"""Gamblers: as much leverage as the market gives, and again when it is gone."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from decimal import Decimal
from random import Random

from bench.day.bots.floor import Floor
from bench.day.desks import Desk
from bench.day.people import Person
from godark_client import NewOrder
from godark_client.errors import GoDarkError

ROUND_S = 4.0
BETS = ((1_000, Decimal(4_500)), (500, Decimal(18_000)), (100, Decimal(45_000)),
        (50, Decimal(90_000)), (20, Decimal(400_000)))  # fmt: skip
"""Leverage, and how many USDT are held by it: each bracket nearly to its end."""
CRASH_BETS = (BETS[0], BETS[2], BETS[4], BETS[4])


async def gamble(floor: Floor, people: Sequence[Person], *, is_crash: bool = False) -> None:
    """Bet until the day is over; before a crash all the same way, and more."""
    bets, is_long = (CRASH_BETS, True) if is_crash else (BETS, None)
    random = floor.random("gamblers")
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        for place, person in enumerate(people):
            desk = Desk(floor.url, person, floor.figures, kind="gambler")
            await stack.enter_async_context(desk)
            await desk.hear()
            leverage, worth = bets[place % len(bets)]
            own = Random(random.random())
            group.create_task(_bet(floor, desk, own, leverage, worth, is_long=is_long))


async def _bet(
    floor: Floor, desk: Desk, random: Random, leverage: int, worth: Decimal, *, is_long: bool | None
) -> None:
    await _set_leverage(floor, desk, leverage)
    while await floor.rest(ROUND_S * random.uniform(0.5, 1.5)):
        quote = floor.public.quote
        if quote is None or desk.position.get(floor.symbol):
            continue
        is_buy = random.choice((True, False)) if is_long is None else is_long
        size = floor.size(worth / quote.mid)
        await desk.place(
            NewOrder(
                symbol=floor.symbol, side="BUY" if is_buy else "SELL", type="MARKET", size=size
            )
        )


async def _set_leverage(floor: Floor, desk: Desk, leverage: int) -> None:
    try:
        await desk.http.set_leverage(floor.symbol, leverage)
    except GoDarkError as error:
        floor.figures.surprises[f"leverage {leverage} was refused: {error}"] += 1
