"""The makers that an order meets, in priority order, with the price of each execution.

The better price for the arriving order first, then entry sequence. Makers are older than
the taker always. What is not here: whether they may trade for other reasons.
"""

from collections.abc import Iterator

from engine.book import NEVER, BookSide
from engine.lines import Line
from engine.orders import Order
from engine.state import Market
from engine.units import PPB
from engine.vocabulary import Pricing


def candidates(market: Market, taker: Order, /) -> Iterator[tuple[int, int]]:
    """Yield (sequence, price) of older opposite orders; the book may change meanwhile."""
    if market.spec.pricing is Pricing.LIMIT_MIDPOINT:
        return _by_limits(market, taker)
    return _by_points(market, taker)


def _by_points(market: Market, taker: Order, /) -> Iterator[tuple[int, int]]:
    """Walk the lines that share a price point with the taker."""
    prices = market.prices
    book = market.book
    own, other = (book.buys, book.sells) if taker.is_buy else (book.sells, book.buys)
    points = own.points(taker)
    if points == 0 or prices.bid_ticks is None or prices.ask_ticks is None:
        return
    near, far = 2 * prices.bid_ticks, 2 * prices.ask_ticks
    if not taker.is_buy:
        near, far = far, near
    none, one, two, three = other.lines
    last = taker.sequence
    if points == 1:
        yield from _walk(three, none, last, near, merged=False)
        return
    yield from _walk(two, three, last, prices.bid_ticks + prices.ask_ticks, merged=True)
    if points == 3:  # noqa: PLR2004 -- the three price points
        yield from _walk(one, none, last, far, merged=False)


def _walk(
    line: Line, second: Line, last: int, price: int, /, *, merged: bool
) -> Iterator[tuple[int, int]]:
    """Walk one line, or two as if they were one, up to a sequence."""
    at = 0
    while True:
        found = line.after(at)
        if merged:
            other = second.after(at)
            if found is None or (other is not None and other < found):
                found = other
        if found is None or found >= last:
            return
        at = found
        yield found, price


def effective_half_ticks(market: Market, order: Order, /) -> int | None:
    """Return an order's effective limit in half ticks; None for a market order."""
    prices = market.prices
    limit = None if order.limit_ticks is None else 2 * order.limit_ticks
    kind = order.terms.order_type.value
    if kind in ("MARKET", "LIMIT") or prices.bid_ticks is None or prices.ask_ticks is None:
        return limit
    peg = {
        "PEG_BID": 2 * prices.bid_ticks,
        "PEG_MID": prices.bid_ticks + prices.ask_ticks,
        "PEG_ASK": 2 * prices.ask_ticks,
    }[kind]
    if limit is None:
        return peg
    return min(peg, limit) if order.is_buy else max(peg, limit)


def _by_limits(market: Market, taker: Order, /) -> Iterator[tuple[int, int]]:
    """Sort all older opposite orders by the price each would give (LIMIT_MIDPOINT)."""
    book = market.book
    other: BookSide = book.sells if taker.is_buy else book.buys
    found: list[tuple[int, int, int]] = []
    for sequence in other.all():
        if sequence >= taker.sequence:
            break
        maker = market.orders[sequence]
        price = midpoint_half_ticks(market, taker, maker)
        if price is not None:
            limit = effective_half_ticks(market, maker) or 0
            found.append((limit if taker.is_buy else -limit, sequence, price))
    for _, sequence, price in sorted(found):
        if sequence in market.orders and market.orders[sequence].is_resting:
            yield sequence, price


def midpoint_half_ticks(market: Market, taker: Order, maker: Order, /) -> int | None:
    """Return the average of two limits, rounded towards the maker's; None: no trade.

    Kept within the reference widened by the market's collar; a price outside of either
    limit, or beyond the reference for a protected order, is no trade.
    """
    prices = market.prices
    assert prices.bid_ticks is not None, "nothing matches without a reference"
    assert prices.ask_ticks is not None, "nothing matches without a reference"
    taken = effective_half_ticks(market, taker)
    made = effective_half_ticks(market, maker)
    assert made is not None, "a market order never rests"
    if taken is None:
        price = made
    elif (taken < made) if taker.is_buy else (taken > made):
        return None
    else:
        price = (taken + made) // 2 if taker.is_buy else -((-taken - made) // 2)
    bid, ask = 2 * prices.bid_ticks, 2 * prices.ask_ticks
    collar = market.spec.collar_ppb
    low = -(-bid * (PPB - collar) // PPB)
    high = ask * (PPB + collar) // PPB
    price = min(max(price, low), high)
    buy, sell = (taker, maker) if taker.is_buy else (maker, taker)
    most, least = (taken, made) if taker.is_buy else (made, taken)
    if price > (NEVER if most is None else most) or price < (least or 0):
        return None
    if (buy.terms.nbbo_protection and price > ask) or (sell.terms.nbbo_protection and price < bid):
        return None
    return price
