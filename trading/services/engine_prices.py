"""Prices as commands of the engine: the only place where the two rooms meet.

A board step becomes references, samples and breakers; what it wants of a market's state is a
wish, which others may be stricter than (`trading.services.market_states`). What is not here:
when anything is sent (`trading.services.price_outlet`).
"""

from collections.abc import Iterable, Sequence

import msgspec

from engine.commands import (
    FundingSample,
    MoveReferences,
    ReferenceMove,
    SampleFunding,
    TripBreaker,
)
from engine.vocabulary import MarketState
from prices.board import MarketPrices
from prices.breaker import HOLD_MS
from prices.hours import Phase
from prices.records import USDT_USD, Advice
from trading.services.market_states import OPEN, Wish

FRESHER_MS = 250
"""Prices that did not change are told again when they were quoted so much later..."""
KNOWN_OLD_MS = 500
"""...and the engine's are so old: a third of what it still trades on."""
DISPERSION_PPB = 25_000
"""Less than that of dispersion is no news by itself: a tenth of what defers a liquidation."""
TOLD_AGAIN_MS = 10_000
"""What did not change is told again after so long, should somebody have lost it."""


REDUCING = Wish(MarketState.REDUCE_ONLY)
OPENING = Wish(MarketState.POST_ONLY)
OUT_OF_HOURS = Wish(MarketState.CANCEL_ONLY, hours_closed=True)


def move_references(prices: Iterable[MarketPrices], *, at_ms: int) -> MoveReferences:
    """Return the newest prices of all markets as one command."""
    return MoveReferences(
        at_ms=at_ms,
        moves=tuple(_move(one) for one in prices if one.market_id != USDT_USD),
    )


def without_reference(move: ReferenceMove) -> ReferenceMove:
    """Return a move with index and mark alone: nothing executes on it."""
    return msgspec.structs.replace(move, bid_ticks=None, ask_ticks=None)


def sample_funding(prices: Iterable[MarketPrices], *, at_ms: int) -> SampleFunding:
    """Return this second's premiums as one command; none where there is no index."""
    return SampleFunding(
        at_ms=at_ms,
        samples=tuple(
            FundingSample(market_id=one.market_id, premium_ppb=one.premium_ppb)
            for one in prices
            if one.market_id != USDT_USD
        ),
    )


def trip_breakers(prices: Iterable[MarketPrices]) -> list[TripBreaker]:
    """Return a command for each breaker that tripped; it lasts from the step that saw why."""
    return [
        TripBreaker(at_ms=one.at_ms, market_id=one.market_id, until_ms=one.at_ms + HOLD_MS)
        for one in prices
        if one.trip is not None and one.market_id != USDT_USD
    ]


def state_wished(one: MarketPrices) -> Wish | None:
    """Return what a market's hours and sources wish it to be; none where they say nothing.

    Without an index they say nothing: the engine halts such a market by itself, and whatever
    held before holds again when the index is back.
    """
    if one.phase is Phase.CLOSED:
        return OUT_OF_HOURS
    if one.phase is Phase.OPENING:
        return OPENING
    if one.advice is Advice.HALT:
        return None
    return REDUCING if one.advice is Advice.REDUCE_ONLY else OPEN


class TellingMoves:
    """Knows which moves were told, so that only what changed is told again.

    Every move that is told is an event in the log for ever.
    """

    def __init__(self) -> None:
        """Start with nothing told."""
        self._told: dict[str, ReferenceMove] = {}
        self._told_at_ms: dict[str, int] = {}

    def choose(self, moves: Iterable[ReferenceMove], *, at_ms: int) -> list[ReferenceMove]:
        """Return the moves that are news at a moment."""
        return [move for move in moves if self._is_news(move, at_ms=at_ms)]

    def told(self, moves: Sequence[ReferenceMove], *, at_ms: int) -> None:
        """Note that these were told: those that could not be stay news."""
        for move in moves:
            self._told[move.market_id] = move
            self._told_at_ms[move.market_id] = at_ms

    def _is_news(self, move: ReferenceMove, *, at_ms: int) -> bool:
        before = self._told.get(move.market_id)
        # Apart in either direction: a clock may have been set back.
        if before is None or abs(at_ms - self._told_at_ms[move.market_id]) >= TOLD_AGAIN_MS:
            return True
        if abs(move.dispersion_ppb - before.dispersion_ppb) >= DISPERSION_PPB:
            return True
        if prices_of(move) != prices_of(before):
            return True
        is_fresher = abs(move.quoted_at_ms - before.quoted_at_ms) >= FRESHER_MS
        is_old = abs(at_ms - before.quoted_at_ms) >= KNOWN_OLD_MS
        return move.bid_ticks is not None and is_fresher and is_old


def prices_of(move: ReferenceMove) -> tuple[int | None, ...]:
    """Return what of a move is a price."""
    return move.bid_ticks, move.ask_ticks, move.index_half_ticks, move.mark_half_ticks


def _move(one: MarketPrices) -> ReferenceMove:
    reference = one.reference
    return ReferenceMove(
        market_id=one.market_id,
        bid_ticks=reference.bid_ticks if reference else None,
        ask_ticks=reference.ask_ticks if reference else None,
        quoted_at_ms=reference.quoted_at_ms if reference else one.at_ms,
        index_half_ticks=one.index_half_ticks,
        mark_half_ticks=one.mark_half_ticks,
        dispersion_ppb=one.dispersion_ppb,
    )
