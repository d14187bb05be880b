"""Block traders: few orders, large, all or none, or not below a quantity; they reveal nothing."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from decimal import Decimal

from bench.day.bots.floor import Floor
from bench.day.desks import Desk
from bench.day.people import Person
from godark_client import MinQuantityMode, NewOrder, TimeInForce

ROUND_S = 3.0
MOST = Decimal(20)


async def trade_blocks(floor: Floor, people: Sequence[Person]) -> None:
    """Trade blocks until the day is over."""
    random = floor.random("blocks")
    async with AsyncExitStack() as stack:
        desks = []
        for person in people:
            desk = Desk(floor.url, person, floor.figures, kind="block")
            await stack.enter_async_context(desk)
            await desk.hear()
            desks.append(desk)
        while await floor.rest(ROUND_S / len(people)):
            desk = random.choice(desks)
            held = desk.position.get(floor.symbol, Decimal(0))
            is_buy = held < 0 if abs(held) > MOST else random.random() < 0.5  # noqa: PLR2004 - a coin
            size = floor.size(Decimal(random.randint(5, 60)) / 10)
            is_whole = random.random() < 0.5  # noqa: PLR2004 - a coin
            await desk.cancel_all(floor.symbol)
            await desk.place(
                NewOrder(
                    symbol=floor.symbol,
                    side="BUY" if is_buy else "SELL",
                    type="PEG_MID",
                    size=size,
                    time_in_force=TimeInForce.FOK if is_whole else TimeInForce.GTC,
                    all_or_none=None if is_whole else random.choice((True, None)),
                    min_quantity=None if is_whole else floor.size(size / 4),
                    min_quantity_mode=None if is_whole else MinQuantityMode.EACH,
                )
            )
        for desk in desks:
            await desk.cancel_all(floor.symbol)
