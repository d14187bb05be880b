"""What the events of orders, triggers and trades do to the state.

What is not here: markets, funding, liquidation and transfers (`engine.evolve_money`).
"""

import msgspec

from engine import events as ev
from engine.evolve_money import replace_leg
from engine.orders import Order, book_key, open_order
from engine.state import (
    NO_POSITION,
    Account,
    Market,
    Pair,
    Position,
    Seen,
    State,
    place_pair,
    place_trigger,
    put,
    put_timer,
    replace_order,
    replace_position,
    set_field,
    with_triggers,
)
from engine.units import MINUTE_MS

replace = msgspec.structs.replace


def find_order(state: State, market_id: str, sequence: int, /) -> tuple[Market, Order]:
    """Return an open order's market and record; that it is open is an invariant."""
    market = state.markets[market_id]
    return market, market.orders[sequence]


def set_account(state: State, account_id: str, account: Account, /) -> None:
    """Exchange an account's record."""
    put(state, state.accounts, account_id, account)


def set_side_reserve(
    state: State,
    market: Market,
    account_id: str,
    is_buy: bool,  # noqa: FBT001 -- hot and internal
    reserve_micro: int,
    /,
) -> None:
    """Make one side's orders reserve this much from now on."""
    old = market.positions.get(account_id)
    position = old or NO_POSITION
    if is_buy:
        by = reserve_micro - position.buy_reserve_micro
        new = replace(position, buy_reserve_micro=reserve_micro) if by else position
    else:
        by = reserve_micro - position.sell_reserve_micro
        new = replace(position, sell_reserve_micro=reserve_micro) if by else position
    if by:
        replace_position(state, market, account_id, old, new)
        account = state.account(account_id)
        set_account(state, account_id, replace(account, reserved_micro=account.reserved_micro + by))


def remember(
    state: State, event: ev.OrderAccepted | ev.TriggerPlaced | ev.OrderRejected, /
) -> None:
    """Remember the ids of an order's first outcome."""
    if isinstance(event, ev.OrderRejected):
        put(state, state.seen, event.order_id, Seen(event.at_ms, event.order_id))
        return
    terms = event.terms
    if terms.order_id in state.seen:
        return  # a fired trigger: its first outcome is that it waits
    seen = Seen(event.at_ms, terms.order_id, event.body)
    put(state, state.seen, terms.order_id, seen)
    if terms.client_order_id is not None:
        put(state, state.client_ids, (terms.account_id, terms.client_order_id), seen)


def order_accepted(state: State, event: ev.OrderAccepted, /) -> None:
    """Open the order, not yet in the book."""
    terms = event.terms
    market = state.markets[terms.market_id]
    order = open_order(
        terms=terms,
        sequence=event.sequence,
        quantity_lots=event.quantity_lots,
        canceled_lots=event.canceled_lots,
    )
    replace_order(state, market, None, None, order)
    set_field(state, state, "next_sequence", event.sequence + 1)
    set_side_reserve(state, market, terms.account_id, order.is_buy, event.reserve_micro)
    remember(state, event)


def order_rested(state: State, event: ev.OrderRested, /) -> None:
    """Put the order into the book."""
    market, order = find_order(state, event.market_id, event.sequence)
    replace_order(state, market, None, order, replace(order, is_resting=True))
    if event.restless:
        put(state, market.restless, event.sequence, True)


def order_reduced(state: State, event: ev.OrderReduced, /) -> None:
    """Take the canceled lots off the leaves."""
    market, order = find_order(state, event.market_id, event.sequence)
    leaves = order.leaves_lots - event.canceled_lots
    replace_order(state, market, None, order, replace(order, leaves_lots=leaves))
    set_side_reserve(state, market, order.terms.account_id, order.is_buy, event.reserve_micro)


