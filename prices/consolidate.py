"""Consolidation: many sources in, one index out, and what was dropped and why.

The degrade ladder, best rung first (PRODUCT.md section 5):

1. `VENUES`: at least the market's least number of venues passed: their weighted median.
2. `BLEND`: the median of (remaining venues' mid, one oracle, the other); with one oracle
   only, the midpoint of the two if they lie within 2% of each other.
3. `ORACLES`: the midpoint of the two oracles if they agree within their confidences.
4. `REMAINDER`: the lower median of what is left, within 2% of the last index that stood on
   a better rung: the market may only reduce, and no lone source can walk it away.
5. `NONE`: no index, and the market halts.

What is not here: the reference, the mark, and any memory but `trusted_pico`.
"""

from collections.abc import Mapping, Sequence

import msgspec

from prices.medians import lower_median, middle_median, weighted_deviation, weighted_median
from prices.records import Drop, MarketSources, OracleQuote, Quote, Rung, Screened
from prices.screening import screen_oracle, screen_quote
from prices.units import ratio_ppb

TOLERANCE_PERCENT = 2
THREE = 3
TWO = 2


class Consolidation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A market's index (pico-USDT) with the rung it stands on and every source's part in it."""

    rung: Rung
    index_pico: int | None
    dispersion_ppb: int
    venues: tuple[Screened, ...]
    oracles: tuple[Screened, ...]


def consolidate(
    *,
    market: MarketSources,
    quotes: Mapping[str, Quote],
    oracles: Mapping[str, OracleQuote],
    at_ms: int,
    usdt_usd_pico: int | None,
    trusted_pico: int | None = None,
) -> Consolidation:
    """Return a market's index at a moment from the newest quote of each source, by name."""
    venues = judge_venues(
        [
            screen_quote(
                source=source,
                quote=quotes.get(source.name),
                at_ms=at_ms,
                usdt_usd_pico=usdt_usd_pico,
            )
            for source in market.venues
        ]
    )
    seen = [
        screen_oracle(
            source=source,
            quote=oracles.get(source.name),
            at_ms=at_ms,
            usdt_usd_pico=usdt_usd_pico,
        )
        for source in market.oracles
    ]
    passed = [venue for venue in venues if venue.drop is None]
    sure = [oracle for oracle in seen if oracle.drop is None]
    rung, index_pico = _climb_down(
        passed=passed, sure=sure, least=market.least, trusted_pico=trusted_pico
    )
    return Consolidation(
        rung=rung,
        index_pico=index_pico,
        dispersion_ppb=dispersion_ppb(used=passed or sure, index_pico=index_pico),
        venues=tuple(venues),
        oracles=tuple(_measure(oracle=oracle, index_pico=index_pico) for oracle in seen),
    )


def judge_venues(screened: Sequence[Screened]) -> list[Screened]:
    """Return the venues with their deviation from the unweighted median, outliers dropped."""
    mids = [venue.mid_pico for venue in screened if venue.drop is None]
    if not mids:
        return list(screened)
    median_pico = lower_median(mids)
    return [_judge(venue=venue, median_pico=median_pico) for venue in screened]


def dispersion_ppb(*, used: Sequence[Screened], index_pico: int | None) -> int:
    """Return the weighted median absolute deviation of converted mids from the index."""
    if index_pico is None or not used:
        return 0
    deviation = weighted_deviation(
        values=[source.mid_pico for source in used],
        weights=[source.source.weight for source in used],
        center=index_pico,
    )
    return ratio_ppb(part=deviation, whole=index_pico)


def within_tolerance(*, price_pico: int, center_pico: int) -> bool:
    """Tell whether a price is at most 2% from the center."""
    return 100 * abs(price_pico - center_pico) <= TOLERANCE_PERCENT * center_pico


def _judge(*, venue: Screened, median_pico: int) -> Screened:
    if not venue.mid_pico or venue.drop in {Drop.NONSENSE, Drop.UNCONVERTED}:
        return venue
    drop = venue.drop
    if drop is None and not within_tolerance(price_pico=venue.mid_pico, center_pico=median_pico):
        drop = Drop.OUTLIER
    return Screened(
        source=venue.source,
        bid_pico=venue.bid_pico,
        ask_pico=venue.ask_pico,
        mid_pico=venue.mid_pico,
        half_width_pico=venue.half_width_pico,
        received_at_ms=venue.received_at_ms,
        age_ms=venue.age_ms,
        deviation_ppb=ratio_ppb(part=venue.mid_pico - median_pico, whole=median_pico),
        drop=drop,
    )


def _measure(*, oracle: Screened, index_pico: int | None) -> Screened:
    if index_pico is None or oracle.drop is not None:
        return oracle
    deviation_ppb = ratio_ppb(part=oracle.mid_pico - index_pico, whole=index_pico)
    return msgspec.structs.replace(oracle, deviation_ppb=deviation_ppb)


def _climb_down(
    *,
    passed: Sequence[Screened],
    sure: Sequence[Screened],
    least: int,
    trusted_pico: int | None,
) -> tuple[Rung, int | None]:
    venues_mid = _venues_mid(passed)
    if venues_mid is not None and len(passed) >= least:
        return Rung.VENUES, venues_mid
    blend = _blend(venues_mid=venues_mid, sure=sure)
    if blend is not None:
        return Rung.BLEND, blend
    agreed = _agreed(sure)
    if agreed is not None:
        return Rung.ORACLES, agreed
    candidates = [oracle.mid_pico for oracle in sure]
    if venues_mid is not None:
        candidates.append(venues_mid)
    if trusted_pico is not None:
        candidates = [
            price
            for price in candidates
            if within_tolerance(price_pico=price, center_pico=trusted_pico)
        ]
    return (Rung.REMAINDER, lower_median(candidates)) if candidates else (Rung.NONE, None)


def _venues_mid(passed: Sequence[Screened]) -> int | None:
    if not passed:
        return None
    return weighted_median(
        values=[venue.mid_pico for venue in passed],
        weights=[venue.source.weight for venue in passed],
    )


def _blend(*, venues_mid: int | None, sure: Sequence[Screened]) -> int | None:
    if venues_mid is None or not sure:
        return None
    prices = [venues_mid, *(oracle.mid_pico for oracle in sure)]
    if len(prices) < THREE and not within_tolerance(
        price_pico=max(prices), center_pico=min(prices)
    ):
        return None
    return middle_median(prices)


def _agreed(sure: Sequence[Screened]) -> int | None:
    if len(sure) < TWO:
        return None
    first, second = sure[0], sure[1]
    apart = abs(first.mid_pico - second.mid_pico)
    if apart > first.half_width_pico + second.half_width_pico:
        return None
    return (first.mid_pico + second.mid_pico) // 2
