"""What a recording holds, line by line, whatever its format; and why one is refused.

What is not here: the formats themselves, and the pace of a replay.
"""

from collections.abc import Iterator, Mapping
from typing import Protocol

import msgspec

from prices.adapters.source import Sink
from prices.records import Kind, OracleQuote, Quote, Source, Trade

Name = tuple[Kind, str]
"""A source of the catalogue as a recording names it."""
_LATEST_NS = 7_258_118_400_000_000_000
_LONGEST_WORDS = 160


class BadRecordingError(Exception):
    """A recording that is missing, damaged or empty; the message is a sentence for a person."""


class Heard(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One quote or trade of a recording: when it reached the recorder, and from whom.

    `first` and `second` are pico-units: bid and ask of a venue, price and confidence of an
    oracle. A trade has its worth (1e-6 USDT) in `first`.
    """

    at_ns: int
    market_id: str
    source: str
    kind: Kind | None
    first: int
    second: int


class Recording(Protocol):
    """A recording that was checked as a whole before anything of it is heard.

    It may still break while it is heard, if its file does: `events` then refuses too.
    """

    def lines(self) -> int:
        """Return how many lines it has."""

    def own_sources(self) -> Mapping[str, tuple[Source, ...]]:
        """Return, by market, the venues to be used in place of the catalogue's."""

    def market_ids(self) -> frozenset[str]:
        """Return the markets that it holds."""

    def names(self) -> Mapping[str, frozenset[Name]]:
        """Return, by market, the sources of the catalogue that it speaks of."""

    def ends_ns(self) -> Mapping[str, int]:
        """Return when each source was heard last."""

    def events(self) -> Iterator[Heard]:
        """Return what was heard, in order of its time."""


def time_after(before_ns: int, *, text: str | bytes, unit_ns: int = 1) -> int:
    """Return a line's time from its digits; refuse one that is none, or before the line above."""
    if not text.isascii() or not text.isdigit():
        raise ValueError("its time is no whole number")
    at_ns = int(text) * unit_ns
    if at_ns > _LATEST_NS:
        raise ValueError("its time is beyond the year 2200")
    if at_ns < before_ns:
        raise ValueError("it goes back in time")
    return at_ns


def damage(place: str, error: Exception) -> BadRecordingError:
    """Return the refusal of a recording for what reading it at a place raised."""
    words = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
    return BadRecordingError(f"The recording {place}: {words[:_LONGEST_WORDS]}.")


def deliver(sink: Sink, *, heard: Heard, at_ms: int) -> None:
    """Put what was heard into a sink as if it had arrived at this moment."""
    if heard.kind is None:
        trade = Trade(notional_micro=heard.first, received_at_ms=at_ms)
        sink.take_trade(market_id=heard.market_id, trade=trade)
    elif heard.kind is Kind.ORACLE:
        price = OracleQuote(
            price_pico=heard.first, confidence_pico=heard.second, received_at_ms=at_ms
        )
        sink.take_oracle(market_id=heard.market_id, source=heard.source, quote=price)
    else:
        quote = Quote(bid_pico=heard.first, ask_pico=heard.second, received_at_ms=at_ms)
        take = sink.take_perpetual if heard.kind is Kind.PERPETUAL else sink.take_quote
        take(market_id=heard.market_id, source=heard.source, quote=quote)
