"""Reservation, and what one execution does to one side, in exact fractions.

Written from the rules alone. What is not here: who meets whom (`matcher`).
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from engine.reasons import Reason
from engine.state import BACKSTOP
from tests.engine.reference import margin
from tests.engine.reference.records import Books, Market, Order, Position

LARGEST = 1 << 53
"""The most lots of an order, the highest price in ticks."""
ALL_MONEY = 400_000_000_000 * 10**6
"""All money that may ever be inside, in micro-USDT; no order is worth more."""
ALL_WORTH = 1 << 61
"""The most that the longs of a market may be worth at its highest price."""


class Impossible(Exception):  # noqa: N818 -- it is an answer, not an error
    """A leg or an order is not possible, for a reason."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


def worst_price(market: Market, order: Order) -> int:
    """Return the half tick at which an order reserves."""
    if order.is_buy and order.limit is not None:
        return 2 * order.limit
    return max(market.effective_limit(order) or 0, ceil(Fraction(market.index or 0) * 101 / 100))


def needed_reserve(market: Market, account_id: str, *, is_buy: bool, extra: Order | None) -> int:
    """Return what one side reserves: youngest lots first, beyond an opposite position."""
    orders = [
        order
        for order in market.orders
        if order.terms.account_id == account_id
        and order.is_buy is is_buy
        and not order.terms.reduce_only
    ]
    if extra is not None and not extra.terms.reduce_only:
        orders.append(extra)
    held = market.positions.get(account_id, Position())
    opposite = max(0, -held.size if is_buy else held.size)
    lots = max(0, sum(order.leaves for order in orders) - opposite)
    notional = loss = 0
    for order in sorted(orders, key=lambda each: -each.sequence):
        part = min(lots, order.leaves)
        price = worst_price(market, order)
        off = price - market.value_price() if is_buy else market.value_price() - price
        notional += part * price * market.unit
        loss += part * max(0, off) * market.unit
        lots -= part
    fee = ceil(Fraction(notional * market.spec.taker_fee_ppb, 10**9))
    return ceil(Fraction(notional, held.leverage)) + fee + loss


def recompute_side(books: Books, market: Market, account_id: str, *, is_buy: bool) -> None:
    """Set one side's reservation anew, a rise only as far as free cash carries it."""
    held = market.position(account_id)
    exact = needed_reserve(market, account_id, is_buy=is_buy, extra=None)
    now = held.buys_reserve if is_buy else held.sells_reserve
    if exact > now:
        exact = min(exact, now + max(0, books.free(account_id)))
    if is_buy:
        held.buys_reserve = exact
    else:
        held.sells_reserve = exact


def recompute_both(books: Books, market: Market, account_id: str) -> None:
    """Set both sides anew, never more than the cash that is there, buys first."""
    held = market.position(account_id)
    room = max(0, books.free(account_id) + held.buys_reserve + held.sells_reserve)
    buys = needed_reserve(market, account_id, is_buy=True, extra=None)
    sells = needed_reserve(market, account_id, is_buy=False, extra=None)
    held.buys_reserve = min(buys, room)
    held.sells_reserve = min(sells, room - held.buys_reserve)


@dataclass
class Side:
    """One side of a planned execution: the position afterwards, and what cash gains."""

    order: Order
    after: Position
    cash: int
    fee: int
    opened: int


def equity(market: Market, held: Position) -> int:
    """Return a position's equity at the mark."""
    return held.collateral + held.size * market.value_price() * market.unit - held.cost


def maintenance(market: Market, held: Position) -> int:
    """Return a position's maintenance margin at the mark."""
    return margin.maintenance(abs(held.size) * market.value_price() * market.unit)


def decreased(held: Position, lots: int, value: int, fee: int) -> tuple[Position, int, int]:
    """Close lots: return the position left, the cash released and the fee really paid."""
    share = Fraction(lots, abs(held.size))
    cost = towards_zero(held.cost * share)
    released = floor(held.collateral * share)
    profit = (value if held.size > 0 else -value) - cost
    fee = min(fee, max(0, released + profit))
    credit = released + profit - fee
    sign = 1 if held.size > 0 else -1
    collateral = held.collateral - released + min(0, credit)
    left = Position(held.leverage, held.size - sign * lots, held.cost - cost, collateral)
    return left, max(0, credit), fee


