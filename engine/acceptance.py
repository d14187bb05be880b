"""Acceptance: what an order is compared with before it stands.

Only the account's own orders and position and published figures are looked at, so that a
refusal tells nothing of hidden orders. What is not here: the true limits (`engine.limits`).
"""

from engine.commands import SubmitOrder
from engine.decision import Decision, Refusal, effective_state, is_matching
from engine.margin import bracket_of
from engine.orders import Order
from engine.reasons import Reason
from engine.reservation import reserve_ceil_micro
from engine.state import NO_POSITION, Market
from engine.units import MINUTE_MS
from engine.vocabulary import MarketState, TimeInForce

_TAKING_ORDERS = (MarketState.ACTIVE, MarketState.REDUCE_ONLY, MarketState.POST_ONLY)


def check_state(d: Decision, market: Market, terms: SubmitOrder, /, *, probes: bool = True) -> None:
    """Refuse what the market's state, the reference or the probing limit forbids."""
    state = effective_state(market)
    immediate = terms.time_in_force in (TimeInForce.IOC, TimeInForce.FOK)
    if state not in _TAKING_ORDERS or (state is MarketState.POST_ONLY and immediate):
        raise Refusal(Reason.MARKET_CLOSED)
    if immediate and not is_matching(market, d.at_ms):
        age = d.at_ms - market.prices.quoted_at_ms
        raise Refusal(Reason.NO_REFERENCE_PRICE, age_ms=age)
    if probes and (immediate or terms.all_or_none):
        _check_probing(d, market, terms)
    position = market.positions.get(terms.account_id, NO_POSITION)
    if terms.leverage is not None and terms.leverage != position.leverage:
        raise Refusal(Reason.LEVERAGE_MISMATCH, leverage=terms.leverage, setting=position.leverage)


def _check_probing(d: Decision, market: Market, terms: SubmitOrder, /) -> None:
    attempts = market.attempts.get(terms.account_id, ())
    if len(attempts) < terms.probe_limit:
        return
    recent = sum(1 for at in attempts if at > d.at_ms - MINUTE_MS)
    if recent >= terms.probe_limit:
        raise Refusal(Reason.PROBING_LIMIT, attempts=recent, limit=terms.probe_limit)


def check_risk(d: Decision, market: Market, order: Order, /, *, replaced_lots: int = 0) -> None:
    """Refuse an order that could lead beyond bracket, position or open-interest limit.

    `replaced_lots` are lots of the same account and side that the order stands in for.
    """
    del d
    terms = order.terms
    if terms.reduce_only or effective_state(market) is MarketState.REDUCE_ONLY:
        return
    position = market.positions.get(terms.account_id, NO_POSITION)
    side = market.open_sides.get((terms.account_id, order.is_buy))
    held = position.size_lots if order.is_buy else -position.size_lots
    own = (0 if side is None else side.lots) - replaced_lots
    reach = held + own + order.leaves_lots
    if reach <= 0:
        return
    if position.is_pending:
        raise Refusal(Reason.LIQUIDATION_PENDING)
    limits = market.spec
    if reach > limits.position_limit_lots:
        raise Refusal(
            Reason.POSITION_SIZE_EXCEEDED, lots=reach, limit_lots=limits.position_limit_lots
        )
    published = market.published_lots + reach - max(0, held)
    if published > limits.open_interest_limit_lots:
        raise Refusal(
            Reason.OPEN_INTEREST_EXCEEDED,
            lots=published,
            limit_lots=limits.open_interest_limit_lots,
        )
    check_leverage(market, leverage=position.leverage, lots=reach)


def check_leverage(market: Market, /, *, leverage: int, lots: int) -> None:
    """Refuse a leverage above what the bracket of this many lots at the mark allows."""
    prices = market.prices
    mark = prices.mark_half_ticks or prices.index_half_ticks or 0
    notional = lots * mark * market.unit_micro
    most = min(market.spec.max_leverage, bracket_of(notional).max_leverage)
    if leverage > most:
        raise Refusal(
            Reason.LEVERAGE_TOO_HIGH,
            leverage=leverage,
            max_leverage=most,
            notional_micro=notional,
        )


def check_reservation(d: Decision, market: Market, order: Order, /) -> int:
    """Return what the order's side reserves with it, or refuse what cash does not carry.

    An order that only reduces reserves nothing and is never refused: what the others reserve
    is recomputed as far as cash carries it, and the caller ends those that it does not.
    """
    account_id = order.terms.account_id
    position = market.positions.get(account_id, NO_POSITION)
    recorded = position.buy_reserve_micro if order.is_buy else position.sell_reserve_micro
    change = (order, order.leaves_lots)
    exact = reserve_ceil_micro(market, account_id, order.is_buy, position, change)
    free = d.state.account(account_id).free_micro
    if exact - recorded <= max(0, free):
        return exact
    if order.terms.reduce_only:
        return recorded + max(0, free)
    raise Refusal(Reason.INSUFFICIENT_COLLATERAL, needed_micro=exact - recorded, free_micro=free)
