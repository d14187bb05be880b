"""The circuit breaker's conditions: a violent minute in one market.

10% within 60 s, or five times the usual volume together with a 3% move, let the market
only reduce for 300 s. What is not here: the market's state, which the engine changes.
"""

from collections import deque
from enum import StrEnum

WINDOW_SECONDS = 60
LARGEST_MOVE_PERCENT = 10
BUSY_MOVE_PERCENT = 3
BUSY_TIMES_USUAL = 5
USUAL_MINUTES = 60
FEWEST_USUAL_MINUTES = 10
HOLD_MS = 300_000
_SECOND_MS = 1_000


class Trip(StrEnum):
    """Why a breaker tripped."""

    PRICE = "PRICE"
    PRICE_AND_VOLUME = "PRICE_AND_VOLUME"


class Volume:
    """Outside volume of the last minute, and of the usual minute of the last hour."""

    def __init__(self) -> None:
        """Start without a past."""
        self._seconds: deque[tuple[int, int]] = deque()
        self._recent_micro = 0
        self._minutes: deque[int] = deque(maxlen=USUAL_MINUTES)
        self._minute: int | None = None
        self._minute_micro = 0

    def add(self, *, notional_micro: int, at_ms: int) -> None:
        """Count a trade's worth (1e-6 USDT)."""
        self._turn_minute(at_ms)
        self._minute_micro += notional_micro
        self._recent_micro += notional_micro
        second = at_ms // _SECOND_MS
        if self._seconds and self._seconds[-1][0] == second:
            notional_micro += self._seconds.pop()[1]
        self._seconds.append((second, notional_micro))

    def is_busy(self, at_ms: int) -> bool:
        """Tell whether the last minute saw at least five times the usual volume."""
        self._turn_minute(at_ms)
        oldest = at_ms // _SECOND_MS - WINDOW_SECONDS
        while self._seconds and self._seconds[0][0] <= oldest:
            self._recent_micro -= self._seconds.popleft()[1]
        count, usual_micro = len(self._minutes), sum(self._minutes)
        if count < FEWEST_USUAL_MINUTES or not usual_micro:
            return False
        return self._recent_micro * count >= BUSY_TIMES_USUAL * usual_micro

    def _turn_minute(self, at_ms: int) -> None:
        minute = at_ms // (WINDOW_SECONDS * _SECOND_MS)
        if self._minute is None:
            self._minute = minute
        for _ in range(min(minute - self._minute, USUAL_MINUTES)):
            self._minutes.append(self._minute_micro)
            self._minute_micro = 0
        self._minute = max(minute, self._minute)


class Extremes:
    """The lowest and highest index (pico-USDT) of the last 60 seconds, by second."""

    def __init__(self) -> None:
        """Start without a past."""
        self._seconds: deque[list[int]] = deque()
        self._low = 0
        self._high = 0

    def take(self, *, index_pico: int, at_ms: int) -> tuple[int, int]:
        """Take an index; return the lowest and highest of the window, this one included."""
        second = at_ms // _SECOND_MS
        if self._seconds and self._seconds[-1][0] == second:
            last = self._seconds[-1]
            last[1], last[2] = min(last[1], index_pico), max(last[2], index_pico)
            self._low, self._high = min(self._low, index_pico), max(self._high, index_pico)
        else:
            self._open_second(second=second, index_pico=index_pico)
        return self._low, self._high

    def _open_second(self, *, second: int, index_pico: int) -> None:
        while self._seconds and self._seconds[0][0] < second - WINDOW_SECONDS:
            self._seconds.popleft()
        self._seconds.append([second, index_pico, index_pico])
        self._low = min(bucket[1] for bucket in self._seconds)
        self._high = max(bucket[2] for bucket in self._seconds)


class Breaker:
    """Tells, once per trip, that a market's minute was too violent."""

    def __init__(self) -> None:
        """Start without a past, not tripped."""
        self.volume = Volume()
        self._extremes = Extremes()
        self._held_until_ms = 0

    def remember(self, *, index_pico: int, at_ms: int) -> None:
        """Take an index of before a restart, so that a move across it is one move."""
        self._extremes.take(index_pico=index_pico, at_ms=at_ms)

    def look(self, *, index_pico: int, at_ms: int) -> Trip | None:
        """Take an index; return why the breaker trips now, if it does."""
        low, high = self._extremes.take(index_pico=index_pico, at_ms=at_ms)
        trip = self._judge(index_pico=index_pico, low=low, high=high, at_ms=at_ms)
        if trip is None or at_ms < self._held_until_ms:
            return None
        self._held_until_ms = at_ms + HOLD_MS
        return trip

    def _judge(self, *, index_pico: int, low: int, high: int, at_ms: int) -> Trip | None:
        if moved(index_pico=index_pico, low=low, high=high, percent=LARGEST_MOVE_PERCENT):
            return Trip.PRICE
        if moved(
            index_pico=index_pico, low=low, high=high, percent=BUSY_MOVE_PERCENT
        ) and self.volume.is_busy(at_ms):
            return Trip.PRICE_AND_VOLUME
        return None


def moved(*, index_pico: int, low: int, high: int, percent: int) -> bool:
    """Tell whether an index is so many percent above the low or below the high."""
    rose = 100 * (index_pico - low) >= percent * low
    fell = 100 * (high - index_pico) >= percent * high
    return rose or fell