def in_cash(held: Position, lots: int, value: int) -> tuple[Position, int]:
    """Let the backstop trade signed lots: return its position and what its cash gains."""
    sign = 1 if lots > 0 else -1
    closing = min(abs(lots), abs(held.size)) if held.size * sign < 0 else 0
    cost, collateral, cash = held.cost, held.collateral, 0
    closed_value = floor(Fraction(value * closing, abs(lots)))
    if closing:
        share = Fraction(closing, abs(held.size))
        moved = towards_zero(held.cost * share)
        released = floor(held.collateral * share)
        cash = released - sign * closed_value - moved
        cost, collateral = cost - moved, collateral - released
    cost += sign * (value - closed_value)
    return Position(held.leverage, held.size + lots, cost, collateral), cash


def towards_zero(exact: Fraction) -> int:
    """Round towards zero."""
    return floor(exact) if exact >= 0 else ceil(exact)


def check_decrease(market: Market, before: Position, after: Position) -> None:
    """Refuse negative equity, and too little for what remains unless it is better."""
    if after.size == 0:
        if after.collateral != 0:
            raise Impossible(Reason.FILL_WORSENS_POSITION)
        return
    now, needed = equity(market, after), maintenance(market, after)
    if now >= max(0, needed):
        return
    old, need = equity(market, before), maintenance(market, before)
    if now < 0 or not Fraction(now, needed) > Fraction(old, need):
        raise Impossible(Reason.FILL_WORSENS_POSITION)


def planned_side(
    books: Books, market: Market, order: Order, lots: int, price: int, fee: int
) -> Side:
    """Plan one side of an execution; a rebate is a negative fee."""
    before = market.positions.get(order.terms.account_id, Position())
    sign = 1 if order.is_buy else -1
    value = lots * price * market.unit
    if order.terms.account_id == BACKSTOP:
        left, cash = in_cash(before, sign * lots, value)
        return Side(order, left, cash - fee, fee, 0)
    closing = min(lots, abs(before.size)) if before.size * sign < 0 else 0
    opening = lots - closing
    after, cash = Position(before.leverage, before.size, before.cost, before.collateral), 0
    if closing:
        closed_value = closing * price * market.unit
        after, cash, paid = decreased(before, closing, closed_value, 0 if opening else fee)
        check_decrease(market, before, after)
        if not opening:
            return Side(order, after, cash, paid, 0)
        value -= closed_value
    return raised_side(books, market, order, after, cash, opening, value, fee)


def raised_side(
    books: Books,
    market: Market,
    order: Order,
    held: Position,
    cash: int,
    lots: int,
    value: int,
    fee: int,
) -> Side:
    """Open lots: post margin so that equity carries it, pay the fee from what is free."""
    sign = 1 if order.is_buy else -1
    after = Position(held.leverage, held.size + sign * lots, held.cost + sign * value)
    notional = abs(after.size) * market.value_price() * market.unit
    if abs(after.size) > market.spec.position_limit_lots:
        raise Impossible(Reason.POSITION_SIZE_EXCEEDED)
    highest = max(market.mark or 0, market.index or 0, 2 * (market.ask or 0))
    if abs(after.size) * highest * market.unit > ALL_WORTH:
        raise Impossible(Reason.POSITION_SIZE_EXCEEDED)
    if held.leverage > min(market.spec.max_leverage, margin.bracket(notional)[0]):
        raise Impossible(Reason.LEVERAGE_TOO_HIGH)
    own = ceil(Fraction(order.opened + value, held.leverage))
    own -= ceil(Fraction(order.opened, held.leverage))
    after.collateral = held.collateral
    lacking = margin.initial(notional, held.leverage) - equity(market, after)
    posted = max(own, lacking)
    after.collateral += posted
    cash -= posted
    there = books.free(order.terms.account_id) + cash
    there += sum(released_reserve(market, order, after, is_buy=side) for side in (True, False))
    if there < 0:
        raise Impossible(Reason.INSUFFICIENT_COLLATERAL)
    fee = min(fee, there)
    return Side(order, after, cash - fee, fee, value)


def released_reserve(market: Market, order: Order, after: Position, *, is_buy: bool) -> int:
    """Return what a side's reservation gives free by the fill, at least nothing."""
    account_id = order.terms.account_id
    held = market.position(account_id)
    now = held.buys_reserve if is_buy else held.sells_reserve
    keep = (held.size, order.leaves)
    whole = abs(after.size - held.size)
    held.size, order.leaves = after.size, order.leaves - whole
    later = needed_reserve(market, account_id, is_buy=is_buy, extra=None)
    held.size, order.leaves = keep
    return max(0, now - later)
