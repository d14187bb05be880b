"""The reference: the best bid and ask over the venues that passed (NBBO), in ticks.

Crossed or locked, it is the weighted median mid with half the median spread to each side;
without venues, the oracle price with the greater of its confidence and one tick. What is
not here: whether it is too old to trade on, which the engine decides by `quoted_at_ms`.
"""

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from prices.consolidate import Consolidation, within_tolerance
from prices.medians import weighted_median_at
from prices.records import MarketSources, Screened
from prices.units import ceil_ticks, floor_ticks


class Basis(StrEnum):
    """What a reference was made from."""

    BEST_QUOTES = "BEST_QUOTES"
    MEDIAN_SPREAD = "MEDIAN_SPREAD"
    ORACLE = "ORACLE"


class Reference(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A public bid and ask in ticks, as old as the oldest quote that sets it."""

    bid_ticks: int
    ask_ticks: int
    quoted_at_ms: int
    basis: Basis


def find_reference(*, market: MarketSources, consolidation: Consolidation) -> Reference | None:
    """Return the reference that an index carries; none without an index."""
    index_pico = consolidation.index_pico
    if index_pico is None:
        return None
    passed = [
        venue
        for venue in consolidation.venues
        if venue.drop is None
        and within_tolerance(price_pico=venue.mid_pico, center_pico=index_pico)
    ]
    found: Reference | None
    if passed:
        best = _best_quotes(passed=passed, tick_pico=market.tick_pico)
        found = best or _median_spread(passed=passed, tick_pico=market.tick_pico)
    else:
        sure = [oracle for oracle in consolidation.oracles if oracle.drop is None]
        found = _oracle_band(sure=sure, index_pico=index_pico, tick_pico=market.tick_pico)
    return found if found is not None and found.bid_ticks > 0 else None


def _best_quotes(*, passed: Sequence[Screened], tick_pico: int) -> Reference | None:
    bids = [
        (floor_ticks(price_pico=venue.bid_pico, tick_pico=tick_pico), venue.received_at_ms or 0)
        for venue in passed
    ]
    asks = [
        (ceil_ticks(price_pico=venue.ask_pico, tick_pico=tick_pico), -(venue.received_at_ms or 0))
        for venue in passed
    ]
    # Of several venues on the best tick the newest sets it: that one alone would do.
    bid_ticks, bid_at_ms = max(bids)
    ask_ticks, negative_ask_at_ms = min(asks)
    if bid_ticks >= ask_ticks:
        return None
    return Reference(
        bid_ticks=bid_ticks,
        ask_ticks=ask_ticks,
        quoted_at_ms=min(bid_at_ms, -negative_ask_at_ms),
        basis=Basis.BEST_QUOTES,
    )


def _median_spread(*, passed: Sequence[Screened], tick_pico: int) -> Reference:
    middle = passed[
        weighted_median_at(
            values=[venue.mid_pico for venue in passed],
            weights=[venue.source.weight for venue in passed],
        )
    ]
    usual = sorted(passed, key=lambda venue: venue.half_width_pico)[(len(passed) - 1) // 2]
    return _band(
        center_pico=middle.mid_pico,
        half_width_pico=usual.half_width_pico,
        tick_pico=tick_pico,
        quoted_at_ms=min(middle.received_at_ms or 0, usual.received_at_ms or 0),
        basis=Basis.MEDIAN_SPREAD,
    )


def _oracle_band(*, sure: Sequence[Screened], index_pico: int, tick_pico: int) -> Reference | None:
    if not sure:
        return None
    return _band(
        center_pico=index_pico,
        half_width_pico=max(tick_pico, *(oracle.half_width_pico for oracle in sure)),
        tick_pico=tick_pico,
        quoted_at_ms=min(oracle.received_at_ms or 0 for oracle in sure),
        basis=Basis.ORACLE,
    )


def _band(
    *, center_pico: int, half_width_pico: int, tick_pico: int, quoted_at_ms: int, basis: Basis
) -> Reference:
    bid_ticks = floor_ticks(price_pico=center_pico - half_width_pico, tick_pico=tick_pico)
    ask_ticks = ceil_ticks(price_pico=center_pico + half_width_pico, tick_pico=tick_pico)
    if bid_ticks == ask_ticks:
        bid_ticks, ask_ticks = bid_ticks - 1, ask_ticks + 1
    return Reference(
        bid_ticks=bid_ticks, ask_ticks=ask_ticks, quoted_at_ms=quoted_at_ms, basis=basis
    )
