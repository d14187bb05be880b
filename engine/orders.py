"""An open order: its terms as submitted and how far it has come.

What is not here: rules. `engine.entry` makes orders, `engine.matching` trades them.
"""

import msgspec

from engine.commands import SubmitOrder
from engine.vocabulary import MinQuantityMode, OrderStatus, OrderType, Side


class Order(msgspec.Struct, frozen=True, gc=False):
    """An open order; `quantity = filled + leaves + canceled` always.

    `key_half_ticks` is the limit or cap as the book's key (sells negative), `peg_points`
    how many price points the type lets it admit at most, from its own side.
    """

    terms: SubmitOrder
    sequence: int
    is_buy: bool
    peg_points: int
    key_half_ticks: int | None
    limit_ticks: int | None
    quantity_lots: int
    leaves_lots: int
    filled_lots: int
    taker_notional_micro: int
    maker_notional_micro: int
    opened_micro: int
    is_resting: bool

    @property
    def canceled_lots(self) -> int:
        """Lots that will never be filled."""
        return self.quantity_lots - self.filled_lots - self.leaves_lots

    @property
    def status(self) -> OrderStatus:
        """Where the open order stands in its life."""
        return OrderStatus.PARTIALLY_FILLED if self.filled_lots else OrderStatus.OPEN


def is_past(order: Order, /, *, at_ms: int) -> bool:
    """Tell whether an order's moment is over, so that it may not trade any more."""
    moment = order.terms.expires_at_ms
    return moment is not None and moment <= at_ms


def least_lots(order: Order, /) -> int:
    """Return the fewest lots for which an order wants to stand at all."""
    terms = order.terms
    if terms.all_or_none:
        return order.leaves_lots
    least = terms.min_quantity_lots
    if terms.min_quantity_mode is MinQuantityMode.FIRST:
        least = min(least, order.leaves_lots)
    return max(1, least)


def peg_points(*, side: Side, order_type: OrderType) -> int:
    """Count the price points that an order's type admits at most."""
    if order_type is OrderType.LIMIT or order_type is OrderType.MARKET:
        return 3
    if order_type is OrderType.PEG_MID:
        return 2
    return 1 if (order_type is OrderType.PEG_BID) is (side is Side.BUY) else 3


def book_key(*, is_buy: bool, limit_ticks: int | None) -> int | None:
    """Turn a limit into the book's key in half ticks: the greater, the more it admits."""
    if limit_ticks is None:
        return None
    return 2 * limit_ticks if is_buy else -2 * limit_ticks


def open_order(
    *, terms: SubmitOrder, sequence: int, quantity_lots: int, canceled_lots: int
) -> Order:
    """Make the record of a newly accepted order."""
    is_buy = terms.side is Side.BUY
    return Order(
        terms,
        sequence,
        is_buy,
        peg_points(side=terms.side, order_type=terms.order_type),
        book_key(is_buy=is_buy, limit_ticks=terms.limit_ticks),
        terms.limit_ticks,
        quantity_lots,
        quantity_lots - canceled_lots,
        0,
        0,
        0,
        0,
        False,
    )
