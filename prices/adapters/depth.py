"""A venue's book rebuilt from a snapshot and numbered changes, for its best bid and ask.

Changes that arrive before the snapshot are kept and applied to it as far as they are
newer. A hole in the numbering empties the book until the next snapshot: no quote is better
than a wrong one. What is not here: any file or socket.
"""

import heapq
from collections.abc import Iterable

import msgspec

Level = tuple[int, bool]


class DepthChange(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Levels that changed: (price in pico, whether anything is left there) for each side.

    `first` and `last` are the update ids it spans; `previous` is the last id of the change
    before it, where the venue says so.
    """

    first: int
    last: int
    previous: int | None
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


class Side:
    """The prices of one side that hold something, and the best of them."""

    def __init__(self, *, sign: int) -> None:
        """Start empty; the sign is -1 for bids (highest first) and 1 for asks."""
        self._sign = sign
        self._held: set[int] = set()
        self._heap: list[int] = []

    def put(self, levels: Iterable[Level]) -> None:
        """Let levels hold something or nothing."""
        for price_pico, is_held in levels:
            if not is_held:
                self._held.discard(price_pico)
            elif price_pico not in self._held:
                self._held.add(price_pico)
                heapq.heappush(self._heap, self._sign * price_pico)

    def best_pico(self) -> int | None:
        """Return the best price that holds something."""
        while self._heap:
            price_pico = self._sign * self._heap[0]
            if price_pico in self._held:
                return price_pico
            heapq.heappop(self._heap)
        return None


class DepthBook:
    """A rebuilt book; without a snapshot, or after a hole, it has no best quotes."""

    def __init__(self) -> None:
        """Start empty and unsynchronized."""
        self._bids = Side(sign=-1)
        self._asks = Side(sign=1)
        self._early: list[DepthChange] = []
        self._has_joined = False
        self.last_id: int | None = None
        self.gaps = 0

    def take_snapshot(self, *, last_id: int, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        """Start from a snapshot, then apply what came before it and is newer."""
        self._bids, self._asks = Side(sign=-1), Side(sign=1)
        self._bids.put(bids)
        self._asks.put(asks)
        self.last_id, self._has_joined = last_id, False
        early, self._early = self._early, []
        for change in early:
            self.take_change(change)

    def take_change(self, change: DepthChange) -> bool:
        """Apply a change; tell whether the book moved on to its last id."""
        if self.last_id is None:
            self._early.append(change)
            return False
        if change.last <= self.last_id:
            return False
        if not self._follows(change, last_id=self.last_id):
            self._lose(change)
            return False
        self._bids.put(change.bids)
        self._asks.put(change.asks)
        self.last_id, self._has_joined = change.last, True
        return True

    def best(self) -> tuple[int, int] | None:
        """Return the best bid and ask in pico-units, if the book knows both."""
        bid_pico, ask_pico = self._bids.best_pico(), self._asks.best_pico()
        if self.last_id is None or bid_pico is None or ask_pico is None:
            return None
        return bid_pico, ask_pico

    def _follows(self, change: DepthChange, *, last_id: int) -> bool:
        # The first change after a snapshot overlaps it; later ones follow without a hole.
        if not self._has_joined:
            return change.first <= last_id + 1
        if change.previous is not None:
            return change.previous == last_id
        return change.first == last_id + 1

    def _lose(self, change: DepthChange) -> None:
        self.gaps += 1
        self.last_id = None
        self._early = [change]
