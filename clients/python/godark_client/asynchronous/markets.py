"""What is public: markets, the tape, the venue's state and statistics."""

from godark_client.asynchronous.sending import AsyncSending
from godark_client.calls import segment
from godark_client.models.markets import (
    Candle,
    FundingRate,
    Market,
    PublicLiquidation,
    ServerTime,
    Status,
    Trade,
    VenueKey,
)
from godark_client.models.records import Json, Page


class AsyncMarketCalls(AsyncSending):
    """Public calls; they need no key."""

    async def time(self) -> ServerTime:
        """Return the venue's clock."""
        return await self.read("/time", ServerTime)

    async def status(self) -> Status:
        """Return the mode of the venue and of each market."""
        return await self.read("/status", Status)

    async def health(self) -> Json:
        """Return which part of the venue is up."""
        return await self.read("/health", Json)

    async def venue_key(self) -> VenueKey:
        """Return the key that receipts are signed with."""
        return await self.read("/venue-key", VenueKey)

    async def markets(self, *, limit: int | None = None, cursor: str | None = None) -> Page[Market]:
        """Return the markets."""
        return await self.read("/markets", Page[Market], {"limit": limit, "cursor": cursor})

    async def market(self, symbol: str) -> Market:
        """Return one market."""
        return await self.read(f"/markets/{segment(symbol)}", Market)

    async def trades(
        self, symbol: str, *, limit: int | None = None, cursor: str | None = None
    ) -> Page[Trade]:
        """Return a market's prints."""
        return await self.read(
            f"/markets/{segment(symbol)}/trades", Page[Trade], {"limit": limit, "cursor": cursor}
        )

    async def candles(
        self,
        symbol: str,
        *,
        interval: str = "1m",
        source: str = "index",
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Page[Candle]:
        """Return a market's candles, of the index or of its trades."""
        query = {"interval": interval, "source": source, "limit": limit, "cursor": cursor}
        return await self.read(f"/markets/{segment(symbol)}/candles", Page[Candle], query)

    async def funding_rates(
        self, symbol: str, *, limit: int | None = None, cursor: str | None = None
    ) -> Page[FundingRate]:
        """Return a market's hourly funding rates."""
        return await self.read(
            f"/markets/{segment(symbol)}/funding",
            Page[FundingRate],
            {"limit": limit, "cursor": cursor},
        )

    async def market_liquidations(
        self, symbol: str, *, limit: int | None = None, cursor: str | None = None
    ) -> Page[PublicLiquidation]:
        """Return that liquidations happened in a market."""
        return await self.read(
            f"/markets/{segment(symbol)}/liquidations",
            Page[PublicLiquidation],
            {"limit": limit, "cursor": cursor},
        )

    async def statistics(
        self,
        kind: str,
        *,
        start_date: str,
        end_date: str,
        symbol: str | None = None,
        aggregation: str = "daily",
    ) -> Json:
        """Return `execution-quality`, `market-data` or `operational` figures; dates are ISO."""
        query = {
            "start_date": start_date,
            "end_date": end_date,
            "symbol": symbol,
            "aggregation": aggregation,
        }
        return await self.read(f"/stats/{segment(kind)}", Json, query)
