"""Market makers: pegs and quotes around the reference, in batches, canceled when they are lost.

Each round a maker takes back what rests and quotes anew, less on the side that it has too much of.
"""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from decimal import Decimal
from random import Random

from bench.day.bots.floor import Floor
from bench.day.desks import Desk
from bench.day.people import Person
from godark_client import NewOrder

ROUND_S = 2.0
STEPS = (Decimal("0.0001"), Decimal("0.0003"), Decimal("0.0008"))


async def make_markets(floor: Floor, people: Sequence[Person]) -> None:
    """Quote until the day is over."""
    async with AsyncExitStack() as stack:
        for person in people:
            desk = Desk(floor.url, person, floor.figures, kind="maker", cancels=True)
            await stack.enter_async_context(desk)
            await desk.hear()
            floor.makers.append(desk)
        random = floor.random("makers")
        while await floor.rest(ROUND_S / len(people)):
            desk = floor.makers.pop(0)
            floor.makers.append(desk)
            await _quote(floor, desk, random)
        for desk in floor.makers:
            await desk.cancel_all(floor.symbol)


async def _quote(floor: Floor, desk: Desk, random: Random) -> None:
    if floor.public.quote is None:
        return
    await desk.cancel_all(floor.symbol)
    held = desk.position.get(floor.symbol, Decimal(0))
    orders = []
    for is_buy in (True, False):
        room = floor.depth * floor.most - held if is_buy else floor.depth * floor.most + held
        if room > 0:
            orders += _side(floor, random, is_buy=is_buy, room=room)
    if orders:
        await desk.place_batch(orders)


def _side(floor: Floor, random: Random, *, is_buy: bool, room: Decimal) -> list[NewOrder]:
    quote = floor.public.quote
    assert quote is not None  # noqa: S101 - looked at by the caller, and nothing waited since
    # The reduction of a quote near the limit keeps the pieces together below the room.
    share = min(floor.depth, room / floor.most) / 6
    side = "BUY" if is_buy else "SELL"
    whole = floor.most * share
    pegs = ("PEG_MID", "PEG_BID" if is_buy else "PEG_ASK")
    pieces = [
        NewOrder(symbol=floor.symbol, side=side, type=kind, size=floor.size(whole * _part(random)))
        for kind in pegs
    ]
    for step in STEPS:
        away = quote.mid * step
        limit = floor.price(quote.mid - away if is_buy else quote.mid + away)
        size = floor.size(whole * _part(random))
        pieces.append(
            NewOrder(symbol=floor.symbol, side=side, type="LIMIT", size=size, limit_price=limit)
        )
    return pieces


def _part(random: Random) -> Decimal:
    return Decimal(random.randint(2, 20)) / 20