def order_amended(state: State, event: ev.OrderAmended, /) -> None:
    """Exchange total and limit; a new sequence is out of the book until it rests again."""
    market, order = find_order(state, event.market_id, event.old_sequence)
    moved = event.sequence != event.old_sequence
    amended = replace(
        order,
        sequence=event.sequence,
        quantity_lots=event.quantity_lots,
        leaves_lots=event.quantity_lots - order.filled_lots - order.canceled_lots,
        limit_ticks=event.limit_ticks,
        key_half_ticks=book_key(is_buy=order.is_buy, limit_ticks=event.limit_ticks),
        is_resting=order.is_resting and not moved,
    )
    if moved:
        replace_order(state, market, None, order, None)
        replace_order(state, market, None, None, amended)
        set_field(state, state, "next_sequence", event.sequence + 1)
    else:
        replace_order(state, market, None, order, amended)
        put(state, market.restless, event.sequence, True)
    set_side_reserve(state, market, order.terms.account_id, order.is_buy, event.reserve_micro)


def order_canceled(state: State, event: ev.OrderCanceled, /) -> None:
    """Close the order."""
    market, order = find_order(state, event.market_id, event.sequence)
    replace_order(state, market, None, order, None)
    set_side_reserve(state, market, event.account_id, order.is_buy, event.reserve_micro)


def reservation_cut(state: State, event: ev.ReservationCut, /) -> None:
    """Set what both sides reserve."""
    market = state.markets[event.market_id]
    set_side_reserve(state, market, event.account_id, True, event.buy_reserve_micro)
    set_side_reserve(state, market, event.account_id, False, event.sell_reserve_micro)


def attempt_counted(state: State, event: ev.AttemptCounted, /) -> None:
    """Remember the attempt for a minute."""
    market = state.markets[event.market_id]
    since = event.at_ms - MINUTE_MS
    kept = tuple(at for at in market.attempts.get(event.account_id, ()) if at > since)
    put(state, market.attempts, event.account_id, (*kept, event.at_ms))


def filled(state: State, event: ev.Filled, /) -> None:
    """Move lots and money of both legs, and the fees."""
    market = state.markets[event.market_id]
    taker, maker = event.taker, event.maker
    _fill_order(state, market, taker, event, is_taker=True)
    _fill_order(state, market, maker, event, is_taker=False)
    replace_leg(state, market, taker)
    replace_leg(state, market, maker)
    if event.fees_micro:
        set_field(state, state, "fees_micro", state.fees_micro + event.fees_micro)
    if event.insurance_micro:
        set_field(state, market, "fund_micro", market.fund_micro + event.insurance_micro)
    set_field(state, state, "next_trade", event.trade_number + 1)


def _fill_order(
    state: State, market: Market, leg: ev.Leg, event: ev.Filled, /, *, is_taker: bool
) -> None:
    """Count the lots on a leg's order; one without leaves is filled and gone."""
    if leg.order_id is None:
        return
    order = market.orders[leg.sequence]
    quantity = event.quantity_lots
    leaves = order.leaves_lots - quantity
    if leaves == 0:
        replace_order(state, market, None, order, None)
        return
    notional = event.notional_micro
    changed = Order(
        order.terms,
        order.sequence,
        order.is_buy,
        order.peg_points,
        order.key_half_ticks,
        order.limit_ticks,
        order.quantity_lots,
        leaves,
        order.filled_lots + quantity,
        order.taker_notional_micro + notional if is_taker else order.taker_notional_micro,
        order.maker_notional_micro if is_taker else order.maker_notional_micro + notional,
        order.opened_micro + leg.opened_micro,
        order.is_resting,
    )
    replace_order(state, market, None, order, changed)


def uncrossed(state: State, event: ev.Uncrossed, /) -> None:
    """Let all restless orders rest."""
    restless = state.markets[event.market_id].restless
    for sequence in sorted(restless):
        put(state, restless, sequence, None)


