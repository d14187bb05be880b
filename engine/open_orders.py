"""The open orders of one account on one side of one market, with the sums reservation needs.

Kept so that reserving costs a few sums, not a walk over all orders. Reduce-only orders
reserve nothing and are in no sum. What is not here: the formula (`engine.reservation`).
"""

from bisect import bisect_left, insort

from engine.orders import Order


class OpenSide:
    """Sequences in order of entry, and sums over the orders that may raise a position."""

    __slots__ = ("capped_half_tick_lots", "capped_lots", "caps", "lots", "sequences")

    def __init__(self) -> None:
        self.sequences: list[int] = []
        self.lots = 0
        self.capped_lots = 0
        self.capped_half_tick_lots = 0
        self.caps: list[tuple[int, int]] = []

    def add(self, order: Order, /) -> None:
        """Take in an order, usually the youngest."""
        insort(self.sequences, order.sequence)
        if order.terms.reduce_only:
            return
        self.lots += order.leaves_lots
        if order.limit_ticks is not None:
            cap = 2 * order.limit_ticks
            self.capped_lots += order.leaves_lots
            self.capped_half_tick_lots += cap * order.leaves_lots
            insort(self.caps, (cap, order.sequence))

    def remove(self, order: Order, /) -> None:
        """Let an order go."""
        sequences = self.sequences
        del sequences[bisect_left(sequences, order.sequence)]
        if order.terms.reduce_only:
            return
        self.lots -= order.leaves_lots
        if order.limit_ticks is not None:
            cap = 2 * order.limit_ticks
            self.capped_lots -= order.leaves_lots
            self.capped_half_tick_lots -= cap * order.leaves_lots
            del self.caps[bisect_left(self.caps, (cap, order.sequence))]

    def resize(self, order: Order, by_lots: int, /) -> None:
        """Change the leaves of an order that stays."""
        if order.terms.reduce_only:
            return
        self.lots += by_lots
        if order.limit_ticks is not None:
            self.capped_lots += by_lots
            self.capped_half_tick_lots += 2 * order.limit_ticks * by_lots
