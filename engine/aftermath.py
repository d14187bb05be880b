"""The aftermath of liquidations: debts, the market's state, the backstop's unwinding.

What is not here: the liquidations themselves (`engine.liquidation`).
"""

from engine.backstop import top_up, unwind
from engine.decision import Decision, effective_state
from engine.events import VenueDebtRepaid
from engine.liquidation import run_liquidations
from engine.listing import follow_state
from engine.state import Market


def liquidate_all(d: Decision, market: Market, /) -> None:
    """Liquidate what the mark asks for, and draw the consequences."""
    before = effective_state(market)
    run_liquidations(d, market)
    owed = min(market.debt_micro, d.state.fees_micro)
    if owed > 0:
        d.emit(VenueDebtRepaid(at_ms=d.at_ms, market_id=market.spec.market_id, amount_micro=owed))
    follow_state(d, market, before)
    top_up(d, market)
    unwind(d, market)
