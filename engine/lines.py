"""A line: sequences of resting orders in the order of their entry.

Joining at the end, leaving, and finding the first cost O(1) amortized: who leaves stays in
the list as a gap until the gaps outnumber the living. What is not here: what an order is.
"""

from bisect import bisect_left, bisect_right

_GAPS_WORTH_CLOSING = 64


class Line:
    """Sequences in ascending order; every answer depends on the living only."""

    __slots__ = ("_head", "_live", "_sequences")

    def __init__(self) -> None:
        self._sequences: list[int] = []
        self._live: set[int] = set()
        self._head = 0

    def __len__(self) -> int:
        return len(self._live)

    def join(self, sequence: int, /) -> None:
        """Take the place that the sequence says, usually the last."""
        sequences = self._sequences
        self._live.add(sequence)
        if not sequences or sequence > sequences[-1]:
            sequences.append(sequence)
            return
        place = bisect_left(sequences, sequence)
        if sequences[place] != sequence:
            sequences.insert(place, sequence)
        self._head = min(self._head, place)

    def leave(self, sequence: int, /) -> None:
        """Leave the line; the others keep their places."""
        live = self._live
        live.discard(sequence)
        sequences = self._sequences
        if not live:
            sequences.clear()
            self._head = 0
            return
        head = self._head
        if sequences[head] == sequence:
            head += 1
            while sequences[head] not in live:
                head += 1
            self._head = head
        if len(sequences) > 2 * len(live) + _GAPS_WORTH_CLOSING:
            self._sequences = [each for each in sequences if each in live]
            self._head = 0

    def after(self, sequence: int, /) -> int | None:
        """Return the first sequence in line that is greater, or None."""
        live = self._live
        if not live:
            return None
        sequences = self._sequences
        place = self._head
        if sequences[place] > sequence:
            return sequences[place]
        end = len(sequences)
        place = bisect_right(sequences, sequence, place)
        while place < end:
            found = sequences[place]
            if found in live:
                return found
            place += 1
        return None

    def all(self) -> list[int]:
        """Return all sequences in order."""
        return [each for each in self._sequences[self._head :] if each in self._live]
