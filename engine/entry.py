"""Entry: an order arrives, is checked, matches, and rests or ends.

All refusals come first, in the order of the steps of `submit`; after acceptance nothing is
refused any more. What is not here: the checks of an order's shape (`engine.shape`).
"""

import msgspec

from engine.acceptance import check_reservation, check_risk, check_state
from engine.candidates import candidates
from engine.carrying import check_carries
from engine.commands import ClosePosition, SubmitOrder
from engine.decision import Decision, Refusal, is_matching
from engine.ending import cancel, carry, conclude_canceled, must_reduce, reducible_lots
from engine.events import (
    AttemptCounted,
    OrderAccepted,
    OrderRejected,
    OrderRepeated,
    OrderRested,
    TriggerPlaced,
)
from engine.identity import body_digest
from engine.matching import match, taken_lots
from engine.orders import Order, open_order
from engine.reasons import Reason
from engine.shape import check_shape
from engine.state import Market
from engine.vocabulary import OrderType, SelfTrade, Side, TimeInForce

IMMEDIATE = (TimeInForce.IOC, TimeInForce.FOK)


def submit(d: Decision, terms: SubmitOrder, /) -> None:
    """Answer an order: repeated, rejected, waiting as a trigger, or accepted and matched."""
    enter(d, terms, body_digest(terms))


def enter(d: Decision, terms: SubmitOrder, body: bytes | None, /) -> None:
    """Answer an order whose body is known by this digest."""
    try:
        if is_repeated(d, terms, body):
            return
        market = check_shape(d.state, terms)
        if terms.trigger is None:
            accept(d, market, terms, body=body)
        else:
            d.conclude(TriggerPlaced(at_ms=d.at_ms, terms=terms, body=body))
    except Refusal as refused:
        if refused.reason is Reason.INSUFFICIENT_COLLATERAL and may_wait(terms):
            d.conclude(TriggerPlaced(at_ms=d.at_ms, terms=terms, body=body))
        else:
            d.conclude(rejected(d, terms, refused))


def may_wait(terms: SubmitOrder, /) -> bool:
    """Tell whether an order that funds do not carry waits for a deposit."""
    return (
        terms.deposit_wait_ms > 0
        and terms.trigger is None
        and not terms.reduce_only
        and terms.time_in_force not in IMMEDIATE
    )


def is_repeated(d: Decision, terms: SubmitOrder, body: bytes | None, /) -> bool:
    """Tell whether the order came before, and say so; refuse a client id with another body."""
    first = d.state.seen.get(terms.order_id)
    if terms.client_order_id is not None:
        seen = d.state.client_ids.get((terms.account_id, terms.client_order_id))
        if seen is not None:
            if seen.body != body:
                raise Refusal(Reason.DUPLICATE_CLIENT_ORDER_ID)
            first = seen
    if first is None:
        return False
    d.conclude(
        OrderRepeated(
            at_ms=d.at_ms,
            order_id=terms.order_id,
            account_id=terms.account_id,
            first_order_id=first.subject_id,
        )
    )
    return True


def rejected(d: Decision, terms: SubmitOrder, refused: Refusal, /) -> OrderRejected:
    """Say no to an order; a client id that came with it stays unused."""
    return OrderRejected(at_ms=d.at_ms, terms=terms, reason=refused.reason, numbers=refused.numbers)


def accept(
    d: Decision,
    market: Market,
    terms: SubmitOrder,
    /,
    *,
    body: bytes | None = None,
    concludes: bool = True,
    probes: bool = True,
) -> None:
    """Check, open and match an order; what follows acceptance must succeed.

    `probes` tells that the limit of unfilled attempts holds for it.
    """
    check_state(d, market, terms, probes=probes)
    order = _clamped(market, terms, d.state.next_sequence)
    check_risk(d, market, order)
    event = OrderAccepted(
        at_ms=d.at_ms,
        terms=terms,
        sequence=order.sequence,
        quantity_lots=order.quantity_lots,
        canceled_lots=order.canceled_lots,
        reserve_micro=check_reservation(d, market, order),
        body=body,
    )
    check_carries(d, market, order, event)
    if concludes and meets_nobody(d, market, order):
        d.conclude(event)
        d.conclude(_rested(d, market, order))
        return
    d.emit(event)
    if terms.reduce_only and d.state.account(terms.account_id).free_micro <= 0:
        carry(d, market, terms.account_id)
    match_or_rest(d, market, order.sequence, concludes=concludes)


def meets_nobody(d: Decision, market: Market, order: Order, /) -> bool:
    """Tell whether a new order simply rests: nothing to plan, so nothing to rehearse."""
    terms = order.terms
    if terms.reduce_only or wants_at_once(terms):
        return False
    if terms.post_only or not is_matching(market, d.at_ms):
        return True
    return next(candidates(market, order), None) is None


