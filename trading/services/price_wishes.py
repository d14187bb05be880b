"""What the prices wish of each market's state, and since when: quick to close, slow to open.

What is not here: the board, and the rows (`trading.services.market_states`).
"""

from collections.abc import Iterable, Mapping

from prices.board import MarketPrices
from prices.records import USDT_USD
from trading.services.engine_prices import REDUCING, state_wished
from trading.services.market_states import OPEN, Wish

SETTLED_MS = 3_000
"""Sources must have been good for so long before a market that only reduced opens again."""


class PriceWishes:
    """Remembers the wishes that were made, and finds the ones to make."""

    def __init__(self, made: Mapping[str, Wish]) -> None:
        """Start with the wishes of before, by symbol."""
        self._made = dict(made)
        self._good_since_ms: dict[str, int] = {}

    def find(self, prices: Iterable[MarketPrices]) -> dict[str, Wish]:
        """Return the wishes that differ from those made; each is found again until it is made."""
        found = {
            one.market_id: wish
            for one in prices
            if one.market_id != USDT_USD and (wish := self._wish(one)) is not None
        }
        return {
            symbol: wish for symbol, wish in found.items() if wish != self._made.get(symbol, OPEN)
        }

    def made(self, wishes: Mapping[str, Wish]) -> None:
        """Note that these were written."""
        self._made |= wishes

    def _wish(self, one: MarketPrices) -> Wish | None:
        wish = state_wished(one)
        if wish != OPEN:
            self._good_since_ms.pop(one.market_id, None)
            return wish
        since_ms = self._good_since_ms.setdefault(one.market_id, one.at_ms)
        # A clock that was set back begins the wait anew.
        if one.at_ms < since_ms:
            since_ms = self._good_since_ms[one.market_id] = one.at_ms
        is_reducing = self._made.get(one.market_id) == REDUCING
        return REDUCING if is_reducing and one.at_ms - since_ms < SETTLED_MS else wish
