"""The live venues together: ccxt's clients, Pyth's Hermes, Switchboard on Solana.

One task a source, so that one that fails or hangs harms no other. What is not here: how
each is read.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import aiohttp
import msgspec

from prices.adapters.ccxt_venue import (
    VENUES,
    CcxtVenue,
    Listing,
    VenueSpec,
    make_ccxt_client,
)
from prices.adapters.hearing import HEARTBEAT_S, Stream, keep_hearing
from prices.adapters.pyth import Hermes, find_feeds
from prices.adapters.source import Backoff, Connection, ConnectionState, Sink
from prices.adapters.switchboard import FeedAccount, Switchboard
from prices.records import MarketSources, Source


class LiveSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where the oracles are; Switchboard's accounts by instrument."""

    hermes_url: str = "https://pyth.dourolabs.app/hermes"
    hermes_key: str = ""
    solana_url: str = ""
    switchboard_feeds: Mapping[str, str] = {}


class LookedUpHermes:
    """Hermes, its feeds looked up by name at each new connection."""

    def __init__(self, *, url: str, key: str, wanted: Mapping[str, Source]) -> None:
        """Hear these sources (by market) at a Hermes address."""
        self.connection = Connection("pyth")
        self._url = url.rstrip("/")
        self._key = key
        self._wanted = wanted

    async def hear(self, sink: Sink) -> None:
        """Look the feeds up and hear them until the server fails."""
        feeds = find_feeds(await self._list(), wanted=self._wanted)
        if not feeds:
            raise LookupError("Hermes lists none of our markets")
        socket_url = self._url.replace("http", "ws", 1) + "/ws"
        hermes = Hermes(url=socket_url, feeds=feeds, key=self._key)
        hermes.connection = self.connection
        await hermes.hear(sink)

    async def _list(self) -> list[dict[str, Any]]:
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        patience = aiohttp.ClientTimeout(total=HEARTBEAT_S)
        async with (
            aiohttp.ClientSession(timeout=patience, headers=headers) as session,
            session.get(f"{self._url}/v2/price_feeds", raise_for_status=True) as answer,
        ):
            return msgspec.json.decode(await answer.read(), type=list[dict[str, Any]])


class LiveAdapter:
    """Hears every live source of the given markets."""

    def __init__(self, *, markets: Iterable[MarketSources], settings: LiveSettings) -> None:
        """Prepare a stream for each source that some market names."""
        self._markets = list(markets)
        self._streams: list[Stream] = [
            stream for venue in VENUES if (stream := self._venue(venue)) is not None
        ]
        self._streams.extend(self._oracles(settings))

    def markets(self, catalogue: Iterable[MarketSources]) -> list[MarketSources]:
        """Return the catalogue as it is."""
        return list(catalogue)

    def states(self) -> Sequence[ConnectionState]:
        """Return every source's state."""
        return [stream.connection.state() for stream in self._streams]

    async def run(self, sink: Sink) -> None:
        """Hear all sources until canceled."""
        async with asyncio.TaskGroup() as group:
            for seed, stream in enumerate(self._streams):
                group.create_task(keep_hearing(stream, sink=sink, backoff=Backoff(seed=seed)))

    def _venue(self, venue: VenueSpec) -> CcxtVenue | None:
        listings = [
            Listing(market_id=market_id, source=source)
            for market_id, source in self._sources_of(venue.name).items()
        ]
        if not listings:
            return None
        return CcxtVenue(
            venue=venue, listings=listings, make_client=partial(make_ccxt_client, venue)
        )

    def _oracles(self, settings: LiveSettings) -> list[Stream]:
        streams: list[Stream] = []
        on_pyth = self._sources_of("pyth")
        if on_pyth and settings.hermes_url:
            streams.append(
                LookedUpHermes(url=settings.hermes_url, key=settings.hermes_key, wanted=on_pyth)
            )
        accounts = [
            FeedAccount(market_id=market_id, source=source, address=address)
            for market_id, source in self._sources_of("switchboard").items()
            if (address := settings.switchboard_feeds.get(source.instrument))
        ]
        if settings.solana_url and accounts:
            streams.append(Switchboard(url=settings.solana_url, feeds=accounts))
        return streams

    def _sources_of(self, name: str) -> dict[str, Source]:
        return {
            market.market_id: source
            for market in self._markets
            for source in (*market.venues, *market.perpetuals, *market.oracles)
            if source.name == name
        }
