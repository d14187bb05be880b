"""The true limits of a market, which act at the fill: open interest and the stress gap.

What is not here: position limits and brackets of one account (`engine.legs`), and the
published figures that acceptance looks at (`engine.entry`).
"""

from engine.reasons import Reason
from engine.state import NO_POSITION, Market
from engine.units import PPB


def broken_limit(market: Market, accounts: tuple[str, str], lots: int, /) -> Reason | None:
    """Return the market's limit that a trade would break; None if it breaks none.

    The first account gains the lots (negative: loses), the second the opposite.
    """
    spec = market.spec
    legs = [
        (market.positions.get(account_id, NO_POSITION), by)
        for account_id, by in zip(accounts, (lots, -lots), strict=True)
    ]
    longs = sum(max(0, held.size_lots + by) - max(0, held.size_lots) for held, by in legs)
    if longs > 0 and market.long_lots + longs > spec.open_interest_limit_lots:
        return Reason.OPEN_INTEREST_EXCEEDED
    for side, sign in enumerate((1, -1)):
        risk = 0
        for held, by in legs:
            weight = spec.stress_gap_ppb - PPB // held.leverage
            if weight > 0:
                now = max(0, sign * (held.size_lots + by)) - max(0, sign * held.size_lots)
                risk += weight * now
        if risk > 0 and not stress_fits(market, side=side, added_lots_ppb=risk):
            return Reason.STRESS_LIMIT_EXCEEDED
    return None


def stress_fits(market: Market, /, *, side: int, added_lots_ppb: int) -> bool:
    """Tell whether a side's stress loss at the mark stays within the insurance fund."""
    prices = market.prices
    mark = prices.mark_half_ticks or prices.index_half_ticks or 0
    weight = market.stress_lots_ppb[side] + added_lots_ppb
    return -(-weight * mark * market.unit_micro // PPB) <= market.fund_micro
