"""What an account's open orders reserve in one market, by PRODUCT.md section 4.

Per side `max(0, open lots - opposite position)` lots reserve, the youngest first: initial
margin + undiscounted taker fee + the loss against the mark, at the worst price: a buy's
limit or cap, else index x 1.01; for sells and uncapped pegs the greater of the effective limit
and index x 1.01. Margin and fee are rounded up once per side. What is not
here: who is canceled when the balance does not carry it (`engine.matching`).
"""

from collections.abc import Iterator

from engine.candidates import effective_half_ticks
from engine.open_orders import OpenSide
from engine.orders import Order
from engine.state import NO_POSITION, Market, Position
from engine.units import PPB

UNCAPPED_PERCENT = 101


def uncapped_half_ticks(market: Market, /) -> int:
    """Return index x 1.01, rounded up: the least worst price of whatever has no cap."""
    index = market.prices.index_half_ticks or 0
    return -(-index * UNCAPPED_PERCENT // 100)


def _is_far(market: Market, uncapped: int, /) -> bool:
    """Tell whether the ask is above index x 1.01, so that a peg's effective limit may be."""
    ask = market.prices.ask_ticks
    return ask is not None and 2 * ask > uncapped


def reserve_ceil_micro(
    market: Market,
    account_id: str,
    is_buy: bool,  # noqa: FBT001 -- hot and internal
    position: Position,
    change: tuple[Order, int] | None = None,
    /,
) -> int:
    """Return what one side's orders reserve beside a position, rounded up.

    `change` says how many lots an order gains (a new one: all) or loses in this moment.
    """
    side = market.open_sides.get((account_id, is_buy))
    lots = 0 if side is None else side.lots
    if change is not None:
        if change[0].terms.reduce_only or change[0].is_buy is not is_buy:
            change = None
        else:
            lots += change[1]
    opposite = -position.size_lots if is_buy else position.size_lots
    if lots <= 0 or opposite >= lots:
        return 0
    prices = market.prices
    mark = prices.mark_half_ticks or prices.index_half_ticks or 0
    worst = uncapped_half_ticks(market)
    if (mark > worst and not is_buy) or _is_far(market, worst):
        value, loss = _walk(market, side, lots - max(opposite, 0), change, (mark, worst))
    elif 2 * opposite > lots:
        value, loss = _walk(market, side, lots - opposite, change, (mark, worst))
    else:
        if is_buy:
            value, loss = _sum_buys(market, side, mark, worst, change)
        else:
            value, loss = _sum_sells(market, side, worst, change), 0
        if opposite > 0:
            oldest = _walk(market, side, opposite, change, (mark, worst), oldest=True)
            value, loss = value - oldest[0], loss - oldest[1]
    notional = value * market.unit_micro
    return (
        -(-notional // position.leverage)
        - (-notional * market.spec.taker_fee_ppb // PPB)
        + loss * market.unit_micro
    )


def _sum_buys(
    market: Market,
    side: OpenSide | None,
    mark: int,
    worst: int,
    change: tuple[Order, int] | None,
    /,
) -> tuple[int, int]:
    """Sum value and loss of all buys, in half ticks x lots."""
    value = loss = 0
    if side is not None:
        uncapped = side.lots - side.capped_lots
        value = side.capped_half_tick_lots + uncapped * worst
        loss = uncapped * max(0, worst - mark)
        for cap, sequence in reversed(side.caps):
            if cap <= mark:
                break
            loss += (cap - mark) * market.orders[sequence].leaves_lots
    if change is not None:
        price = worst_half_ticks(market, change[0], worst)
        value += price * change[1]
        loss += max(0, price - mark) * change[1]
    return value, loss


def _sum_sells(
    market: Market, side: OpenSide | None, worst: int, change: tuple[Order, int] | None, /
) -> int:
    """Sum the value of all sells, in half ticks x lots; at this price they lose nothing."""
    value = 0
    if side is not None:
        value = side.lots * worst
        for cap, sequence in reversed(side.caps):
            if cap <= worst:
                break
            value += (cap - worst) * market.orders[sequence].leaves_lots
    if change is not None:
        value += worst_half_ticks(market, change[0], worst) * change[1]
    return value


def _walk(
    market: Market,
    side: OpenSide | None,
    lots: int,
    change: tuple[Order, int] | None,
    prices: tuple[int, int],
    /,
    *,
    oldest: bool = False,
) -> tuple[int, int]:
    """Sum value and loss over the youngest lots, or the oldest, in half ticks x lots."""
    mark, uncapped = prices
    value = loss = 0
    line = _in_line(market, side, change, oldest=oldest)
    while lots > 0:
        order, leaves = next(line)
        taken = min(lots, leaves)
        worst = worst_half_ticks(market, order, uncapped)
        off = worst - mark if order.is_buy else mark - worst
        if off > 0:
            loss += off * taken
        value += worst * taken
        lots -= taken
    return value, loss


def _in_line(
    market: Market, side: OpenSide | None, change: tuple[Order, int] | None, /, *, oldest: bool
) -> Iterator[tuple[Order, int]]:
    """Yield the orders that reserve with their leaves, in order of entry or against it."""
    orders = market.orders
    changed, by = (None, 0) if change is None else (change[0].sequence, change[1])
    is_new = changed is not None and changed not in orders
    if is_new and not oldest and change is not None:
        yield change
    sequences = () if side is None else side.sequences
    for sequence in sequences if oldest else reversed(sequences):
        order = orders[sequence]
        if not order.terms.reduce_only:
            leaves = order.leaves_lots
            yield order, leaves + by if sequence == changed else leaves
    assert change is not None, "nobody asks for more lots than there are"
    yield change


def worst_half_ticks(market: Market, order: Order, uncapped: int, /) -> int:
    """Return the half tick at which an order reserves."""
    limit = order.limit_ticks
    if limit is None:
        worst = uncapped
    elif order.is_buy:
        return 2 * limit
    else:
        worst = max(2 * limit, uncapped)
    if not _is_far(market, uncapped):
        return worst
    return max(worst, effective_half_ticks(market, order) or 0)


def youngest_reserving(market: Market, account_id: str, /) -> Order | None:
    """Return the youngest order that reserves anything, of both sides."""
    position = market.positions.get(account_id, NO_POSITION)
    found: Order | None = None
    for is_buy in (True, False):
        if reserve_ceil_micro(market, account_id, is_buy, position):
            side = market.open_sides[account_id, is_buy]
            orders = (market.orders[sequence] for sequence in reversed(side.sequences))
            order = next(order for order in orders if not order.terms.reduce_only)
            if found is None or order.sequence > found.sequence:
                found = order
    return found


def reserves_ceil_micro(market: Market, account_id: str, position: Position, /) -> tuple[int, int]:
    """Return what the buys and what the sells reserve beside a position."""
    return (
        reserve_ceil_micro(market, account_id, True, position),
        reserve_ceil_micro(market, account_id, False, position),
    )
