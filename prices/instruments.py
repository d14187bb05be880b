"""From what an instrument costs to what one unit of the base costs.

What is not here: the conversion of dollars, which screening does with the newest rate.
"""

from prices.records import Source
from prices.units import PICO, ceil_div


def spread_per_unit(source: Source, *, bid_pico: int, ask_pico: int) -> tuple[int, int]:
    """Return bid and ask of one unit of the base; nonsense stays zero."""
    if source.is_inverted and bid_pico > 0 and ask_pico > 0:
        bid_pico, ask_pico = PICO**2 // ask_pico, ceil_div(PICO**2, bid_pico)
    return bid_pico // source.base_per_unit, ceil_div(ask_pico, source.base_per_unit)


def price_per_unit(source: Source, *, price_pico: int, confidence_pico: int) -> tuple[int, int]:
    """Return price and confidence of one unit of the base; nonsense stays zero."""
    if source.is_inverted and price_pico > 0:
        confidence_pico = ceil_div(confidence_pico * PICO**2, price_pico**2)
        price_pico = PICO**2 // price_pico
    return price_pico // source.base_per_unit, ceil_div(confidence_pico, source.base_per_unit)
