"""Triggers: stop and take-profit orders, and those of positions, fired by the mark.

A protection is never used up in vain: what must trade at once waits until the market
matches and somebody trades with it, and a position keeps its pair until it is closed.
What is not here: placing triggers (`engine.entry`, `engine.settings`).
"""

from engine.commands import Protection, SubmitOrder
from engine.decision import Decision, effective_state, is_matching
from engine.entry import IMMEDIATE, fired
from engine.events import PositionTriggerFired, PositionTriggersSet, TriggerFired
from engine.identity import fresh_order_id
from engine.matching import has_traded
from engine.state import NO_POSITION, Market, Pair, fires_when_rising
from engine.vocabulary import MarketState, OrderType, Side, TimeInForce

_FIRING = (MarketState.ACTIVE, MarketState.REDUCE_ONLY)


def fire_triggers(d: Decision, market: Market, /) -> None:
    """Fire what the mark has crossed, the nearest trigger first."""
    mark = market.prices.mark_half_ticks
    if mark is None or effective_state(market) not in _FIRING:
        return
    for rises, threshold in ((False, -mark), (True, mark)):
        waiting = market.waiting[1 if rises else 0]

        def waits(key: int, name: str, *, rises: bool = rises) -> bool:
            return _waits(market, key, name, rises=rises)

        for _, name in waiting.due(threshold, waits):
            if name[0] == "o":
                _fire_order(d, market, name[1:], mark)
            else:
                _fire_pair(d, market, name[1:], mark)
        waiting.drop_stale(waits)


def _waits(market: Market, key: int, name: str, /, *, rises: bool) -> bool:
    """Tell whether an entry of the waiting list is still true."""
    ticks = abs(key) // 2
    if name[0] == "o":
        terms = market.triggers.get(name[1:])
        return (
            terms is not None
            and terms.trigger_ticks == ticks
            and rises is fires_when_rising(is_buy=terms.side is Side.BUY, kind=terms.trigger)
        )
    return _protection(market, name[1:], ticks, rises=rises) is not None


def _protection(
    market: Market, account_id: str, ticks: int, /, *, rises: bool
) -> Protection | None:
    """Return the leg of a position's pair that waits at a price on one side of the mark."""
    pair = market.pairs.get(account_id)
    if pair is None:
        return None
    is_long = market.positions[account_id].size_lots > 0
    chosen = pair.take_profit if rises is is_long else pair.stop_loss
    return chosen if chosen is not None and chosen.trigger_ticks == ticks else None


def _fire_order(d: Decision, market: Market, order_id: str, mark: int, /) -> None:
    """Fire a trigger order; one that must trade at once waits for a reference to trade at."""
    terms = market.triggers[order_id]
    immediate = terms.time_in_force in IMMEDIATE
    if immediate and not is_matching(market, d.at_ms):
        return
    since = d.mark()
    d.emit(
        TriggerFired(
            at_ms=d.at_ms,
            order_id=order_id,
            account_id=terms.account_id,
            market_id=terms.market_id,
            mark_half_ticks=mark,
        )
    )
    fired(d, market, terms)
    if immediate and terms.reduce_only and has_position(market, terms):
        _wait_for_a_trade(d, since, order_id)


def has_position(market: Market, terms: SubmitOrder, /) -> bool:
    """Tell whether there is a position that an order in its direction would reduce."""
    size = market.positions.get(terms.account_id, NO_POSITION).size_lots
    return size < 0 if terms.side is Side.BUY else size > 0


def _wait_for_a_trade(d: Decision, since: tuple[int, int], order_id: str, /) -> bool:
    """Take back a protection's order that traded nothing: it has not fired yet."""
    if has_traded(d, since[1], order_id):
        return False
    d.take_back(since)
    return True


def _fire_pair(d: Decision, market: Market, account_id: str, mark: int, /) -> None:
    """Fire the leg of a pair that the mark has crossed: a reduce-only order for it all.

    One at the market waits for a trade, and protects what it could not close further on.
    """
    leg = _crossed_leg(market, account_id, mark)
    if leg is None or (leg.limit_ticks is None and not is_matching(market, d.at_ms)):
        return
    pair = market.pairs[account_id]
    terms = _closing(d, market, account_id, leg)
    since = d.mark()
    d.emit(
        PositionTriggerFired(
            at_ms=d.at_ms,
            account_id=account_id,
            market_id=market.spec.market_id,
            order_id=terms.order_id,
            mark_half_ticks=mark,
        )
    )
    fired(d, market, terms)
    if leg.limit_ticks is not None or _wait_for_a_trade(d, since, terms.order_id):
        return
    if has_position(market, terms):
        d.emit(
            PositionTriggersSet(
                at_ms=d.at_ms,
                account_id=account_id,
                market_id=market.spec.market_id,
                take_profit=pair.take_profit,
                stop_loss=pair.stop_loss,
            )
        )


def _closing(d: Decision, market: Market, account_id: str, leg: Protection, /) -> SubmitOrder:
    """Make the order that closes a position by a leg of its pair."""
    size = market.positions[account_id].size_lots
    return SubmitOrder(
        at_ms=d.at_ms,
        order_id=fresh_order_id(d.state, f"{account_id}:{market.spec.market_id}", d.at_ms),
        account_id=account_id,
        market_id=market.spec.market_id,
        side=Side.SELL if size > 0 else Side.BUY,
        order_type=OrderType.MARKET if leg.limit_ticks is None else OrderType.LIMIT,
        quantity_lots=abs(size),
        limit_ticks=leg.limit_ticks,
        time_in_force=TimeInForce.IOC if leg.limit_ticks is None else TimeInForce.GTC,
        reduce_only=True,
    )


def _crossed_leg(market: Market, account_id: str, mark: int, /) -> Protection | None:
    """Return the leg that the mark has crossed, the stop first; a fill may have cleared it."""
    pair = market.pairs.get(account_id, Pair(None, None))
    size = market.positions[account_id].size_lots
    legs = ((pair.stop_loss, size < 0), (pair.take_profit, size > 0))
    crossed = (
        leg
        for leg, rising in legs
        if leg is not None
        and (mark >= 2 * leg.trigger_ticks if rising else mark <= 2 * leg.trigger_ticks)
    )
    return next(crossed, None)
