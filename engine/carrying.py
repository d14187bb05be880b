"""Carrying: what arrives is judged by its own account before anybody is met.

An order that could trade now must be able to carry every fill that could be: else it is
refused, whoever rests opposite, so that no answer tells of anybody (I23). What the account
still needs is greatest at the worst price that the order admits, and for the least or the
most lots. What is not here: the fill itself (`engine.legs`), which asks again.
"""

from engine.candidates import effective_half_ticks
from engine.decision import Decision, Refusal, is_matching
from engine.ending import must_reduce
from engine.events import OrderAccepted, OrderAmended
from engine.legs import Draft, plan_leg
from engine.margin import initial_ceil_micro
from engine.orders import Order
from engine.reasons import Reason
from engine.reservation import uncapped_half_ticks, worst_half_ticks
from engine.state import BACKSTOP, NO_POSITION, Market, Position
from engine.units import PPB
from engine.vocabulary import Pricing, TimeInForce

SLACK_MICRO = 8
"""More than the roundings of some fills on the way may add up to."""


def check_carries(
    d: Decision, market: Market, order: Order, opened: OrderAccepted | OrderAmended, /
) -> None:
    """Refuse an order that could trade now and that its own account would not carry.

    `opened` is the event that opens the order.
    """
    account_id = order.terms.account_id
    if account_id == BACKSTOP or not is_matching(market, d.at_ms):
        return
    reach = reachable_half_ticks(market, order)
    if reach is None:
        return
    position = market.positions.get(account_id, NO_POSITION)
    held = position.size_lots if order.is_buy else -position.size_lots
    if must_reduce(market, order) or held + order.leaves_lots <= 0:
        if order.terms.time_in_force in (TimeInForce.IOC, TimeInForce.FOK):
            _check_decrease(market, order, position, reach[0])
        return
    if not _is_easy(d, market, order, opened.reserve_micro, reach[1]):
        _rehearse(d, market, opened, reach[1])


def reachable_half_ticks(market: Market, order: Order, /) -> tuple[int, int] | None:
    """Return the best and the worst price that an order could trade at now, if any."""
    prices = market.prices
    assert prices.bid_ticks is not None, "nothing matches without a reference"
    assert prices.ask_ticks is not None, "nothing matches without a reference"
    bid, ask = 2 * prices.bid_ticks, 2 * prices.ask_ticks
    if market.spec.pricing is Pricing.LIMIT_MIDPOINT:
        return _by_limit(market, order, bid, ask)
    points = market.book.side(is_buy=order.is_buy).points(order)
    if points == 0:
        return None
    near, far = (bid, ask) if order.is_buy else (ask, bid)
    mid = (bid + ask) // 2
    return near if points == 1 else mid, (near, mid, far)[points - 1]


def _by_limit(market: Market, order: Order, bid: int, ask: int, /) -> tuple[int, int] | None:
    """Return the reach of an order within the collar (LIMIT_MIDPOINT)."""
    collar = market.spec.collar_ppb
    low = -(-bid * (PPB - collar) // PPB)
    high = ask * (PPB + collar) // PPB
    limit = effective_half_ticks(market, order)
    if order.is_buy:
        worst = high if limit is None else min(limit, high)
        return None if worst < low else (low, worst)
    worst = low if limit is None else max(limit, low)
    return None if worst > high else (high, worst)


def _check_decrease(market: Market, order: Order, position: Position, price: int, /) -> None:
    """Refuse an immediate close that would be worse than none, at the best price there is."""
    refused: Refusal | None = None
    sign = 1 if order.is_buy else -1
    whole = min(order.leaves_lots, abs(position.size_lots))
    prices = market.prices
    for lots in (1, whole):
        draft = Draft(position, prices.mark_half_ticks or prices.index_half_ticks or price)
        value = lots * price * market.unit_micro
        draft.reduce(lots=sign * lots, notional_micro=value, fee_micro=0)
        try:
            draft.check_reduction(unit=market.unit_micro)
        except Refusal as found:
            refused = found
        else:
            return
    assert refused is not None, "one lot and all of them were tried"
    raise refused


def _is_easy(d: Decision, market: Market, order: Order, reserve_micro: int, price: int, /) -> bool:
    """Tell whether cash beyond all reservations clearly carries what the fills may lack.

    Reserved is the margin at the reservation's price and the loss that it has against the
    mark there. Beyond it a fill may lack what the position already lacks of its margin, and
    the loss and margin of a price, or a mark, beyond the reservation's price.
    """
    account_id = order.terms.account_id
    position = market.positions.get(account_id, NO_POSITION)
    unit = market.unit_micro
    is_buy = order.is_buy
    held = position.size_lots if is_buy else -position.size_lots
    mark = market.prices.mark_half_ticks or market.prices.index_half_ticks or price
    lacking = 0
    if held > 0:
        value = position.size_lots * mark * unit
        equity = position.collateral_micro + value - position.cost_micro
        lacking = max(0, initial_ceil_micro(abs(value), position.leverage) - equity)
    elif held < 0:
        side = market.open_sides.get((account_id, is_buy))
        if side is not None and side.lots:
            return False
    reserved = worst_half_ticks(market, order, uncapped_half_ticks(market))
    off = max(0, price - mark if is_buy else mark - price)
    covered = max(0, reserved - mark if is_buy else mark - reserved)
    beyond = max(0, price - reserved)
    if not is_buy:
        beyond += covered
    lots = order.leaves_lots + min(0, held)
    lacking += lots * unit * (max(0, off - covered) + beyond)
    recorded = position.buy_reserve_micro if is_buy else position.sell_reserve_micro
    free = d.state.account(account_id).free_micro - (reserve_micro - recorded)
    return free >= lacking + SLACK_MICRO


def _rehearse(
    d: Decision, market: Market, opened: OrderAccepted | OrderAmended, price: int, /
) -> None:
    """Plan the fills that ask for most, each on its own, and take them back."""
    mark = d.mark()
    d.emit(opened)
    order = market.orders[opened.sequence]
    position = market.positions.get(order.terms.account_id, NO_POSITION)
    closing = max(0, -position.size_lots if order.is_buy else position.size_lots)
    try:
        for lots in sorted({1, min(closing + 1, order.leaves_lots), order.leaves_lots}):
            _plan(d, market, order, lots, price)
    finally:
        d.take_back(mark)


def _plan(d: Decision, market: Market, order: Order, lots: int, price: int, /) -> None:
    account_id = order.terms.account_id
    free = d.state.account(account_id).free_micro
    position = market.positions.get(account_id, NO_POSITION)
    try:
        leg = plan_leg(d.state, market, order, lots, price, 0)
    except Refusal as refused:
        if refused.reason is Reason.FILL_WORSENS_POSITION:
            return
        raise
    if not leg.opened_micro:
        return
    released = position.sell_reserve_micro - leg.sell_reserve_micro
    if order.is_buy:
        released = position.buy_reserve_micro - leg.buy_reserve_micro
    released = max(0, released)
    there = free + released + leg.cash_micro
    if there < SLACK_MICRO:
        raise Refusal(
            Reason.INSUFFICIENT_COLLATERAL,
            needed_micro=SLACK_MICRO - leg.cash_micro,
            free_micro=free + released,
        )
