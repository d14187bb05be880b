"""The open orders of one account on one side of one market, with the sums reservation needs.

Kept so that reserving costs a few sums, not a walk over all orders. Reduce-only orders
reserve nothing and are in no sum; they stand by the fewest lots that they want. What is not
here: the formula (`engine.reservation`).
"""

from bisect import bisect_left, insort

from msgspec.structs import replace

from engine.orders import Order, least_lots


class OpenSide:
    """Sequences in order of entry, and sums over the orders that may raise a position."""

    __slots__ = ("capped_half_tick_lots", "capped_lots", "caps", "lots", "reducing", "sequences")

    def __init__(self) -> None:
        self.sequences: list[int] = []
        self.reducing: list[tuple[int, int]] = []
        self.lots = 0
        self.capped_lots = 0
        self.capped_half_tick_lots = 0
        self.caps: list[tuple[int, int]] = []

    def add(self, order: Order, /) -> None:
        """Take in an order, usually the youngest."""
        insort(self.sequences, order.sequence)
        if order.terms.reduce_only:
            insort(self.reducing, (least_lots(order), order.sequence))
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
            self._leave_reducing(least_lots(order), order.sequence)
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
            before = replace(order, leaves_lots=order.leaves_lots - by_lots)
            self._leave_reducing(least_lots(before), order.sequence)
            insort(self.reducing, (least_lots(order), order.sequence))
            return
        self.lots += by_lots
        if order.limit_ticks is not None:
            self.capped_lots += by_lots
            self.capped_half_tick_lots += 2 * order.limit_ticks * by_lots

    def reducing_at_least(self, lots: int, /) -> list[int]:
        """Return the reduce-only orders that want so many lots at the least, in sequence."""
        place = bisect_left(self.reducing, (lots, 0))
        return sorted(sequence for _, sequence in self.reducing[place:])

    def _leave_reducing(self, least: int, sequence: int, /) -> None:
        del self.reducing[bisect_left(self.reducing, (least, sequence))]
