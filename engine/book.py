"""The book of one market: resting orders in lines, by the price points they admit.

Points are counted from an order's own side: a buy admits none, the bid (1), bid and mid
(2), or bid, mid and ask (3); a sell none, the ask, ask and mid, or all three. Then two
orders trade at the mid if both admit two, at the quote of the one that admits only one if
the other admits three, else not at all; one line per count and side finds the next maker
without a search. An uncapped peg's count never changes. A limit's changes only when the
reference passes it, and such orders are found by price level.

Keys turn sells around (`-limit`), so that on both sides a greater key admits more. What is
not here: whether two orders may trade for other reasons (`engine.matching`).
"""

from bisect import bisect_left, bisect_right, insort

from engine.lines import Line
from engine.orders import Order

NEVER = 1 << 62


class BookSide:
    """All resting orders of one side."""

    __slots__ = ("_level_keys", "_levels", "lines", "orders", "thresholds")

    def __init__(self, *, orders: dict[int, Order]) -> None:
        self.orders = orders
        self.lines = (Line(), Line(), Line(), Line())
        self.thresholds = (NEVER, NEVER, NEVER)
        self._levels: dict[int, dict[int, None]] = {}
        self._level_keys: list[int] = []

    def points(self, order: Order, /) -> int:
        """Count the price points that an order of this side admits now."""
        key = order.key_half_ticks
        if key is None:
            return order.peg_points
        one, two, three = self.thresholds
        count = 3 if key >= three else 2 if key >= two else 1 if key >= one else 0
        return min(order.peg_points, count)

    def add(self, order: Order, /) -> None:
        """Let an order rest."""
        sequence = order.sequence
        self.lines[self.points(order)].join(sequence)
        key = order.key_half_ticks
        if key is None:
            return
        level = self._levels.get(key)
        if level is None:
            self._levels[key] = {sequence: None}
            insort(self._level_keys, key)
        else:
            level[sequence] = None

    def remove(self, order: Order, /) -> None:
        """Take a resting order out."""
        sequence = order.sequence
        self.lines[self.points(order)].leave(sequence)
        key = order.key_half_ticks
        if key is None:
            return
        level = self._levels[key]
        del level[sequence]
        if not level:
            del self._levels[key]
            del self._level_keys[bisect_left(self._level_keys, key)]

    def move_thresholds(self, thresholds: tuple[int, int, int], /) -> list[int]:
        """Follow the reference; return the sequences that admit more points than before."""
        moved = self._passed(thresholds)
        before = [(order, self.points(order)) for order in moved]
        self.thresholds = thresholds
        gained: list[int] = []
        for order, old in before:
            new = self.points(order)
            if new != old:
                self.lines[old].leave(order.sequence)
                self.lines[new].join(order.sequence)
                if new > old:
                    gained.append(order.sequence)
        return gained

    def _passed(self, thresholds: tuple[int, int, int], /) -> list[Order]:
        """Return the orders whose level some threshold passes, in sequence."""
        keys = self._level_keys
        passed: dict[int, None] = {}
        for old, new in zip(self.thresholds, thresholds, strict=True):
            if old != new:
                low, high = (old, new) if old < new else (new, old)
                for key in keys[bisect_left(keys, low) : bisect_right(keys, high)]:
                    passed.update(self._levels[key])
        return [self.orders[sequence] for sequence in sorted(passed)]

    def admitting(self) -> list[int]:
        """Return the sequences that admit any point."""
        return [sequence for line in self.lines[1:] for sequence in line.all()]

    def all(self) -> list[int]:
        """Return all resting sequences in order of entry."""
        return sorted(sequence for line in self.lines for sequence in line.all())


class Book:
    """Both sides of one market and the reference that they stand by."""

    __slots__ = ("buys", "sells")

    def __init__(self, *, orders: dict[int, Order]) -> None:
        self.buys = BookSide(orders=orders)
        self.sells = BookSide(orders=orders)

    def side(self, *, is_buy: bool) -> BookSide:
        """Return the side that an order of this direction rests on."""
        return self.buys if is_buy else self.sells

    def admitting(self) -> list[int]:
        """Return the sequences of both sides that admit any point now."""
        return self.buys.admitting() + self.sells.admitting()

    def move_reference(self, *, bid_ticks: int | None, ask_ticks: int | None) -> list[int]:
        """Follow a new reference (none: nobody admits a point but uncapped pegs)."""
        if bid_ticks is None or ask_ticks is None:
            buys = sells = (NEVER, NEVER, NEVER)
        else:
            mid = bid_ticks + ask_ticks
            buys = (2 * bid_ticks, mid, 2 * ask_ticks)
            sells = (-2 * ask_ticks, -mid, -2 * bid_ticks)
        return self.buys.move_thresholds(buys) + self.sells.move_thresholds(sells)
