"""The premium: what outside perpetuals are worth against the index.

What is not here: its average over time, which `mark` and `funding` each take their own way.
"""

from collections.abc import Mapping, Sequence

import msgspec

from prices.medians import middle_median
from prices.records import Drop, MarketSources, Quote, Screened
from prices.screening import screen_quote
from prices.units import ratio_ppb

# A perpetual further than this from the index is broken, not expensive.
TOLERANCE_PERCENT = 5


class Premium(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A market's premium at one moment, and every perpetual's part in it."""

    premium_ppb: int
    perpetuals: tuple[Screened, ...]


def measure_premium(
    *,
    market: MarketSources,
    quotes: Mapping[str, Quote],
    index_pico: int,
    at_ms: int,
    usdt_usd_pico: int | None,
) -> Premium:
    """Return the median perpetual mid against the index; zero where there is none."""
    perpetuals = [
        _judge(
            perpetual=screen_quote(
                source=source,
                quote=quotes.get(source.name),
                at_ms=at_ms,
                usdt_usd_pico=usdt_usd_pico,
            ),
            index_pico=index_pico,
        )
        for source in market.perpetuals
    ]
    return Premium(
        premium_ppb=_median_premium_ppb(perpetuals=perpetuals, index_pico=index_pico),
        perpetuals=tuple(perpetuals),
    )


def _median_premium_ppb(*, perpetuals: Sequence[Screened], index_pico: int) -> int:
    mids = [perpetual.mid_pico for perpetual in perpetuals if perpetual.drop is None]
    if not mids:
        return 0
    return ratio_ppb(part=middle_median(mids) - index_pico, whole=index_pico)


def _judge(*, perpetual: Screened, index_pico: int) -> Screened:
    if perpetual.drop is not None:
        return perpetual
    apart_pico = perpetual.mid_pico - index_pico
    too_far = 100 * abs(apart_pico) > TOLERANCE_PERCENT * index_pico
    return msgspec.structs.replace(
        perpetual,
        deviation_ppb=ratio_ppb(part=apart_pico, whole=index_pico),
        drop=Drop.OUTLIER if too_far else None,
    )
