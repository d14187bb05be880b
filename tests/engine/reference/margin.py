"""Margin by the rules alone: slow, obvious, in exact fractions. Shares nothing with the engine.

Prices are half ticks, `unit` is the value of one lot at one half tick, money is micro-USDT.
"""

from fractions import Fraction
from functools import lru_cache
from math import ceil

USDT = 1_000_000
TABLE = (
    (5_000 * USDT, 1000, Fraction("0.0005"), Fraction(0)),
    (20_000 * USDT, 500, Fraction("0.001"), Fraction("2.5") * USDT),
    (50_000 * USDT, 100, Fraction("0.005"), Fraction("82.5") * USDT),
    (100_000 * USDT, 50, Fraction("0.01"), Fraction("332.5") * USDT),
    (None, 20, Fraction("0.025"), Fraction("1832.5") * USDT),
)


def bracket(notional: int) -> tuple[int, Fraction, Fraction]:
    """Return most leverage, maintenance rate and deduction for a notional."""
    for up_to, most, rate, deduction in TABLE:
        if up_to is None or notional <= up_to:
            return most, rate, deduction
    raise AssertionError("the last row has no bound")


@lru_cache(maxsize=4_096)
def maintenance(notional: int) -> int:
    """Return ceil(notional x rate - deduction)."""
    _, rate, deduction = bracket(notional)
    return ceil(notional * rate - deduction)


def initial(notional: int, leverage: int) -> int:
    """Return ceil(notional / leverage)."""
    return ceil(Fraction(notional, leverage))


def equity(size: int, cost: int, collateral: int, price: int, unit: int) -> int:
    """Return collateral and value less cost; size and cost are signed."""
    return collateral + size * price * unit - cost


def is_short_of(size: int, cost: int, collateral: int, price: int, unit: int) -> bool:
    """Tell whether equity is below maintenance at a price."""
    return equity(size, cost, collateral, price, unit) < maintenance(abs(size) * price * unit)


@lru_cache(maxsize=4_096)
def liquidation_price(size: int, cost: int, collateral: int, unit: int) -> int | None:
    """Search the last half tick at which equity is short, towards profit; None if none is.

    A long is short of equity at every price up to it, a short at every price from it on.
    """
    if size == 0:
        return None

    def short_at(price: int) -> bool:
        return is_short_of(size, cost, collateral, price, unit)

    low, high = 1, 2
    while short_at(high) is (size > 0):
        low, high = high, 2 * high
        if high > 1 << 80:
            raise AssertionError("no price is far enough")
    if size > 0 and not short_at(1):
        return None
    if size < 0 and short_at(1):
        return 1
    while high - low > 1:
        middle = (low + high) // 2
        if short_at(middle) is (size > 0):
            low = middle
        else:
            high = middle
    return low if size > 0 else high
