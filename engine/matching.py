"""Matching: an order takes what rests against it, in priority order, all rules applied.

Plan, then do: executions are made true one by one in the rehearsal, and taken back as a
whole when the order wanted all or nothing and did not get it. What is not here: finding
makers at other prices (`engine.candidates`), money (`engine.legs`), and what becomes of the
remainder (`engine.entry`, `engine.uncrossing`).
"""

from engine.candidates import candidates
from engine.commands import SubmitOrder
from engine.decision import Decision, Refusal
from engine.ending import cancel, carry, end_reducing, reduce_order, still_open, tradable_lots
from engine.events import Filled, Leg, PositionTriggersSet
from engine.fees import maker_rebate_floor_micro, taker_fee_ceil_micro
from engine.legs import plan_leg
from engine.limits import broken_limit
from engine.orders import Order, is_past
from engine.reasons import Reason
from engine.state import Market
from engine.vocabulary import (
    MinQuantityMode,
    SelfTrade,
    TimeInForce,
    TradeKind,
)


def match(
    d: Decision, market: Market, sequence: int, /, *, only_restless: bool = False
) -> Reason | None:
    """Let an open order take from older ones; return why its remainder must end, if so.

    WOULD_NOT_FILL means that the order wanted all, or a first minimum, and that nothing
    happened at all. With `only_restless` it meets nobody but restless orders.
    """
    order = market.orders[sequence]
    terms = order.terms
    if is_past(order, at_ms=d.at_ms):
        return None
    least = 1
    if terms.all_or_none or terms.time_in_force is TimeInForce.FOK:
        least = order.leaves_lots
    elif terms.min_quantity_mode is MinQuantityMode.FIRST:
        least = min(terms.min_quantity_lots, order.leaves_lots)
    if least <= 1:
        return _take(d, market, sequence, only_restless=only_restless)
    if not _rests_so_much(market, sequence, least, only_restless=only_restless):
        return Reason.WOULD_NOT_FILL
    mark = d.mark()
    stop = _take(d, market, sequence, only_restless=only_restless)
    if taken_lots(d, mark[1], sequence) >= least:
        return stop
    d.take_back(mark)
    return Reason.WOULD_NOT_FILL


def _rests_so_much(market: Market, sequence: int, least: int, /, *, only_restless: bool) -> bool:
    """Tell whether all whom an order meets rest for so much together.

    Less cannot become enough. It is not rehearsed and taken back then, or the time of the answer
    would tell how many rest there (I21).
    """
    found = 0
    for maker_sequence, _ in candidates(market, market.orders[sequence]):
        if only_restless and maker_sequence not in market.restless:
            continue
        found += market.orders[maker_sequence].leaves_lots
        if found >= least:
            return True
    return False


def taken_lots(d: Decision, since_event: int, sequence: int, /) -> int:
    """Sum what an order took since an event of this decision."""
    return sum(
        event.quantity_lots
        for event in d.events[since_event:]
        if type(event) is Filled and event.taker.sequence == sequence
    )


def has_traded(d: Decision, since_event: int, order_id: str, /) -> bool:
    """Tell whether an order took anything since an event of this decision."""
    return any(
        type(event) is Filled and event.taker.order_id == order_id
        for event in d.events[since_event:]
    )


def _take(d: Decision, market: Market, sequence: int, /, *, only_restless: bool) -> Reason | None:
    for maker_sequence, price in candidates(market, market.orders[sequence]):
        if only_restless and maker_sequence not in market.restless:
            continue
        if is_past(market.orders[maker_sequence], at_ms=d.at_ms):
            continue
        stop = _meet(d, market, sequence, maker_sequence, price)
        if stop is not None:
            return stop
        if sequence not in market.orders:
            return None
    return None


def _meet(
    d: Decision, market: Market, sequence: int, maker_sequence: int, price: int, /
) -> Reason | None:
    """Try one maker; return why the taker must stop, None to go on to the next."""
    taker = market.orders[sequence]
    maker = market.orders[maker_sequence]
    quantity = min(tradable_lots(market, taker), tradable_lots(market, maker))
    if quantity == 0 or not (accepts(maker, quantity) and _taker_accepts(taker, quantity)):
        return None
    if maker.terms.account_id == taker.terms.account_id:
        return _prevent_self_trade(d, market, taker, maker)
    try:
        event = plan_trade(d, market, taker, maker, quantity, price)
    except MakerRefusal as refused:
        if refused.reason not in EXCLUDING:
            cancel(d, market, maker, refused.reason)
        return None
    except Refusal as refused:
        return None if refused.reason in EXCLUDING else refused.reason
    d.emit(event)
    return after_trade(d, market, event, maker, taker)


EXCLUDING = (
    Reason.FILL_WORSENS_POSITION,
    Reason.OPEN_INTEREST_EXCEEDED,
    Reason.STRESS_LIMIT_EXCEEDED,
)
"""Why two orders may not trade with each other now: each is passed over and stays (I23)."""


class MakerRefusal(Refusal):
    """The maker's side of a trade is not possible."""


def accepts(order: Order, quantity_lots: int, /) -> bool:
    """Tell whether a maker's constraints allow an execution of this size."""
    terms = order.terms
    if terms.all_or_none:
        return quantity_lots == order.leaves_lots
    least = terms.min_quantity_lots
    if least == 0:
        return True
    if terms.min_quantity_mode is MinQuantityMode.FIRST:
        least = min(least, order.leaves_lots)
    return quantity_lots >= least


