"""The mark: index x (1 + the 30-second average premium, clamped to half a percent).

The average is exponential with a time constant of 30 s: after t without change it has
come 1 - exp(-t / 30 s) of the way. Its state is a whole number of 1e-18, so that short
steps do not round away. What is not here: our own trades; they enter no price.
"""

from decimal import Context, Decimal
from functools import lru_cache

import msgspec

from prices.units import ATTO, PPB, clamp, nearest_div

TIME_CONSTANT_MS = 30_000
LARGEST_PREMIUM_PPB = 5_000_000

# After so many time constants nothing of the past is left at this precision.
_LONGEST_MS = 60 * TIME_CONSTANT_MS
_EXACT = Context(prec=40)
_ATTO_PER_PPB = ATTO // PPB


class Average(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The running average premium (1e-18) and when it was last moved."""

    premium_atto: int
    at_ms: int


def advance_average(average: Average | None, *, premium_ppb: int, at_ms: int) -> Average:
    """Return the average after a premium that held until now; the first one starts it."""
    target_atto = premium_ppb * _ATTO_PER_PPB
    if average is None:
        return Average(premium_atto=target_atto, at_ms=at_ms)
    kept_atto = _kept_atto(min(max(0, at_ms - average.at_ms), _LONGEST_MS))
    gap_atto = average.premium_atto - target_atto
    return Average(
        premium_atto=target_atto + nearest_div(gap_atto * kept_atto, ATTO),
        at_ms=max(at_ms, average.at_ms),
    )


def find_mark_pico(*, index_pico: int, average: Average) -> int:
    """Return the mark (pico-USDT), rounded to the nearest."""
    premium_atto = clamp(average.premium_atto, limit=LARGEST_PREMIUM_PPB * _ATTO_PER_PPB)
    return nearest_div(index_pico * (ATTO + premium_atto), ATTO)


@lru_cache(maxsize=8192)
def _kept_atto(elapsed_ms: int) -> int:
    """Return exp(-elapsed / 30 s) in 1e-18, the same on every machine."""
    exponent = _EXACT.divide(Decimal(-elapsed_ms), Decimal(TIME_CONSTANT_MS))
    return int(_EXACT.multiply(_EXACT.exp(exponent), Decimal(ATTO)))
