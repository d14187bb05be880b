"""The shape of an order: what can be said about it without looking at anything else.

What is not here: checks against market, position and cash (`engine.acceptance`).
"""

from engine.commands import Protection, ReferenceMove, SubmitOrder
from engine.decision import Refusal
from engine.reasons import Reason
from engine.state import Market, State
from engine.units import LARGEST_MICRO
from engine.vocabulary import OrderType, TimeInForce

MOST_LEVERAGE = 1_000
MOST_PERCENT = 100
RESERVED_LETTER = "@"
"""What the engine's own timers and accounts begin with."""
LARGEST = 1 << 53
"""No quantity or price beyond this is meant seriously; products stay small integers."""


def check_shape(state: State, terms: SubmitOrder, /) -> Market:
    """Return the order's market, or refuse an order that contradicts itself."""
    market = state.markets.get(terms.market_id)
    if market is None:
        raise Refusal(Reason.NOT_FOUND)
    _check_sizes(terms)
    _check_prices(terms)
    if not _is_consistent(terms):
        raise Refusal(Reason.INVALID_ORDER)
    if not terms.reduce_only:
        check_notional(market, quantity=terms.quantity_lots, limit=terms.limit_ticks)
    return market


def check_notional(market: Market, /, *, quantity: int, limit: int | None) -> None:
    """Refuse an order worth more than all the money that there may be."""
    price = market.prices.mark_half_ticks or market.prices.index_half_ticks or 0
    if limit is not None and 2 * limit > price:
        price = 2 * limit
    notional = quantity * price * market.unit_micro
    if notional > LARGEST_MICRO:
        raise Refusal(Reason.INVALID_SIZE, quantity_lots=quantity, notional_micro=notional)


def highest_half_ticks(prices: ReferenceMove, /) -> int:
    """Return the highest of a market's prices; zero where there is none."""
    ask = prices.ask_ticks or 0
    return max(prices.mark_half_ticks or 0, prices.index_half_ticks or 0, 2 * ask)


def _check_sizes(terms: SubmitOrder, /) -> None:
    quantity, least = terms.quantity_lots, terms.min_quantity_lots
    if not 0 < quantity <= LARGEST or not 0 <= least <= quantity:
        raise Refusal(Reason.INVALID_SIZE, quantity_lots=quantity, min_quantity_lots=least)


def _check_prices(terms: SubmitOrder, /) -> None:
    limit = terms.limit_ticks
    if limit is not None and not 0 < limit <= LARGEST:
        raise Refusal(Reason.INVALID_PRICE, limit_ticks=limit)
    if (terms.order_type is OrderType.LIMIT and limit is None) or (
        terms.order_type is OrderType.MARKET and limit is not None
    ):
        raise Refusal(Reason.INVALID_PRICE)
    for protection in (terms.take_profit, terms.stop_loss):
        if protection is not None:
            check_protection(protection)
    if terms.trigger_ticks is not None and not 0 < terms.trigger_ticks <= LARGEST:
        raise Refusal(Reason.INVALID_PRICE, trigger_ticks=terms.trigger_ticks)


def check_protection(protection: Protection, /) -> None:
    """Refuse a trigger whose prices are not prices."""
    for ticks in (protection.trigger_ticks, protection.limit_ticks):
        if ticks is not None and not 0 < ticks <= LARGEST:
            raise Refusal(Reason.INVALID_PRICE, trigger_ticks=ticks)


def _is_consistent(terms: SubmitOrder, /) -> bool:
    """Tell whether no two attributes of the order exclude each other."""
    tif = terms.time_in_force
    immediate = tif in (TimeInForce.IOC, TimeInForce.FOK)
    if terms.order_type is OrderType.MARKET and not immediate:
        return False
    if immediate and terms.post_only:
        return False
    if (terms.trigger is None) is not (terms.trigger_ticks is None):
        return False
    if not _is_within_bounds(terms):
        return False
    if tif is TimeInForce.GTD:
        return terms.expires_at_ms is not None and terms.expires_at_ms > terms.at_ms
    return terms.expires_at_ms is None


def _is_within_bounds(terms: SubmitOrder, /) -> bool:
    """Tell whether id, discount and leverage, if one is named, are such at all."""
    if terms.order_id[:1] == RESERVED_LETTER or not 0 <= terms.fee_discount_percent <= MOST_PERCENT:
        return False
    return terms.leverage is None or 1 <= terms.leverage <= MOST_LEVERAGE
