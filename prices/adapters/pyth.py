"""Pyth's prices over Hermes' WebSocket: feeds looked up by name, then heard by id.

A price counts when its publish time rises, or when it changes within that second: one that is
sent again does not become fresh. The shapes are those of Hermes' own `/ws` and `/v2/price_feeds`.
What is not here: the loop that connects again (`hearing`).
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
import websockets

from prices.adapters.hearing import HEARTBEAT_S
from prices.adapters.simulated import wall_clock_ms
from prices.adapters.source import Connection, SequenceCheck, Sink
from prices.instruments import price_per_unit
from prices.records import OracleQuote, Source
from prices.units import pico_of

LARGEST_LAG_MS = 60_000


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """A Pyth feed by its id, and the market whose source it is."""

    feed_id: str
    market_id: str
    source: Source


class HermesPrice(msgspec.Struct):
    """A price as Hermes sends it: whole numbers as text, and their exponent of ten."""

    price: str
    conf: str
    expo: int
    publish_time: int


class HermesFeed(msgspec.Struct):
    """A feed's part of a message."""

    id: str
    price: HermesPrice


class HermesMessage(msgspec.Struct):
    """Any message of Hermes, as far as it is read."""

    type: str
    status: str = ""
    error: str = ""
    price_feed: HermesFeed | None = None


class PriceUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """A price and its confidence in pico-USD, and when Pyth published it."""

    feed_id: str
    price_pico: int
    confidence_pico: int
    published_at_ms: int


_DECODER = msgspec.json.Decoder(HermesMessage)


def find_feeds(listing: Sequence[Mapping[str, Any]], *, wanted: Mapping[str, Source]) -> list[Feed]:
    """Return the feeds of sources (by market) from Hermes' list of all (`/v2/price_feeds`)."""
    by_name: dict[str, str] = {}
    for entry in listing:
        attributes = entry.get("attributes") or {}
        by_name[str(attributes.get("symbol"))] = str(entry.get("id")).removeprefix("0x")
    return [
        Feed(feed_id=by_name[source.instrument], market_id=market_id, source=source)
        for market_id, source in wanted.items()
        if source.instrument in by_name
    ]


def read_update(text: str | bytes) -> PriceUpdate | None:
    """Return a price update; none for a message that is something else; refuse garbage."""
    message = _DECODER.decode(text)
    if message.status == "error":
        raise ValueError(f"Hermes says: {message.error}")
    if message.type != "price_update" or message.price_feed is None:
        return None
    price = message.price_feed.price
    return PriceUpdate(
        feed_id=message.price_feed.id.removeprefix("0x"),
        price_pico=_scaled(price.price, exponent=price.expo),
        confidence_pico=_scaled(price.conf, exponent=price.expo),
        published_at_ms=price.publish_time * 1_000,
    )


def quote_of(update: PriceUpdate, *, source: Source, at_ms: int) -> OracleQuote:
    """Return what an update says of one unit of a market's base."""
    price_pico, confidence_pico = price_per_unit(
        source, price_pico=update.price_pico, confidence_pico=update.confidence_pico
    )
    return OracleQuote(price_pico=price_pico, confidence_pico=confidence_pico, received_at_ms=at_ms)


class Hermes:
    """Pyth's prices, heard over one WebSocket."""

    def __init__(
        self,
        *,
        url: str,
        feeds: Sequence[Feed],
        key: str = "",
        clock_ms: Callable[[], int] = wall_clock_ms,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        """Hear these feeds at a WebSocket address, with a key where one is asked for."""
        self.connection = Connection("pyth")
        self._url = url
        self._key = key
        self._feeds: dict[str, list[Feed]] = {}
        for feed in feeds:
            self._feeds.setdefault(feed.feed_id, []).append(feed)
        self._clock_ms = clock_ms
        self._heartbeat_s = heartbeat_s
        self._checks: dict[str, SequenceCheck] = {}
        self._last: dict[str, PriceUpdate] = {}

    async def hear(self, sink: Sink) -> None:
        """Connect, subscribe and hear until the server fails or falls silent."""
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        async with (
            asyncio.timeout(self._heartbeat_s) as patience,
            websockets.connect(self._url, additional_headers=headers) as socket,
        ):
            # One feed that was withdrawn since the list was read must not cost all others.
            subscription = {
                "type": "subscribe",
                "ids": sorted(self._feeds),
                "ignore_invalid_price_ids": True,
            }
            await socket.send(msgspec.json.encode(subscription).decode())
            self.connection.opened()
            async for text in socket:
                if self.take(text, sink=sink):
                    patience.reschedule(asyncio.get_running_loop().time() + self._heartbeat_s)

    def take(self, text: str | bytes, *, sink: Sink) -> bool:
        """Take a message; tell whether it was a price. Garbage is counted and passed over."""
        at_ms = self._clock_ms()
        try:
            update = read_update(text)
        except (ValueError, msgspec.DecodeError) as error:
            self.connection.heard_garbage(f"{error}")
            return False
        if update is None or update.feed_id not in self._feeds:
            return False
        self.connection.heard(at_ms=at_ms, sent_at_ms=update.published_at_ms)
        if abs(at_ms - update.published_at_ms) > LARGEST_LAG_MS or not self._is_news(update):
            return True
        for feed in self._feeds[update.feed_id]:
            quote = quote_of(update, source=feed.source, at_ms=at_ms)
            sink.take_oracle(market_id=feed.market_id, source="pyth", quote=quote)
        return True

    def _is_news(self, update: PriceUpdate) -> bool:
        check = self._checks.setdefault(update.feed_id, SequenceCheck(allows_repeats=True))
        if not check.admit(update.published_at_ms) or self._last.get(update.feed_id) == update:
            return False
        self._last[update.feed_id] = update
        return True


def _scaled(number: str, *, exponent: int) -> int:
    try:
        return pico_of(Decimal(number).scaleb(exponent))
    except InvalidOperation:
        return 0
