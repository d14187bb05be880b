"""What arrives is judged by its own account alone, before anybody is looked at.

An order that could trade now must carry its fills at the worst price that it admits. Said
for the first lot, the first that opens and the last; that no number between asks for more is
asserted. What is not here: the fills.
"""

from fractions import Fraction
from math import ceil, floor

from engine.reasons import Reason
from engine.vocabulary import MarketState, Pricing
from tests.engine.reference import money
from tests.engine.reference.money import Impossible
from tests.engine.reference.records import Books, Market, Order, Position

SPARE = 8
"""Micro-USDT that must be left over, so that no rounding between can fail."""


def check(books: Books, market: Market, order: Order, *, matching: bool) -> None:
    """Refuse an open order that could trade now and whose fills its account does not carry."""
    reach = reachable(market, order) if matching else None
    if reach is None:
        return
    best, worst = reach
    held = market.positions.get(order.terms.account_id, Position()).size
    held = held if order.is_buy else -held
    reduces = order.terms.reduce_only or market.acting_state is MarketState.REDUCE_ONLY
    if reduces or held + order.leaves <= 0:
        if order.is_immediate and not any(
            may_close(market, order, lots, best) for lots in (1, min(order.leaves, -held))
        ):
            raise Impossible(Reason.FILL_WORSENS_POSITION)
        return
    for lots in (1, min(order.leaves, max(0, -held) + 1), order.leaves):
        if left(books, market, order, lots, worst) < SPARE:
            raise Impossible(Reason.INSUFFICIENT_COLLATERAL)
    for lots in range(1, min(order.leaves, 40)):
        assert left(books, market, order, lots, worst) >= 0, "no number between asks for more"


def left(books: Books, market: Market, order: Order, lots: int, price: int) -> int:
    """Return what a fill would leave free, the other side's reserve kept; below zero: lacks."""
    try:
        side = money.planned_side(books, market, order, lots, price, 0)
    except Impossible as failed:
        if failed.reason is Reason.INSUFFICIENT_COLLATERAL:
            return -1
        if failed.reason is Reason.FILL_WORSENS_POSITION:
            return SPARE
        raise
    if not side.opened:
        return SPARE
    free = books.free(order.terms.account_id) + side.cash
    return free + money.released_reserve(market, order, side.after, is_buy=order.is_buy)


def may_close(market: Market, order: Order, lots: int, price: int) -> bool:
    """Tell whether closing so many lots at a price is allowed."""
    before = market.positions.get(order.terms.account_id, Position())
    after, _, _ = money.decreased(before, lots, lots * price * market.unit, 0)
    try:
        money.check_decrease(market, before, after)
    except Impossible:
        return False
    return True


def reachable(market: Market, order: Order) -> tuple[int, int] | None:
    """Return the best and the worst price that an order may trade at now, None for none."""
    assert market.bid is not None
    assert market.ask is not None
    if market.spec.pricing is Pricing.LIMIT_MIDPOINT:
        collar = Fraction(market.spec.collar_ppb, 10**9)
        low, high = ceil(2 * market.bid * (1 - collar)), floor(2 * market.ask * (1 + collar))
        limit = market.effective_limit(order)
        if order.is_buy:
            worst = high if limit is None else min(high, limit)
            return (low, worst) if worst >= low else None
        worst = low if limit is None else max(low, limit)
        return (high, worst) if worst <= high else None
    admitted = market.admitted(order)
    if not admitted:
        return None
    mid, bid, ask = market.points()
    best = mid if mid in admitted else bid if bid in admitted else ask
    return best, max(admitted) if order.is_buy else min(admitted)
