"""The floor: what all bots share."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from random import Random
from typing import Final

from bench.day.desks import Desk
from bench.day.figures import Figures
from bench.day.heard import Public
from godark_client.models.markets import Market

CRASH_DEPTH: Final = Decimal("0.01")


@dataclass(frozen=True)
class Floor:
    """One market on one day."""

    url: str
    market: Market
    public: Public
    figures: Figures
    seed: int
    speed: float
    most: Decimal
    """So much of the base currency a maker holds at most, either way."""
    shock_at: float | None = None
    """When depth goes, by the wall's clock, if it does."""
    is_over: asyncio.Event = field(default_factory=asyncio.Event)
    makers: list[Desk] = field(default_factory=list)

    @property
    def depth(self) -> Decimal:
        """Return what share of their usual size makers show: in a crash, a hundredth."""
        is_gone = self.shock_at is not None and time.time() >= self.shock_at
        return CRASH_DEPTH if is_gone else Decimal(1)

    @property
    def symbol(self) -> str:
        """Return the market's name."""
        return self.market.symbol

    def random(self, name: str) -> Random:
        """Return a source of chance of one's own, the same on every day of this seed."""
        return Random(f"{self.seed}:{name}")

    def size(self, wanted: Decimal) -> Decimal:
        """Return a size that the market takes: whole lots, between its least and its most."""
        lots = (wanted / self.market.lot_size).to_integral_value(ROUND_DOWN)
        sized = max(lots * self.market.lot_size, self.market.min_size)
        return min(sized, self.market.max_size)

    def price(self, wanted: Decimal) -> Decimal:
        """Return a price in whole ticks."""
        ticks = (wanted / self.market.tick_size).to_integral_value()
        return ticks * self.market.tick_size

    async def rest(self, seconds: float) -> bool:
        """Wait, less on a fast day; tell whether the day goes on."""
        try:
            await asyncio.wait_for(self.is_over.wait(), seconds / min(self.speed, 4.0))
        except TimeoutError:
            return True
        return False


def hidden(makers: Sequence[Desk], *, is_buy: bool, mid: Decimal) -> Decimal:
    """Return what of the makers' own orders would trade at the mid; they alone know it."""
    side = "BUY" if is_buy else "SELL"
    total = Decimal(0)
    for desk in makers:
        for order in desk.open.values():
            limit = order.limit_price
            is_near = limit is None or (limit >= mid if is_buy else limit <= mid)
            if order.side == side and order.type in {"PEG_MID", "LIMIT"} and is_near:
                total += order.leaves_size or 0
    return total
