"""What never changes about a market, or seldom: remembered for the doors that are in a hurry.

An order names its market by symbol; looking up the same sixty rows for each would cost more than
all its checks. Steps never change after listing; limits may be a few seconds old, and the engine
has the last word on them.
"""

import time
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

from accounts.short_memory import ShortMemory
from godark.errors import Code, Failure
from trading.models import Market
from trading.models.units import MICRO


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketTerms:
    """One market's steps and bounds; `unit_micro` is half a tick times a lot."""

    pk: int
    symbol: str
    tick_size: Decimal
    lot_size: Decimal
    unit_micro: int
    min_quantity_lots: int
    max_quantity_lots: int
    max_leverage: int

    def price(self, half_ticks: int, /) -> Decimal:
        """Return a price in USDT."""
        return half_ticks * self.tick_size / 2

    def notional_micro(self, *, lots: int, half_ticks: int) -> int:
        """Return what lots are worth at a price."""
        return lots * half_ticks * self.unit_micro

    def average_price(self, *, notional_micro: int, lots: int) -> Decimal:
        """Return the mean price of lots, to a ten-thousandth of a tick, rounded half to even."""
        exact = Decimal(notional_micro) / MICRO / (lots * self.lot_size)
        return exact.quantize(self.tick_size.normalize().scaleb(-4))


class AllTerms(NamedTuple):
    """The terms of all markets."""

    by_symbol: dict[str, MarketTerms]
    by_pk: dict[int, MarketTerms]


def read_terms(of: str) -> AllTerms:
    """Read the terms of all markets."""
    del of
    found = [
        MarketTerms(
            pk=market.pk,
            symbol=market.symbol,
            tick_size=market.tick_size,
            lot_size=market.lot_size,
            unit_micro=market.tick_lot_micro // 2,
            min_quantity_lots=market.min_quantity_lots,
            max_quantity_lots=market.max_quantity_lots,
            max_leverage=market.max_leverage,
        )
        for market in Market.objects.all()
    ]
    return AllTerms(
        by_symbol={terms.symbol: terms for terms in found},
        by_pk={terms.pk: terms for terms in found},
    )


EVERY_MARKET: Final = "every market"
AT_HAND_S: Final = 0.5
AT_HAND_AT_LEAST_S: Final = 0.25
NO_TERMS: Final = AllTerms({}, {})


class TermsMemory(ShortMemory[str, AllTerms]):
    """Remembers all terms; what was looked at just now lies at hand, for views of many rows."""

    def __init__(self) -> None:
        super().__init__(read_terms, most=1)
        self._at_hand: tuple[float, AllTerms] = (0.0, NO_TERMS)

    def at_hand(self) -> AllTerms:
        """Return the terms of all markets, at most half a second older than remembered ones."""
        until, found = self._at_hand
        if time.monotonic() >= until:
            found = self.get(EVERY_MARKET) or read_terms(EVERY_MARKET)
            self._at_hand = (time.monotonic() + AT_HAND_S, found)
        return found

    async def bring(self) -> None:
        """Have the terms at hand for a while: until the next await nothing has to be read."""
        if time.monotonic() >= self._at_hand[0] - AT_HAND_AT_LEAST_S:
            found = await self.get_async(EVERY_MARKET) or NO_TERMS
            self._at_hand = (time.monotonic() + AT_HAND_S, found)

    def forget(self, key: str) -> None:
        """Forget in this process."""
        super().forget(key)
        self._at_hand = (0.0, NO_TERMS)

    def clear(self) -> None:
        """Forget everything in this process."""
        super().clear()
        self._at_hand = (0.0, NO_TERMS)


memory = TermsMemory()


async def terms_at_hand() -> None:
    """Have all terms at hand: until the next await `access_terms` and `terms_of` read nothing."""
    await memory.bring()


async def all_symbols() -> Collection[str]:
    """Return the symbols of all markets."""
    known = await memory.get_async(EVERY_MARKET)
    return known.by_symbol if known else ()


def access_terms(symbol: str) -> MarketTerms:
    """Return the market that a person means, however they capitalize it; refuse any other."""
    terms = memory.at_hand().by_symbol.get(symbol.upper()) if symbol.isascii() else None
    if terms is None:
        raise Failure(Code.NOT_FOUND, "There is no such market.", field="symbol")
    return terms


def terms_of(pk: int) -> MarketTerms:
    """Return the terms of the market that a row points to; markets are never deleted."""
    found = memory.at_hand().by_pk.get(pk)
    if found is None:
        memory.forget(EVERY_MARKET)
        found = memory.at_hand().by_pk[pk]
    return found