def switch_armed(state: State, event: ev.CancelAllAfterArmed, /) -> None:
    """Set or clear the account's deadline."""
    account = state.account(event.account_id)
    set_account(state, event.account_id, replace(account, switch_at_ms=event.deadline_ms))
    if event.deadline_ms is not None:
        put_timer(state, event.deadline_ms, "@switch " + event.account_id)


def switch_fired(state: State, event: ev.CancelAllAfterFired, /) -> None:
    """Clear the account's deadline; the cancels are events of their own."""
    account = state.account(event.account_id)
    set_account(state, event.account_id, replace(account, switch_at_ms=None))


def trigger_placed(state: State, event: ev.TriggerPlaced, /) -> None:
    """Let a trigger order wait."""
    terms = event.terms
    market = state.markets[terms.market_id]
    place_trigger(state, market, terms.order_id, None, terms)
    remember(state, event)


def trigger_ended(state: State, event: ev.TriggerCanceled | ev.TriggerFired, /) -> None:
    """Let a trigger order wait no longer."""
    market = state.markets[event.market_id]
    place_trigger(state, market, event.order_id, market.triggers[event.order_id], None)


def pair_set(state: State, event: ev.PositionTriggersSet, /) -> None:
    """Exchange a position's triggers."""
    market = state.markets[event.market_id]
    pair = Pair(event.take_profit, event.stop_loss)
    new = None if pair == Pair(None, None) else pair
    place_pair(state, market, event.account_id, market.pairs.get(event.account_id), new)


def pair_fired(state: State, event: ev.PositionTriggerFired, /) -> None:
    """Clear a position's triggers: one cancels the other."""
    market = state.markets[event.market_id]
    place_pair(state, market, event.account_id, market.pairs[event.account_id], None)


def leverage_changed(state: State, event: ev.LeverageChanged, /) -> None:
    """Set the leverage and what the orders reserve at it."""
    market = state.markets[event.market_id]
    old = market.positions.get(event.account_id)
    new: Position = replace(old or NO_POSITION, leverage=event.leverage)
    replace_position(state, market, event.account_id, old, new)
    set_side_reserve(state, market, event.account_id, True, event.buy_reserve_micro)
    set_side_reserve(state, market, event.account_id, False, event.sell_reserve_micro)


def margin_moved(state: State, event: ev.MarginMoved, /) -> None:
    """Move cash into collateral, or back."""
    market = state.markets[event.market_id]
    old = market.positions[event.account_id]
    collateral = old.collateral_micro + event.amount_micro
    new = with_triggers(replace(old, collateral_micro=collateral), market.unit_micro)
    replace_position(state, market, event.account_id, old, new)
    account = state.account(event.account_id)
    cash = account.cash_micro - event.amount_micro
    set_account(state, event.account_id, replace(account, cash_micro=cash))
    put(state, state.seen, event.transfer_id, Seen(event.at_ms, event.transfer_id))


def nothing(state: State, event: ev.Event, /) -> None:
    """Change nothing: the event only tells."""


ORDER_TABLE = {
    ev.CommandRejected: nothing,
    ev.OrderRejected: remember,
    ev.OrderRepeated: nothing,
    ev.OrderAccepted: order_accepted,
    ev.OrderRested: order_rested,
    ev.OrderReduced: order_reduced,
    ev.OrderAmended: order_amended,
    ev.OrderCanceled: order_canceled,
    ev.ReservationCut: reservation_cut,
    ev.AttemptCounted: attempt_counted,
    ev.Filled: filled,
    ev.Uncrossed: uncrossed,
    ev.CancelAllAfterArmed: switch_armed,
    ev.CancelAllAfterFired: switch_fired,
    ev.TriggerPlaced: trigger_placed,
    ev.TriggerCanceled: trigger_ended,
    ev.TriggerFired: trigger_ended,
    ev.PositionTriggersSet: pair_set,
    ev.PositionTriggerFired: pair_fired,
    ev.LeverageChanged: leverage_changed,
    ev.MarginMoved: margin_moved,
}
