"""Health: how a position stands at the mark, and how much of it must be closed.

The formulas of PRODUCT.md section 7, pure. What is not here: closing it
(`engine.liquidation`).
"""

from typing import NamedTuple

from engine.margin import BRACKETS, maintenance_ceil_micro
from engine.state import Market, Position
from engine.units import PPB

FEE_CAP_PPB = 5_000_000
INDEX_BAND_PERCENT = 5


class Health(NamedTuple):
    """A position at the mark: its notional, equity and maintenance margin, micro-USDT."""

    notional: int
    equity: int
    maintenance: int

    @property
    def ratio_ppb(self) -> int:
        """Equity per maintenance margin, for ranking the worst first."""
        return self.equity * PPB // max(1, self.maintenance)

    @property
    def fee_ppb(self) -> int:
        """The liquidation fee rate: min(0.5%, MM / 2N), rounded down."""
        return min(FEE_CAP_PPB, self.maintenance * PPB // (2 * self.notional))


def health(market: Market, position: Position, /) -> Health:
    """Measure a position at the mark."""
    mark = market.prices.mark_half_ticks
    assert mark is not None, "liquidations need a mark"
    value = position.size_lots * mark * market.unit_micro
    equity = position.collateral_micro + value - position.cost_micro
    return Health(abs(value), equity, maintenance_ceil_micro(abs(value)))


def lots_to_close(market: Market, position: Position, fee_ppb: int, /) -> int:
    """Return the fewest lots after which equity - fee >= 1.5 x MM of the rest, else all.

    What is missing is a concave function of the lots closed: it shrinks as long as 1.5
    times the rest's maintenance rate is above the fee rate, and grows below that bracket.
    So the first root is searched where it shrinks.
    """
    whole = abs(position.size_lots)
    if not whole:
        return 0
    lot_value = (market.prices.mark_half_ticks or 0) * market.unit_micro
    equity = health(market, position).equity

    def is_enough(closed: int) -> bool:
        fee = -(-closed * lot_value * fee_ppb // PPB)
        return 2 * (equity - fee) >= 3 * maintenance_ceil_micro((whole - closed) * lot_value)

    if is_enough(0):
        return 0
    low, high = 0, whole - _shallow_lots(fee_ppb, lot_value, whole)
    if high == 0 or not is_enough(high):
        return whole
    while high - low > 1:
        middle = (low + high) // 2
        if is_enough(middle):
            high = middle
        else:
            low = middle
    return high


def _shallow_lots(fee_ppb: int, lot_value: int, whole: int, /) -> int:
    """Return the lots of a rest so small that closing more costs more than it frees."""
    borders = [row.up_to_micro for row in BRACKETS if 3 * row.maintenance_ppb <= 2 * fee_ppb]
    return min(whole, borders[-1] // lot_value) if borders else 0


def bound_half_ticks(market: Market, position: Position, /) -> int:
    """Return the worst price for the book: bankruptcy (towards safety) and index +-5%."""
    lot_unit = abs(position.size_lots) * market.unit_micro
    index = market.prices.index_half_ticks or 0
    if position.size_lots > 0:
        bankruptcy = -(-(position.cost_micro - position.collateral_micro) // lot_unit)
        return max(bankruptcy, -(-index * (100 - INDEX_BAND_PERCENT) // 100))
    bankruptcy = (position.collateral_micro - position.cost_micro) // lot_unit
    return min(bankruptcy, index * (100 + INDEX_BAND_PERCENT) // 100)


def fund_is_low(market: Market, /) -> bool:
    """Tell whether the market's fund is below half of its target, 1% of open interest."""
    mark = market.prices.mark_half_ticks or 0
    return 200 * market.fund_micro < market.long_lots * mark * market.unit_micro
