"""How orders end or shrink: canceled, clamped to a position, no longer carried by cash.

What is not here: what commands cancel (`engine.cancellation`).
"""

from collections.abc import Iterator

from engine.decision import Decision, effective_state
from engine.events import OrderCanceled, OrderReduced, ReservationCut
from engine.orders import Order, least_lots
from engine.reasons import Reason
from engine.reservation import reserve_ceil_micro, reserves_ceil_micro, youngest_reserving
from engine.state import NO_POSITION, Market
from engine.vocabulary import MarketState


def reserve_after(d: Decision, market: Market, order: Order, by_lots: int, /) -> int:
    """Return what the order's side reserves after a change of its leaves, within the cash."""
    account_id = order.terms.account_id
    position = market.positions.get(account_id, NO_POSITION)
    exact = reserve_ceil_micro(market, account_id, order.is_buy, position, (order, by_lots))
    recorded = position.buy_reserve_micro if order.is_buy else position.sell_reserve_micro
    if exact <= recorded:
        return exact
    return min(exact, recorded + max(0, d.state.account(account_id).free_micro))


def cancel(d: Decision, market: Market, order: Order, reason: Reason, /) -> None:
    """End an open order, and others that the balance no longer carries at today's mark."""
    d.emit(canceled(d, market, order, reason))
    account_id = order.terms.account_id
    if d.state.account(account_id).free_micro <= 0:
        carry(d, market, account_id)


def conclude_canceled(d: Decision, market: Market, order: Order, reason: Reason, /) -> None:
    """End an open order as the last thing of a command, if cash carries the others."""
    event = canceled(d, market, order, reason)
    position = market.positions.get(order.terms.account_id, NO_POSITION)
    before = position.buy_reserve_micro if order.is_buy else position.sell_reserve_micro
    if d.state.account(order.terms.account_id).free_micro + before > event.reserve_micro:
        d.conclude(event)
    else:
        cancel(d, market, order, reason)


def canceled(d: Decision, market: Market, order: Order, reason: Reason, /) -> OrderCanceled:
    """Return the event that ends an open order."""
    return OrderCanceled(
        at_ms=d.at_ms,
        market_id=market.spec.market_id,
        order_id=order.terms.order_id,
        account_id=order.terms.account_id,
        sequence=order.sequence,
        canceled_lots=order.leaves_lots,
        reason=reason,
        reserve_micro=reserve_after(d, market, order, -order.leaves_lots),
    )


def still_open(market: Market, sequences: list[int], /) -> Iterator[Order]:
    """Yield the orders that are open when their turn comes: a cancel may lead to others."""
    for sequence in sequences:
        order = market.orders.get(sequence)
        if order is not None:
            yield order


def reduce_order(
    d: Decision, market: Market, order: Order, by_lots: int, reason: Reason, /
) -> Order | None:
    """Cancel some lots of an order, or all that it has."""
    if by_lots >= order.leaves_lots:
        cancel(d, market, order, reason)
        return None
    d.emit(
        OrderReduced(
            at_ms=d.at_ms,
            market_id=market.spec.market_id,
            order_id=order.terms.order_id,
            sequence=order.sequence,
            canceled_lots=by_lots,
            reason=reason,
            reserve_micro=reserve_after(d, market, order, -by_lots),
        )
    )
    return market.orders[order.sequence]


def must_reduce(market: Market, order: Order, /) -> bool:
    """Tell whether an order may only reduce: by its own terms or by the market's state."""
    return order.terms.reduce_only or effective_state(market) is MarketState.REDUCE_ONLY


def reducible_lots(market: Market, account_id: str, /, *, is_buy: bool) -> int:
    """Return how many lots of the account's position this direction could close."""
    size = market.positions.get(account_id, NO_POSITION).size_lots
    return max(0, -size if is_buy else size)


def tradable_lots(market: Market, order: Order, /) -> int:
    """Return how many lots an order could trade now: its leaves, or what it may reduce of them.

    What stands beyond the position ends when the position has changed (`end_reducing`), not
    when somebody meets it: nobody's order tells of another's (I23).
    """
    if not must_reduce(market, order):
        return order.leaves_lots
    room = reducible_lots(market, order.terms.account_id, is_buy=order.is_buy)
    return min(order.leaves_lots, room)


def end_reducing(d: Decision, market: Market, account_id: str, /, *, is_buy: bool) -> None:
    """End the orders that could only reduce, and not so little, after a position has changed."""
    side = market.open_sides.get((account_id, is_buy))
    if side is None:
        return
    room = reducible_lots(market, account_id, is_buy=is_buy)
    if room == 0 and effective_state(market) is MarketState.REDUCE_ONLY:
        ended = list(side.sequences)
    else:
        ended = side.reducing_at_least(room + 1)
    for order in still_open(market, ended):
        cancel(d, market, order, Reason.REDUCE_ONLY)


def clamp(d: Decision, market: Market, order: Order, /) -> Order | None:
    """Clamp a reducing order to the position; below its minimum it ends."""
    room = reducible_lots(market, order.terms.account_id, is_buy=order.is_buy)
    if room >= order.leaves_lots:
        return order
    if room < least_lots(order):
        cancel(d, market, order, Reason.REDUCE_ONLY)
        return None
    return reduce_order(d, market, order, order.leaves_lots - room, Reason.REDUCE_ONLY)


def carry(d: Decision, market: Market, account_id: str, /) -> None:
    """Cancel the account's youngest orders here until its cash carries the others."""
    while True:
        position = market.positions.get(account_id, NO_POSITION)
        buys, sells = reserves_ceil_micro(market, account_id, position)
        room = position.reserve_micro + d.state.account(account_id).free_micro
        if buys + sells <= max(0, room):
            break
        youngest = youngest_reserving(market, account_id)
        assert youngest is not None, "something reserves"
        d.emit(canceled(d, market, youngest, Reason.INSUFFICIENT_COLLATERAL))
    if (buys, sells) != (position.buy_reserve_micro, position.sell_reserve_micro):
        d.emit(
            ReservationCut(
                at_ms=d.at_ms,
                account_id=account_id,
                market_id=market.spec.market_id,
                buy_reserve_micro=buys,
                sell_reserve_micro=sells,
            )
        )
