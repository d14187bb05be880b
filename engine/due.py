"""What becomes due when a number reaches it: triggers by price, expiries by time.

A heap in which entries are never searched for and removed: whoever asks says which are
still true, and untrue ones are dropped on the way. Asking what is due costs what is due.
"""

from collections.abc import Callable
from heapq import heapify, heappop, heappush

_STALE_WORTH_DROPPING = 256


class Due:
    """Pairs of key and name; due are those whose key is at most the threshold."""

    __slots__ = ("_floor", "_heap")

    def __init__(self) -> None:
        self._heap: list[tuple[int, str]] = []
        self._floor = _STALE_WORTH_DROPPING

    def __len__(self) -> int:
        """Count the entries, true or not any more."""
        return len(self._heap)

    def add(self, key: int, name: str, /) -> None:
        """Add an entry; the same entry may be added again."""
        heappush(self._heap, (key, name))

    def due(self, threshold: int, is_true: Callable[[int, str], bool], /) -> list[tuple[int, str]]:
        """Return the true entries up to the threshold, in order, each once."""
        heap = self._heap
        while heap and heap[0][0] <= threshold and not is_true(*heap[0]):
            heappop(heap)
        if not heap or heap[0][0] > threshold:
            return []
        found: list[tuple[int, str]] = []
        stack = [0]
        end = len(heap)
        while stack:
            place = stack.pop()
            if place < end and heap[place][0] <= threshold:
                found.append(heap[place])
                stack += (2 * place + 1, 2 * place + 2)
        return sorted(dict.fromkeys(entry for entry in found if is_true(*entry)))

    def drop_stale(self, is_true: Callable[[int, str], bool], /) -> None:
        """Forget untrue entries once the heap has doubled since the last time."""
        if len(self._heap) <= self._floor:
            return
        self._heap = [entry for entry in self._heap if is_true(*entry)]
        heapify(self._heap)
        self._floor = max(_STALE_WORTH_DROPPING, 2 * len(self._heap))