def _clamped(market: Market, terms: SubmitOrder, sequence: int, /) -> Order:
    """Open the record of an order, clamped to the position if it may only reduce."""
    quantity = terms.quantity_lots
    order = open_order(terms=terms, sequence=sequence, quantity_lots=quantity, canceled_lots=0)
    if not must_reduce(market, order):
        return order
    room = reducible_lots(market, terms.account_id, is_buy=order.is_buy)
    wanted = quantity if terms.all_or_none else max(1, terms.min_quantity_lots)
    if room < min(wanted, quantity):
        raise Refusal(Reason.REDUCE_ONLY_REJECTED, position_lots=room, quantity_lots=quantity)
    excess = max(0, quantity - room)
    return open_order(terms=terms, sequence=sequence, quantity_lots=quantity, canceled_lots=excess)


def match_or_rest(d: Decision, market: Market, sequence: int, /, *, concludes: bool = True) -> None:
    """Let an open order take what it may, then rest or end.

    `concludes` tells that the command has nothing more to decide afterwards.
    """
    order = market.orders[sequence]
    terms = order.terms
    matching = is_matching(market, d.at_ms)
    stop: Reason | None = None
    if matching and not terms.post_only:
        since = len(d.events)
        stop = match(d, market, sequence)
        if wants_at_once(terms) and not taken_lots(d, since, sequence):
            d.emit(
                AttemptCounted(
                    at_ms=d.at_ms, account_id=terms.account_id, market_id=terms.market_id
                )
            )
    left = market.orders.get(sequence)
    if left is None:
        return
    whole = terms.all_or_none or terms.time_in_force is TimeInForce.FOK
    if terms.time_in_force in IMMEDIATE:
        reason = Reason.WOULD_NOT_FILL if whole else stop or Reason.UNFILLED_REMAINDER
        (conclude_canceled if concludes else cancel)(d, market, left, reason)
    elif stop is not None and stop is not Reason.WOULD_NOT_FILL:
        (conclude_canceled if concludes else cancel)(d, market, left, stop)
    else:
        (d.conclude if concludes else d.emit)(_rested(d, market, left))


def _rested(d: Decision, market: Market, order: Order, /) -> OrderRested:
    """Let an order rest; restless, if it could not meet who rests there."""
    restless = not order.terms.post_only and not is_matching(market, d.at_ms)
    return OrderRested(
        at_ms=d.at_ms,
        market_id=order.terms.market_id,
        sequence=order.sequence,
        restless=restless,
    )


def wants_at_once(terms: SubmitOrder, /) -> bool:
    """Tell whether an order that finds nothing counts as an unfilled attempt."""
    return terms.all_or_none or terms.time_in_force in IMMEDIATE


def close_position(d: Decision, command: ClosePosition, /) -> None:
    """Close a position by a reduce-only order: at the market, or resting at a limit."""
    market = d.state.markets.get(command.market_id)
    size = 0
    if market is not None and command.account_id in market.positions:
        size = market.positions[command.account_id].size_lots
    is_limit = command.limit_ticks is not None
    quantity = abs(size) if command.quantity_lots is None else command.quantity_lots
    terms = SubmitOrder(
        at_ms=command.at_ms,
        order_id=command.order_id,
        account_id=command.account_id,
        market_id=command.market_id,
        side=Side.SELL if size > 0 else Side.BUY,
        order_type=OrderType.LIMIT if is_limit else OrderType.MARKET,
        quantity_lots=quantity,
        limit_ticks=command.limit_ticks,
        time_in_force=TimeInForce.GTC if is_limit else TimeInForce.IOC,
        reduce_only=True,
        client_order_id=command.client_order_id,
        fee_discount_percent=command.fee_discount_percent,
        probe_limit=command.probe_limit,
    )
    body = body_digest(command)
    if size or market is None:
        enter(d, terms, body)
        return
    try:
        if not is_repeated(d, terms, body):
            d.conclude(rejected(d, terms, Refusal(Reason.REDUCE_ONLY_REJECTED, position_lots=0)))
    except Refusal as refused:
        d.conclude(rejected(d, terms, refused))


def fired(d: Decision, market: Market, terms: SubmitOrder, /) -> None:
    """Let a fired trigger become an order now, with sequence and checks of this moment.

    One that only reduces protects a position. So the account's own resting orders give way
    to it, and neither its leverage setting nor its earlier attempts refuse it.
    """
    plain = msgspec.structs.replace(
        terms, at_ms=d.at_ms, trigger=None, trigger_ticks=None, deposit_wait_ms=0
    )
    if plain.reduce_only:
        mode = plain.self_trade
        if mode is SelfTrade.EXPIRE_TAKER:
            mode = SelfTrade.EXPIRE_MAKER
        plain = msgspec.structs.replace(plain, leverage=None, self_trade=mode)
    try:
        accept(d, market, plain, concludes=False, probes=not plain.reduce_only)
    except Refusal as refused:
        d.emit(rejected(d, plain, refused))
