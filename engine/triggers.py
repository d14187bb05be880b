"""Triggers: stop and take-profit orders, and those of positions, fired by the mark.

What is not here: placing them (`engine.entry`, `engine.settings`).
"""

from engine.commands import Protection, SubmitOrder
from engine.decision import Decision, effective_state
from engine.entry import fired
from engine.events import PositionTriggerFired, TriggerFired
from engine.identity import fresh_order_id
from engine.state import Market, Pair, fires_when_rising
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
        if d.state.journal is None:
            waiting.drop_stale(waits)  # pragma: no cover


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
    terms = market.triggers[order_id]
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


def _fire_pair(d: Decision, market: Market, account_id: str, mark: int, /) -> None:
    """Fire the leg of a pair that the mark has crossed: a reduce-only order for it all."""
    leg = _crossed_leg(market, account_id, mark)
    if leg is None:
        return
    size = market.positions[account_id].size_lots
    order_id = fresh_order_id(d.state, f"{account_id}:{market.spec.market_id}", d.at_ms)
    d.emit(
        PositionTriggerFired(
            at_ms=d.at_ms,
            account_id=account_id,
            market_id=market.spec.market_id,
            order_id=order_id,
            mark_half_ticks=mark,
        )
    )
    terms = SubmitOrder(
        at_ms=d.at_ms,
        order_id=order_id,
        account_id=account_id,
        market_id=market.spec.market_id,
        side=Side.SELL if size > 0 else Side.BUY,
        order_type=OrderType.MARKET if leg.limit_ticks is None else OrderType.LIMIT,
        quantity_lots=abs(size),
        limit_ticks=leg.limit_ticks,
        time_in_force=TimeInForce.IOC if leg.limit_ticks is None else TimeInForce.GTC,
        reduce_only=True,
    )
    fired(d, market, terms)


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
