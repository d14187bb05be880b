"""Units of the engine and the only roundings it knows.

Money is in micro-USDT (`_micro`), limit prices in whole ticks (`_ticks`), every other price
in half ticks (`_half_ticks`, the mid may be one), quantities in lots (`_lots`), rates in
parts per thousand million (`_ppb`), moments in Unix milliseconds (`at_ms`, `_at_ms`).
Which formula rounds which way stands in the room of that formula, not here.
"""

from typing import Final

PPB: Final = 1_000_000_000
MICRO: Final = 1_000_000
SECOND_MS: Final = 1_000
MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000
REFERENCE_MAX_AGE_MS: Final = 1_500
LARGEST_MICRO: Final = 4 * 10**17
"""All money that can ever be inside (400,000 million USDT): twenty times as much, the most that
leverage makes of it in the highest bracket, still is an integer of 64 bits."""
LARGEST_NUMBER: Final = (1 << 63) - 1
LARGEST_VALUE_MICRO: Final = 1 << 61
"""What a market's positions may be worth at its prices: sums of a few such still fit 64 bits."""


def div_ceil(numerator: int, denominator: int, /) -> int:
    """Divide and round towards plus infinity; the denominator is above zero."""
    return -(-numerator // denominator)


def div_trunc(numerator: int, denominator: int, /) -> int:
    """Divide and round towards zero; the denominator is above zero."""
    if numerator >= 0:
        return numerator // denominator
    return -(-numerator // denominator)


def rate_ceil_micro(amount_micro: int, rate_ppb: int, /) -> int:
    """Return the rate's share of an amount, rounded up."""
    return -(-amount_micro * rate_ppb // PPB)


def rate_floor_micro(amount_micro: int, rate_ppb: int, /) -> int:
    """Return the rate's share of an amount, rounded down."""
    return amount_micro * rate_ppb // PPB
