"""The true limits of a market, which act at the fill: open interest and the stress gap.

What is not here: position limits and brackets of one account (`engine.legs`), and the
published figures that acceptance looks at (`engine.entry`).
"""

from engine.events import Leg
from engine.reasons import Reason
from engine.state import NO_POSITION, Market
from engine.units import PPB


def check_market_limits(market: Market, taker: Leg, maker: Leg, /) -> tuple[Leg, Reason] | None:
    """Return the leg that a market's limit stops, with the reason; None if none does."""
    legs = (taker, maker)
    before = [market.positions.get(leg.account_id, NO_POSITION).size_lots for leg in legs]
    after = [size + leg.lots for size, leg in zip(before, legs, strict=True)]
    longs = sum(max(0, size) for size in after) - sum(max(0, size) for size in before)
    if longs > 0 and market.long_lots + longs > market.spec.open_interest_limit_lots:
        return taker, Reason.OPEN_INTEREST_EXCEEDED
    for side, sign in enumerate((1, -1)):
        risk = [
            _weighted(market, leg, max(0, sign * now)) - _weighted(market, leg, max(0, sign * old))
            for leg, old, now in zip(legs, before, after, strict=True)
        ]
        if sum(risk) > 0 and not stress_fits(market, side=side, added_lots_ppb=sum(risk)):
            return (taker if risk[0] > 0 else maker), Reason.STRESS_LIMIT_EXCEEDED
    return None


def _weighted(market: Market, leg: Leg, lots: int, /) -> int:
    leverage = market.positions.get(leg.account_id, NO_POSITION).leverage
    return lots * max(0, market.spec.stress_gap_ppb - PPB // leverage)


def stress_fits(market: Market, /, *, side: int, added_lots_ppb: int) -> bool:
    """Tell whether a side's stress loss at the mark stays within the insurance fund."""
    prices = market.prices
    mark = prices.mark_half_ticks or prices.index_half_ticks or 0
    weight = market.stress_lots_ppb[side] + added_lots_ppb
    return -(-weight * mark * market.unit_micro // PPB) <= market.fund_micro
