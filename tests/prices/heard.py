"""A sink for tests: it remembers what it was told, and says when that is enough."""

import asyncio

from prices.records import OracleQuote, Quote, Trade


class Heard:
    """A sink that remembers, and says when it has enough."""

    def __init__(self, *, enough: int = 1) -> None:
        self.quotes: list[tuple[str, Quote]] = []
        self.trades: list[tuple[str, Trade]] = []
        self.oracles: list[tuple[str, OracleQuote]] = []
        self._enough = enough
        self.done = asyncio.Event()

    def take_quote(self, *, market_id: str, source: str, quote: Quote) -> None:
        self.quotes.append((f"{source} {market_id}", quote))
        self._look()

    take_perpetual = take_quote

    def take_oracle(self, *, market_id: str, source: str, quote: OracleQuote) -> None:
        self.oracles.append((f"{source} {market_id}", quote))
        self._look()

    def take_trade(self, *, market_id: str, trade: Trade) -> None:
        self.trades.append((market_id, trade))

    def _look(self) -> None:
        if len(self.quotes) + len(self.oracles) >= self._enough:
            self.done.set()

    def spreads(self) -> list[tuple[int, int]]:
        return [(quote.bid_pico, quote.ask_pico) for _, quote in self.quotes]
