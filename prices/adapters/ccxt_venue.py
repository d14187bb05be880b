"""A live venue through ccxt's WebSocket client: best bids and asks, and trades for volume.

ccxt reads prices as floats; the border takes a float's shortest decimal form, which is what
the venue printed. What is not here: the loop that connects again (`hearing`).
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from prices.adapters.hearing import HEARTBEAT_S
from prices.adapters.simulated import wall_clock_ms
from prices.adapters.source import Connection, SequenceCheck, Sink, Status
from prices.instruments import spread_per_unit
from prices.records import Kind, Quote, Source, Trade
from prices.units import PICO, ask_pico_of, bid_pico_of, pico_of

_MICRO = 10**6


class VenueSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A venue as ccxt knows it: its client, what it trades, and how it tells its best quotes.

    `told` is where the client keeps what it was told, so that nothing between two looks is
    lost.
    """

    name: str
    client: str
    kind: Kind
    watch: str = "watch_bids_asks"
    told: str = "bidsasks"
    counts_volume: bool = False


VENUES = (
    VenueSpec(name="binance", client="binance", kind=Kind.SPOT, counts_volume=True),
    VenueSpec(
        name="coinbase", client="coinbase", kind=Kind.SPOT, watch="watch_tickers", told="tickers"
    ),
    VenueSpec(name="kraken", client="kraken", kind=Kind.SPOT, told="tickers"),
    VenueSpec(name="bybit", client="bybit", kind=Kind.SPOT),
    VenueSpec(name="okx", client="okx", kind=Kind.SPOT),
    VenueSpec(name="binance-perp", client="binanceusdm", kind=Kind.PERPETUAL),
    VenueSpec(name="okx-perp", client="okx", kind=Kind.PERPETUAL),
    VenueSpec(name="bybit-perp", client="bybit", kind=Kind.PERPETUAL),
)


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """A market and its source at one venue."""

    market_id: str
    source: Source


