"""Margin: brackets, initial and maintenance margin, trigger prices, equity.

Pure formulas of PRODUCT.md section 4, each rounding for the venue and saying so in its
name. Cost and size are signed (negative when short), so equity is one formula. What is not
here: who may do what with it.
"""

from functools import lru_cache
from typing import Final, NamedTuple

from engine.units import PPB


class Bracket(NamedTuple):
    """One row of the margin table: for notionals up to a bound (none: above all)."""

    up_to_micro: int
    max_leverage: int
    maintenance_ppb: int
    deduction_micro: int


UNBOUNDED: Final = 1 << 200
BRACKETS: Final = (
    Bracket(5_000_000_000, 1_000, 500_000, 0),
    Bracket(20_000_000_000, 500, 1_000_000, 2_500_000),
    Bracket(50_000_000_000, 100, 5_000_000, 82_500_000),
    Bracket(100_000_000_000, 50, 10_000_000, 332_500_000),
    Bracket(UNBOUNDED, 20, 25_000_000, 1_832_500_000),
)
LIQUIDATION: Final = (1, 1)
"""Equity below 1/1 of the maintenance margin starts a liquidation."""
WARNING: Final = (3, 2)
"""Equity below 3/2 of the maintenance margin warns."""


def bracket_of(notional_micro: int, /) -> Bracket:
    """Return the row of the table that holds for a notional."""
    for bracket in BRACKETS:
        if notional_micro <= bracket.up_to_micro:
            return bracket
    raise AssertionError("the last bracket has no bound")  # pragma: no cover


def maintenance_ceil_micro(notional_micro: int, /) -> int:
    """Return notional x rate - deduction, rounded up."""
    for up_to, _, rate, deduction in BRACKETS:
        if notional_micro <= up_to:
            return -(-notional_micro * rate // PPB) - deduction
    raise AssertionError("the last bracket has no bound")  # pragma: no cover


def initial_ceil_micro(notional_micro: int, leverage: int, /) -> int:
    """Return notional / leverage, rounded up."""
    return -(-notional_micro // leverage)


def equity_micro(
    *, size_lots: int, cost_micro: int, collateral_micro: int, price_half_ticks: int, unit: int
) -> int:
    """Return collateral plus value at a price less cost; exact, `unit` is half tick x lot."""
    return collateral_micro + size_lots * price_half_ticks * unit - cost_micro


@lru_cache(maxsize=1_024)
def trigger_half_ticks(
    size_lots: int,
    cost_micro: int,
    collateral_micro: int,
    unit: int,
    share: tuple[int, int],
    /,
) -> int | None:
    """Return the last half tick at which equity < share x ceil(MM); None if not above zero.

    "Last" is towards profit: for a long every lower price, for a short every higher one
    triggers too, because equity moves faster than margin. The closed form is that of the
    bracket in which its own notional lies; the last steps make the rounding exact. A short
    that triggers everywhere gets the lowest price there is. Remembered, since deciding and
    evolving ask the same.
    """
    if size_lots == 0:
        return None
    towards_profit = 1 if size_lots > 0 else -1
    lot_value = abs(size_lots) * unit
    price = _estimate(size_lots, collateral_micro - cost_micro, share) // lot_value
    price = max(price, 1)

    def triggers(at: int) -> bool:
        notional = lot_value * at
        equity = collateral_micro - cost_micro + towards_profit * notional
        return equity * share[1] < share[0] * maintenance_ceil_micro(notional)

    while not triggers(price):
        price -= towards_profit
        if price <= 0:
            return None
    while price + towards_profit > 0 and triggers(price + towards_profit):
        price += towards_profit
    return price


def _estimate(size_lots: int, base_micro: int, share: tuple[int, int], /) -> int:
    """Return about the notional at which equity equals the share of maintenance."""
    up, down = share
    for up_to, _, rate, deduction in BRACKETS:
        if size_lots > 0:
            notional = -(base_micro * down + up * deduction) * PPB // (PPB * down - up * rate)
        else:
            notional = (base_micro * down + up * deduction) * PPB // (PPB * down + up * rate)
        if notional <= up_to:
            return notional
    raise AssertionError("the last bracket has no bound")  # pragma: no cover
