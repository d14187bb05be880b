"""What everybody may hear: the reference, prints, liquidations; by one socket without a key."""

import asyncio
from typing import TYPE_CHECKING, Any

from bench.day.figures import Figures, Quoted
from bench.day.venue import now_ms
from godark_client import AsyncSocket
from godark_client.models.markets import PublicLiquidation, Ticker, Trade

if TYPE_CHECKING:
    from decimal import Decimal


class Public:
    """The market as the public hears it, newest first at hand."""

    def __init__(self, url: str, symbol: str, figures: Figures) -> None:
        self._url, self._symbol, self._figures = url, symbol, figures
        self.quote: Quoted | None = None
        self.mark: Decimal | None = None
        self.heard = asyncio.Event()
        self.lost = 0

    async def listen(self) -> None:
        """Hear until canceled."""
        async with AsyncSocket(self._url) as socket:
            names = ("ticker", "trades", "liquidations")
            await socket.subscribe(*(f"{name}:{self._symbol}" for name in names))
            async for message in socket:
                self.lost = socket.losses
                self._take(message.data)

    def _take(self, data: Any) -> None:
        if isinstance(data, Ticker):
            self._take_ticker(data)
        elif isinstance(data, Trade):
            self._figures.prints += 1
            self._figures.volume += data.size * data.price
        elif isinstance(data, PublicLiquidation):
            self._figures.liquidations[data.size_class] += 1

    def _take_ticker(self, data: Ticker) -> None:
        self.mark = data.mark_price or self.mark
        if data.bid is None or data.ask is None:
            self.quote = None
            return
        self.quote = Quoted(now_ms(), data.bid, data.ask)
        self._figures.quotes.append(self.quote)
        self.heard.set()
