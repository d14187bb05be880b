"""Amending an order: the size down keeps the place in line, everything else loses it.

What is not here: trigger orders, which are canceled and placed anew.
"""

import msgspec

from engine.acceptance import check_risk, check_state
from engine.carrying import check_carries
from engine.commands import AmendOrder
from engine.decision import Decision, Refusal
from engine.ending import cancel, carry, clamp, must_reduce
from engine.entry import match_or_rest
from engine.events import OrderAmended
from engine.matching import fell_below
from engine.orders import Order, book_key
from engine.reasons import Reason
from engine.reservation import reserve_ceil_micro
from engine.shape import LARGEST, check_notional
from engine.state import NO_POSITION, Market
from engine.vocabulary import OrderType


def amend_order(d: Decision, command: AmendOrder, /) -> None:
    """Change an order's total, its limit, or both; ids of others are not found."""
    market, order = _find(d, command)
    quantity = order.quantity_lots if command.quantity_lots is None else command.quantity_lots
    limit = order.limit_ticks if command.limit_ticks is None else command.limit_ticks
    amended = _amended(order, quantity, limit)
    if not order.terms.reduce_only:
        check_notional(market, quantity=quantity, limit=limit)
    keeps = limit == order.limit_ticks and quantity <= order.quantity_lots
    if not keeps:
        check_state(d, market, order.terms)
        check_risk(d, market, amended, replaced_lots=order.leaves_lots)
    sequence = order.sequence if keeps else d.state.next_sequence
    event = OrderAmended(
        at_ms=d.at_ms,
        market_id=market.spec.market_id,
        order_id=order.terms.order_id,
        old_sequence=order.sequence,
        sequence=sequence,
        quantity_lots=quantity,
        limit_ticks=limit,
        reserve_micro=0,
    )
    reserve = _reserve(d, market, order, event, keeps=keeps)
    event = msgspec.structs.replace(event, reserve_micro=reserve)
    if not keeps:
        check_carries(d, market, amended, event)
    d.emit(event)
    if d.state.account(command.account_id).free_micro <= 0:
        carry(d, market, command.account_id)
    if sequence not in market.orders:
        return
    after = market.orders[sequence]
    if not keeps and must_reduce(market, after):
        clamped = clamp(d, market, after)
        if clamped is None:
            return
        after = clamped
    if fell_below(after):
        cancel(d, market, after, Reason.BELOW_MINIMUM)
    elif not keeps:
        match_or_rest(d, market, sequence)


def _find(d: Decision, command: AmendOrder, /) -> tuple[Market, Order]:
    place = d.state.order_places.get(command.order_id)
    if place is None:
        raise Refusal(Reason.ORDER_NOT_OPEN)
    market, sequence = place
    order = market.orders[sequence]
    if order.terms.account_id != command.account_id:
        raise Refusal(Reason.ORDER_NOT_OPEN)
    return market, order


def _amended(order: Order, quantity: int, limit: int | None, /) -> Order:
    """Return the order as it would be, or refuse what makes no order."""
    leaves = quantity - order.filled_lots - order.canceled_lots
    if leaves <= 0 or quantity > LARGEST:
        raise Refusal(Reason.INVALID_SIZE, quantity_lots=quantity, filled_lots=order.filled_lots)
    if limit is not None and not 0 < limit <= LARGEST:
        raise Refusal(Reason.INVALID_PRICE, limit_ticks=limit)
    if limit is not None and order.terms.order_type is OrderType.MARKET:
        raise Refusal(Reason.INVALID_PRICE, limit_ticks=limit)  # pragma: no cover
    return msgspec.structs.replace(
        order,
        quantity_lots=quantity,
        leaves_lots=leaves,
        limit_ticks=limit,
        key_half_ticks=book_key(is_buy=order.is_buy, limit_ticks=limit),
    )


def _reserve(
    d: Decision, market: Market, order: Order, event: OrderAmended, /, *, keeps: bool
) -> int:
    """Rehearse the amendment to learn what the side reserves then; refuse what cash lacks."""
    account_id = order.terms.account_id
    position = market.positions.get(account_id, NO_POSITION)
    recorded = position.buy_reserve_micro if order.is_buy else position.sell_reserve_micro
    mark = d.mark()
    d.emit(event)
    exact = reserve_ceil_micro(market, account_id, order.is_buy, position)
    d.take_back(mark)
    free = max(0, d.state.account(account_id).free_micro)
    if keeps or order.terms.reduce_only:
        return min(exact, recorded + free)
    if exact - recorded > free:
        raise Refusal(
            Reason.INSUFFICIENT_COLLATERAL, needed_micro=exact - recorded, free_micro=free
        )
    return exact
