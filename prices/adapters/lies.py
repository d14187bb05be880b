"""Lies: what a simulated source can be told to do wrong, at once or on a schedule.

What is not here: honest quotes.
"""

import math
from collections.abc import Iterable
from enum import StrEnum

import msgspec

from prices.records import OracleQuote, Quote
from prices.units import Outside, ask_pico_of, bid_pico_of, decimal_of_pico, pico_of


class LieKind(StrEnum):
    """A way of being wrong."""

    SILENT = "SILENT"
    FROZEN = "FROZEN"
    ZERO = "ZERO"
    NEGATIVE = "NEGATIVE"
    NOT_A_NUMBER = "NOT_A_NUMBER"
    INFINITE = "INFINITE"
    TENFOLD = "TENFOLD"
    TWELVE_PERCENT_HIGH = "TWELVE_PERCENT_HIGH"
    FIVE_PERCENT_HIGH = "FIVE_PERCENT_HIGH"
    ONE_PERCENT_LOW = "ONE_PERCENT_LOW"
    CROSSED = "CROSSED"
    FUTURE = "FUTURE"


LIE_SENTENCES = {
    LieKind.SILENT: "falls silent",
    LieKind.FROZEN: "repeats its last quote for ever",
    LieKind.ZERO: "quotes zero",
    LieKind.NEGATIVE: "quotes a negative price",
    LieKind.NOT_A_NUMBER: "quotes NaN",
    LieKind.INFINITE: "quotes infinity",
    LieKind.TENFOLD: "quotes ten times the price",
    LieKind.TWELVE_PERCENT_HIGH: "quotes 12% too high",
    LieKind.FIVE_PERCENT_HIGH: "quotes 5% too high",
    LieKind.ONE_PERCENT_LOW: "quotes 1% too low",
    LieKind.CROSSED: "quotes a bid above its ask",
    LieKind.FUTURE: "dates its quotes an hour ahead",
}
_PERCENT = {
    LieKind.TENFOLD: 1_000,
    LieKind.TWELVE_PERCENT_HIGH: 112,
    LieKind.FIVE_PERCENT_HIGH: 105,
    LieKind.ONE_PERCENT_LOW: 99,
}
_RAW: dict[LieKind, Outside] = {
    LieKind.ZERO: 0.0,
    LieKind.NEGATIVE: -1.0,
    LieKind.NOT_A_NUMBER: math.nan,
    LieKind.INFINITE: math.inf,
}
_AN_HOUR_MS = 3_600_000
EVERY_SOURCE = "every source"
"""All sources at once: no index stands against that, but the breaker does."""


class Lie(msgspec.Struct, frozen=True, kw_only=True):
    """A source or EVERY_SOURCE, what it does wrong, and in which market (all without one)."""

    source: str
    kind: LieKind
    market_id: str | None = None


class ScheduledLie(msgspec.Struct, frozen=True, kw_only=True):
    """A lie that begins so many seconds into each round of a schedule, and how long it lasts."""

    begins_s: int
    lasts_s: int
    lie: Lie


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """Lies that come round again and again."""

    round_s: int
    lies: tuple[ScheduledLie, ...]

    def active(self, elapsed_s: float) -> list[Lie]:
        """Return the lies of a moment, in seconds since the simulation began."""
        into_s = elapsed_s % self.round_s
        return [
            entry.lie
            for entry in self.lies
            if entry.begins_s <= into_s < entry.begins_s + entry.lasts_s
        ]


def _scheduled(
    begins_s: int, lasts_s: int, source: str, kind: LieKind, market_id: str | None = None
) -> ScheduledLie:
    lie = Lie(source=source, kind=kind, market_id=market_id)
    return ScheduledLie(begins_s=begins_s, lasts_s=lasts_s, lie=lie)


NO_LIES = Schedule(round_s=1, lies=())
# One source at a time, none of which moves an index.
CALM = Schedule(
    round_s=900,
    lies=(
        _scheduled(120, 20, "okx", LieKind.SILENT),
        _scheduled(300, 15, "kraken", LieKind.FIVE_PERCENT_HIGH),
        _scheduled(480, 15, "bybit", LieKind.CROSSED),
        _scheduled(660, 20, "switchboard", LieKind.SILENT),
        _scheduled(780, 10, "okx-perp", LieKind.TENFOLD),
    ),
)
# One market goes down every rung of the ladder, twenty seconds each, and up again.
_TOUR_MARKET = "LTC-USDT-PERP"
TOUR = Schedule(
    round_s=300,
    lies=(
        *(
            _scheduled(60, 80, source, LieKind.SILENT, _TOUR_MARKET)
            for source in ("binance", "coinbase", "kraken")
        ),
        *(_scheduled(80, 60, source, LieKind.SILENT, _TOUR_MARKET) for source in ("bybit", "okx")),
        _scheduled(100, 40, "pyth", LieKind.SILENT, _TOUR_MARKET),
        _scheduled(120, 20, "switchboard", LieKind.SILENT, _TOUR_MARKET),
    ),
)
SCHEDULES = {"none": NO_LIES, "calm": CALM, "tour": TOUR}


def find_lie(lies: Iterable[Lie], *, source: str, market_id: str) -> LieKind | None:
    """Return what a source does wrong in a market, if anything; the first lie counts."""
    for lie in lies:
        if lie.source in {EVERY_SOURCE, source} and lie.market_id in {None, market_id}:
            return lie.kind
    return None


def distort_quote(quote: Quote, *, kind: LieKind, before: Quote | None) -> Quote | None:
    """Return what a lying venue says in place of an honest quote; none if it says nothing."""
    bid_pico, ask_pico, received_at_ms = quote.bid_pico, quote.ask_pico, quote.received_at_ms
    if kind is LieKind.SILENT:
        return None
    if kind is LieKind.FROZEN and before is not None:
        bid_pico, ask_pico = before.bid_pico, before.ask_pico
    elif kind in _RAW:
        bid_pico, ask_pico = bid_pico_of(_RAW[kind]), ask_pico_of(_RAW[kind])
    elif kind in _PERCENT:
        bid_pico, ask_pico = bid_pico * _PERCENT[kind] // 100, ask_pico * _PERCENT[kind] // 100
    elif kind is LieKind.CROSSED:
        bid_pico, ask_pico = ask_pico + 1, bid_pico
    elif kind is LieKind.FUTURE:
        received_at_ms += _AN_HOUR_MS
    return Quote(bid_pico=bid_pico, ask_pico=ask_pico, received_at_ms=received_at_ms)


def distort_oracle(
    quote: OracleQuote, *, kind: LieKind, before: OracleQuote | None
) -> OracleQuote | None:
    """Return what a lying oracle says in place of an honest price; none if it says nothing."""
    price_pico, received_at_ms = quote.price_pico, quote.received_at_ms
    if kind is LieKind.SILENT:
        return None
    if kind is LieKind.FROZEN and before is not None:
        price_pico = before.price_pico
    elif kind in _RAW:
        price_pico = pico_of(_RAW[kind])
    elif kind in _PERCENT:
        price_pico = pico_of(decimal_of_pico(price_pico * _PERCENT[kind] // 100))
    elif kind is LieKind.FUTURE:
        received_at_ms += _AN_HOUR_MS
    return OracleQuote(
        price_pico=price_pico,
        confidence_pico=quote.confidence_pico,
        received_at_ms=received_at_ms,
    )
