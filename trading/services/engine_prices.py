"""Prices as commands of the engine: the only place where the two rooms meet.

What is not here: when the commands are given; the runner takes the newest at each step.
"""

from collections.abc import Iterable

from engine.commands import FundingSample, MoveReferences, ReferenceMove, SampleFunding
from prices.board import MarketPrices
from prices.records import USDT_USD


def move_references(prices: Iterable[MarketPrices], *, at_ms: int) -> MoveReferences:
    """Return the newest prices of all markets as one command."""
    return MoveReferences(
        at_ms=at_ms,
        moves=tuple(_move(one) for one in prices if one.market_id != USDT_USD),
    )


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
