"""Funding: one premium a second, one rate an hour.

`P` = average premium of the hour; `F8h = P + clamp(0.01% - P, +-0.05%)`; the hourly rate
is `F8h / 8`, clamped to +-0.05% (PRODUCT.md section 6). What is not here: payments.
"""

from collections.abc import Sequence

import msgspec

from prices.units import clamp, nearest_div

SECONDS_PER_MINUTE = 60
SECONDS_PER_HOUR = 3_600
INTEREST_8H_PPB = 100_000
LARGEST_INTEREST_GAP_PPB = 500_000
LARGEST_HOURLY_PPB = 500_000
HOURS_PER_PERIOD = 8


class Sample(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One market's premium at the beginning of a second; none without an index."""

    premium_ppb: int | None
    at_ms: int


class MinuteOfSamples(msgspec.Struct, frozen=True, kw_only=True):
    """One market's sixty samples of one minute; none for a second without an index.

    The half ticks and the perpetuals' count are the inputs, kept for audit.
    """

    market_id: str
    minute_ms: int
    premiums_ppb: tuple[int | None, ...]
    index_half_ticks: tuple[int | None, ...]
    mark_half_ticks: tuple[int | None, ...]
    perpetuals: tuple[int, ...]


def hourly_rate_ppb(premiums_ppb: Sequence[int | None]) -> int | None:
    """Return an hour's funding rate; none if its index was missing for more than half of it.

    Seconds without a sample count as missing.
    """
    average_ppb = average_premium_ppb(premiums_ppb)
    return None if average_ppb is None else rate_of_average_ppb(average_ppb)


def rate_of_average_ppb(average_ppb: int) -> int:
    """Return the hourly funding rate of an average premium."""
    eight_hours_ppb = average_ppb + clamp(
        INTEREST_8H_PPB - average_ppb, limit=LARGEST_INTEREST_GAP_PPB
    )
    hourly_ppb = nearest_div(eight_hours_ppb, HOURS_PER_PERIOD)
    return clamp(hourly_ppb, limit=LARGEST_HOURLY_PPB)


def average_premium_ppb(premiums_ppb: Sequence[int | None]) -> int | None:
    """Return the average premium of an hour, or none if more than half of it is missing."""
    present = [premium for premium in premiums_ppb if premium is not None]
    if 2 * len(present) < SECONDS_PER_HOUR:
        return None
    return nearest_div(sum(present), len(present))


class HourSoFar:
    """The premiums of the running hour, for the rate as it stands."""

    def __init__(self, *, hour_ms: int = 0, total_ppb: int = 0, count: int = 0) -> None:
        """Start with what is known of the hour that began at a moment."""
        self._hour_ms = hour_ms
        self._total_ppb = total_ppb
        self._count = count

    def take(self, *, at_ms: int, premium_ppb: int) -> None:
        """Take a second's premium; a new hour begins anew."""
        hour_ms = at_ms - at_ms % (SECONDS_PER_HOUR * 1_000)
        if hour_ms != self._hour_ms:
            self._hour_ms, self._total_ppb, self._count = hour_ms, 0, 0
        self._total_ppb += premium_ppb
        self._count += 1

    def rate_ppb(self) -> int | None:
        """Return the hourly rate if the hour went on as it went so far."""
        if not self._count:
            return None
        return rate_of_average_ppb(nearest_div(self._total_ppb, self._count))


class Sampler:
    """Collects one market's samples, one a second, into minutes."""

    def __init__(self, market_id: str) -> None:
        """Start without a minute."""
        self._market_id = market_id
        self._minute_ms: int | None = None
        self._seconds: dict[int, tuple[int | None, int | None, int | None, int]] = {}

    def take(
        self,
        *,
        at_ms: int,
        premium_ppb: int | None,
        index_half_ticks: int | None,
        mark_half_ticks: int | None,
        perpetuals: int,
    ) -> MinuteOfSamples | None:
        """Take a sample, the first of its second; return the minute before, when it is over."""
        minute_ms = at_ms - at_ms % (SECONDS_PER_MINUTE * 1_000)
        finished = None
        if self._minute_ms is not None and minute_ms != self._minute_ms:
            finished = self.close()
        if self._minute_ms is None:
            self._minute_ms = minute_ms
        second = (at_ms - self._minute_ms) // 1_000
        sample = (premium_ppb, index_half_ticks, mark_half_ticks, perpetuals)
        self._seconds.setdefault(second, sample)
        return finished

    def close(self) -> MinuteOfSamples | None:
        """Return the minute as far as it was sampled, and begin anew."""
        if self._minute_ms is None:
            return None
        missing = (None, None, None, 0)
        rows = [self._seconds.get(second, missing) for second in range(SECONDS_PER_MINUTE)]
        minute = MinuteOfSamples(
            market_id=self._market_id,
            minute_ms=self._minute_ms,
            premiums_ppb=tuple(row[0] for row in rows),
            index_half_ticks=tuple(row[1] for row in rows),
            mark_half_ticks=tuple(row[2] for row in rows),
            perpetuals=tuple(row[3] for row in rows),
        )
        self._minute_ms, self._seconds = None, {}
        return minute