class CcxtVenue:
    """One venue's best quotes, heard through a ccxt client made anew for each attempt."""

    def __init__(
        self,
        *,
        venue: VenueSpec,
        listings: Sequence[Listing],
        make_client: Callable[[], Any],
        clock_ms: Callable[[], int] = wall_clock_ms,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        """Hear these instruments, as far as the venue lists them."""
        self.connection = Connection(venue.name)
        self._venue = venue
        self._listings = listings
        self._make_client = make_client
        self._clock_ms = clock_ms
        self._heartbeat_s = heartbeat_s
        self._wanted: dict[str, Listing] = {}
        self._checks: dict[str, SequenceCheck] = {}
        self._seen: dict[str, object] = {}

    async def hear(self, sink: Sink) -> None:
        """Connect and hear until the client fails or falls silent."""
        client = self._make_client()
        self._checks, self._seen = {}, {}
        try:
            async with asyncio.timeout(self._heartbeat_s):
                await client.load_markets()
            self._wanted = find_symbols(
                client.markets, listings=self._listings, kind=self._venue.kind
            )
            if not self._wanted:
                raise LookupError(f"{self._venue.name} lists none of our instruments")
            await self._hear_all(client, sink=sink)
        finally:
            await close_for_good(client)

    async def _hear_all(self, client: Any, *, sink: Sink) -> None:
        trades = None
        if self._venue.counts_volume:
            trades = asyncio.create_task(self._hear_trades(client, sink=sink))
        is_open = False
        try:
            while True:
                async with asyncio.timeout(self._heartbeat_s):
                    await getattr(client, self._venue.watch)(list(self._wanted))
                if not is_open or self.connection.status is not Status.LIVE:
                    self.connection.opened()
                    is_open = True
                self.take_tickers(getattr(client, self._venue.told), sink=sink)
                if trades is not None and trades.done():
                    # Volume alone has failed: connect anew rather than count none for ever.
                    trades.result()
        finally:
            if trades is not None:
                trades.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await trades

    async def _hear_trades(self, client: Any, *, sink: Sink) -> None:
        while True:
            trades = await client.watch_trades_for_symbols(list(self._wanted))
            self.take_trades(trades, sink=sink)

    def take_tickers(self, tickers: Mapping[str, Mapping[str, Any]], *, sink: Sink) -> None:
        """Put the best quotes that are new since the last look into the sink."""
        for symbol, ticker in list(tickers.items()):
            if self._seen.get(symbol) is not ticker and symbol in self._wanted:
                self._seen[symbol] = ticker
                self._take_ticker(symbol, ticker=ticker, sink=sink)

    def take_trades(self, trades: Sequence[Mapping[str, Any]], *, sink: Sink) -> None:
        """Count what trades were worth."""
        for trade in trades:
            listing = self._wanted.get(str(trade.get("symbol")))
            worth_micro = (
                pico_of(trade.get("price")) * pico_of(trade.get("amount")) * _MICRO // PICO**2
            )
            if listing is not None and worth_micro:
                counted = Trade(notional_micro=worth_micro, received_at_ms=self._clock_ms())
                sink.take_trade(market_id=listing.market_id, trade=counted)

    def _take_ticker(self, symbol: str, *, ticker: Mapping[str, Any], sink: Sink) -> None:
        at_ms = self._clock_ms()
        check = self._checks.setdefault(symbol, SequenceCheck(allows_repeats=True))
        if not check.admit(number_of(ticker)):
            self.connection.missed()
            return
        sent_at_ms = ticker.get("timestamp")
        self.connection.heard(
            at_ms=at_ms, sent_at_ms=sent_at_ms if isinstance(sent_at_ms, int) else None
        )
        listing = self._wanted[symbol]
        bid_pico, ask_pico = spread_per_unit(
            listing.source,
            bid_pico=bid_pico_of(ticker.get("bid")),
            ask_pico=ask_pico_of(ticker.get("ask")),
        )
        quote = Quote(bid_pico=bid_pico, ask_pico=ask_pico, received_at_ms=at_ms)
        take = sink.take_perpetual if self._venue.kind is Kind.PERPETUAL else sink.take_quote
        take(market_id=listing.market_id, source=self._venue.name, quote=quote)


async def close_for_good(client: Any) -> None:
    """Close a client, with what it may still be asking.

    ccxt asks several things at once and goes on with the rest when one has failed; the rest would
    open a new session after the old one was closed, which nobody would ever close.
    """
    client.open = lambda: None
    with contextlib.suppress(Exception):
        await client.close()


def find_symbols(
    markets: Mapping[str, Mapping[str, Any]], *, listings: Sequence[Listing], kind: Kind
) -> dict[str, Listing]:
    """Return the listings by ccxt's symbol, found by the venue's own spelling or ccxt's."""
    trait = "swap" if kind is Kind.PERPETUAL else "spot"
    by_spelling: dict[str, str] = {}
    for symbol, market in markets.items():
        if market.get(trait):
            by_spelling.setdefault(symbol, symbol)
            by_spelling.setdefault(str(market.get("id")), symbol)
    return {
        by_spelling[listing.source.instrument]: listing
        for listing in listings
        if listing.source.instrument in by_spelling
    }


def number_of(ticker: Mapping[str, Any]) -> int | None:
    """Return the number by which a ticker's order is known: an update id, or else its time."""
    info = ticker.get("info")
    update_id = info.get("u") if isinstance(info, dict) else None
    if isinstance(update_id, str | int) and str(update_id).isdigit():
        return int(update_id)
    timestamp = ticker.get("timestamp")
    return timestamp if isinstance(timestamp, int) else None


def make_ccxt_client(venue: VenueSpec) -> Any:
    """Return a new ccxt WebSocket client of a venue; ccxt is loaded only where it is used."""
    import ccxt.pro  # noqa: PLC0415 - takes seconds and 100 MB that a simulation does not need

    return getattr(ccxt.pro, venue.client)({"newUpdates": True, "enableRateLimit": True})