def _taker_accepts(order: Order, quantity_lots: int, /) -> bool:
    terms = order.terms
    return (
        terms.min_quantity_mode is MinQuantityMode.FIRST or quantity_lots >= terms.min_quantity_lots
    )


def plan_trade(
    d: Decision, market: Market, taker: Order, maker: Order, quantity: int, price: int, /
) -> Filled:
    """Plan a trade of two orders: the taker's leg first, its fee bounds the rebate."""
    spec = market.spec
    state = d.state
    accounts = (taker.terms.account_id, maker.terms.account_id)
    broken = broken_limit(market, accounts, quantity if taker.is_buy else -quantity)
    if broken is not None:
        raise Refusal(broken)
    notional = quantity * price * market.unit_micro
    fee = taker_fee_ceil_micro(taker, notional, spec.taker_fee_ppb)
    taker_leg = plan_leg(state, market, taker, quantity, price, fee)
    rebate = maker_rebate_floor_micro(maker, notional, spec.maker_rebate_ppb)
    rebate = min(rebate, taker_leg.fee_micro)
    try:
        maker_leg = plan_leg(state, market, maker, quantity, price, -rebate)
    except Refusal as refused:
        raise MakerRefusal(refused.reason, **refused.numbers) from None
    return Filled(
        at_ms=d.at_ms,
        market_id=spec.market_id,
        trade_number=state.next_trade,
        kind=TradeKind.TRADE,
        price_half_ticks=price,
        quantity_lots=quantity,
        notional_micro=notional,
        taker=taker_leg,
        maker=maker_leg,
        fees_micro=taker_leg.fee_micro + maker_leg.fee_micro,
    )


def after_trade(
    d: Decision, market: Market, event: Filled, maker: Order, taker: Order, /
) -> Reason | None:
    """Do what a trade leads to for both sides; return why the taker must stop."""
    settle_leg(d, market, event.maker, maker.terms)
    settle_leg(d, market, event.taker, taker.terms)
    left = market.orders.get(maker.sequence)
    if left is not None and fell_below(left):
        cancel(d, market, left, Reason.BELOW_MINIMUM)
    left = market.orders.get(taker.sequence)
    return Reason.BELOW_MINIMUM if left is not None and fell_below(left) else None


def settle_leg(d: Decision, market: Market, leg: Leg, terms: SubmitOrder | None, /) -> None:
    """Follow a leg up: what the balance no longer carries, what a closed position ends."""
    account_id = leg.account_id
    if d.state.account(account_id).free_micro <= 0:
        carry(d, market, account_id)
    size = market.positions[account_id].size_lots
    before = size - leg.lots
    if size == 0 or size * before < 0:
        _clear_pair(d, market, account_id)
    if before * leg.lots < 0:
        end_reducing(d, market, account_id, is_buy=leg.lots > 0)
    if terms is not None and (terms.take_profit is not None or terms.stop_loss is not None):
        _attach_pair(d, market, leg, terms)


def _attach_pair(d: Decision, market: Market, leg: Leg, terms: SubmitOrder, /) -> None:
    """Give the position the triggers of the order that has just opened some of it."""
    size = market.positions[leg.account_id].size_lots
    if size * leg.lots > 0 and leg.opened_micro:
        d.emit(
            PositionTriggersSet(
                at_ms=d.at_ms,
                account_id=leg.account_id,
                market_id=market.spec.market_id,
                take_profit=terms.take_profit,
                stop_loss=terms.stop_loss,
            )
        )


def _prevent_self_trade(
    d: Decision, market: Market, taker: Order, maker: Order, /
) -> Reason | None:
    """Let the newer order's mode rule; return why the taker must stop."""
    newer, older = (taker, maker) if taker.sequence > maker.sequence else (maker, taker)
    mode = newer.terms.self_trade
    if mode is SelfTrade.DECREMENT and any(map(_wants_all, (newer, older))):
        mode = SelfTrade.EXPIRE_TAKER
    if mode is SelfTrade.EXPIRE_TAKER:
        return Reason.SELF_TRADE
    if mode is SelfTrade.DECREMENT:
        common = min(taker.leaves_lots, maker.leaves_lots)
        for order in still_open(market, [maker.sequence, taker.sequence]):
            reduce_order(d, market, order, common, Reason.SELF_TRADE)
        return None
    cancel(d, market, maker, Reason.SELF_TRADE)
    return Reason.SELF_TRADE if mode is SelfTrade.EXPIRE_BOTH else None


def _wants_all(order: Order, /) -> bool:
    return order.terms.all_or_none or order.terms.time_in_force is TimeInForce.FOK


def _clear_pair(d: Decision, market: Market, account_id: str, /) -> None:
    """Clear the triggers of a position that is closed or has turned around."""
    if account_id in market.pairs:
        d.emit(
            PositionTriggersSet(
                at_ms=d.at_ms,
                account_id=account_id,
                market_id=market.spec.market_id,
                take_profit=None,
                stop_loss=None,
                reason=Reason.POSITION_CLOSED,
            )
        )


def fell_below(order: Order, /) -> bool:
    """Tell whether an order's leaves are below the minimum of each execution."""
    terms = order.terms
    return (
        order.leaves_lots < terms.min_quantity_lots
        and terms.min_quantity_mode is MinQuantityMode.EACH
    )
