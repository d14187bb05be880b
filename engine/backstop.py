"""The backstop: a venue account that takes over positions, within a limit, and unwinds.

It settles in cash, posts no margin, is never liquidated, and is topped up by the global
fund when its cash or its equity falls below zero. Its open notional is at most five times its
equity. What is not here: when it takes over (`engine.waterfall`).
"""

from engine.commands import SubmitOrder
from engine.decision import Decision, effective_state
from engine.entry import fired
from engine.events import BackstopFunded
from engine.identity import fresh_order_id
from engine.state import BACKSTOP, NO_POSITION, Market, State
from engine.vocabulary import MarketState, OrderType, Side

MOST_LEVERAGE = 5


def exposure(state: State, /) -> tuple[int, int]:
    """Return the backstop's open notional and its equity, at the marks, micro-USDT."""
    notional = 0
    equity = state.account(BACKSTOP).cash_micro
    for market in state.markets.values():
        position = market.positions.get(BACKSTOP)
        mark = market.prices.mark_half_ticks
        if position is not None and position.size_lots and mark is not None:
            value = position.size_lots * mark * market.unit_micro
            notional += abs(value)
            equity += position.collateral_micro + value - position.cost_micro
    return notional, equity


def room_lots(state: State, market: Market, /, *, is_buy: bool) -> int:
    """Return how many lots at the mark the backstop may take in a direction."""
    size = market.positions.get(BACKSTOP, NO_POSITION).size_lots
    mark = market.prices.mark_half_ticks
    assert mark is not None, "liquidations need a mark"
    lot_value = mark * market.unit_micro
    opposite = max(0, -size if is_buy else size)
    notional, equity = exposure(state)
    room = MOST_LEVERAGE * equity - (notional - opposite * lot_value)
    return max(opposite, opposite + room // lot_value) if room > 0 else opposite


def top_up(d: Decision, market: Market, /) -> None:
    """Let the global fund fill the backstop's cash and equity up to zero, as far as it reaches.

    Equity is looked at where the backstop holds or has held a position: where it has moved.
    """
    there = d.state.account(BACKSTOP).cash_micro
    if BACKSTOP in market.positions:
        there = min(there, exposure(d.state)[1])
    amount = min(-there, d.state.global_fund_micro)
    if amount > 0:
        d.emit(BackstopFunded(at_ms=d.at_ms, amount_micro=amount))


def unwind(d: Decision, market: Market, /) -> None:
    """Rest a reduce-only mid peg for lots of the backstop that none of its orders covers."""
    position = market.positions.get(BACKSTOP)
    if position is None or not position.size_lots:
        return
    if effective_state(market) not in (MarketState.ACTIVE, MarketState.REDUCE_ONLY):
        return
    is_buy = position.size_lots < 0
    side = market.open_sides.get((BACKSTOP, is_buy))
    covered = sum(market.orders[s].leaves_lots for s in side.sequences) if side else 0
    lots = abs(position.size_lots) - covered
    if lots > 0:
        market_id = market.spec.market_id
        terms = SubmitOrder(
            at_ms=d.at_ms,
            order_id=fresh_order_id(d.state, f"{BACKSTOP}:{market_id}", d.at_ms),
            account_id=BACKSTOP,
            market_id=market_id,
            side=Side.BUY if is_buy else Side.SELL,
            order_type=OrderType.PEG_MID,
            quantity_lots=lots,
            reduce_only=True,
        )
        fired(d, market, terms)
