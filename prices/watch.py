"""The watch: signs that somebody moves the index, or that the venues part ways.

A return of one second is compared with those of the last five minutes. Floats are allowed
here: an alert moves no money. What is not here: who is told, and the breaker.
"""

import math
from collections import deque
from enum import StrEnum

import msgspec

from prices.consolidate import Consolidation
from prices.records import Drop, Rung
from prices.units import PPB, ratio_ppb

WINDOW_SECONDS = 300
FEWEST_RETURNS = 60
LARGEST_Z = 6.0
# Below a deviation of one basis point a second, a market counts as that lively: else the
# first tick of a pegged coin after five still minutes would be infinitely unusual.
SMALLEST_DEVIATION = 0.0001
LARGEST_DISPERSION_PPB = 2_500_000
LARGEST_ORACLE_GAP_PPB = 10_000_000
QUIET_MS = 60_000
# After a start the sources come one by one; until then a low rung is no news.
GRACE_MS = 10_000
_SECOND_MS = 1_000


class Sign(StrEnum):
    """What the watch saw."""

    UNUSUAL_RETURN = "UNUSUAL_RETURN"
    DIVERGING_VENUES = "DIVERGING_VENUES"
    ORACLES_DISAGREE = "ORACLES_DISAGREE"
    DEGRADED = "DEGRADED"


class Alert(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One alert: a market, what was seen, and a sentence for a person."""

    market_id: str
    sign: Sign
    detail: str
    at_ms: int


class Returns:
    """The one-second log-returns of an index over the last five minutes."""

    def __init__(self) -> None:
        """Start without a past."""
        self._returns: deque[float] = deque()
        self._sum = 0.0
        self._squares = 0.0
        self._last: tuple[int, int] | None = None

    def z_of(self, *, index_pico: int, at_ms: int) -> float | None:
        """Take an index; return the z of its return when a second is full and the past long."""
        if self._last is None:
            self._last = (at_ms, index_pico)
            return None
        last_ms, last_pico = self._last
        elapsed_ms = at_ms - last_ms
        if elapsed_ms < _SECOND_MS:
            return None
        scaled = math.log(index_pico / last_pico) / math.sqrt(elapsed_ms / _SECOND_MS)
        z = self._compare(scaled)
        self._remember(scaled)
        self._last = (at_ms, index_pico)
        return z

    def _compare(self, value: float) -> float | None:
        count = len(self._returns)
        if count < FEWEST_RETURNS:
            return None
        mean = self._sum / count
        deviation = math.sqrt(max(0.0, self._squares / count - mean * mean))
        return (value - mean) / max(deviation, SMALLEST_DEVIATION)

    def _remember(self, value: float) -> None:
        self._returns.append(value)
        self._sum += value
        self._squares += value * value
        if len(self._returns) > WINDOW_SECONDS:
            oldest = self._returns.popleft()
            self._sum -= oldest
            self._squares -= oldest * oldest


class Watch:
    """Watches one market, and repeats an alert of one kind at most once a minute."""

    def __init__(self, market_id: str) -> None:
        """Start watching a market without a past."""
        self._market_id = market_id
        self._returns = Returns()
        self._told_ms: dict[Sign, int] = {}
        self._began_ms: int | None = None

    def look(self, *, consolidation: Consolidation, at_ms: int) -> tuple[Alert, ...]:
        """Return what there is to tell about a new index."""
        if self._began_ms is None:
            self._began_ms = at_ms
        signs = [*self._unusual(consolidation, at_ms=at_ms), *diverging(consolidation)]
        if at_ms - self._began_ms >= GRACE_MS:
            signs.extend(degraded(consolidation))
        return tuple(
            Alert(market_id=self._market_id, sign=sign, detail=detail, at_ms=at_ms)
            for sign, detail in signs
            if self._may_tell(sign=sign, at_ms=at_ms)
        )

    def _unusual(self, consolidation: Consolidation, *, at_ms: int) -> list[tuple[Sign, str]]:
        if consolidation.index_pico is None:
            return []
        z = self._returns.z_of(index_pico=consolidation.index_pico, at_ms=at_ms)
        if z is None or abs(z) <= LARGEST_Z:
            return []
        return [(Sign.UNUSUAL_RETURN, f"The index moved {z:+.1f} deviations in a second.")]

    def _may_tell(self, *, sign: Sign, at_ms: int) -> bool:
        told_ms = self._told_ms.get(sign)
        if told_ms is not None and at_ms - told_ms < QUIET_MS:
            return False
        self._told_ms[sign] = at_ms
        return True


def diverging(consolidation: Consolidation) -> list[tuple[Sign, str]]:
    """Return the signs that sources contradict each other, each with its sentence."""
    signs: list[tuple[Sign, str]] = []
    outliers = [venue.source.name for venue in consolidation.venues if venue.drop is Drop.OUTLIER]
    if outliers:
        signs.append((Sign.DIVERGING_VENUES, f"Dropped as outliers: {', '.join(outliers)}."))
    elif consolidation.dispersion_ppb > LARGEST_DISPERSION_PPB:
        percent = consolidation.dispersion_ppb * 100 / PPB
        signs.append((Sign.DIVERGING_VENUES, f"The venues lie {percent:.2f}% apart."))
    gap_ppb = _oracle_gap_ppb(consolidation)
    if gap_ppb > LARGEST_ORACLE_GAP_PPB:
        percent = gap_ppb * 100 / PPB
        signs.append((Sign.ORACLES_DISAGREE, f"An oracle lies {percent:.2f}% from the index."))
    return signs


def degraded(consolidation: Consolidation) -> list[tuple[Sign, str]]:
    """Return the sign that a market lives on a remainder of its sources, or on none."""
    if consolidation.rung not in {Rung.REMAINDER, Rung.NONE}:
        return []
    if consolidation.rung is Rung.NONE:
        return [(Sign.DEGRADED, "No source is left: the market halts.")]
    return [(Sign.DEGRADED, "Only a remainder of the sources is left: the market only reduces.")]


def _oracle_gap_ppb(consolidation: Consolidation) -> int:
    index_pico = consolidation.index_pico
    if index_pico is None:
        return 0
    return max(
        (
            ratio_ppb(part=abs(oracle.mid_pico - index_pico), whole=index_pico)
            for oracle in consolidation.oracles
            if oracle.drop is None
        ),
        default=0,
    )
