"""What each account can claim at a checkpoint: its leaf at the marks, never less than nothing.

Margin is isolated, so a position that lost more than its collateral takes nothing of the rest of
its account; the venue's own leaves answer with everything they have. The marks are those that
roots committed, as the median over half an hour, so that one leap moves no claim. What is not
here: hashing (`chain.claims`), and the checkpoint (`trading.checkpoints`).
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from chain.layouts import Market as ChainMarket
from engine.units import MINUTE_MS
from trading.state_leaves import NOBODY, Content

MEDIAN_MINUTES: Final = 30


@dataclass(frozen=True, slots=True)
class Standing:
    """The marks that stood on chain after the n-th root, in half ticks; zero: none yet."""

    number: int
    at_ms: int
    marks_half_ticks: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The markets of a checkpoint in the chain's order: a unit is what half a tick of a lot is."""

    symbols: tuple[str, ...]
    marks_half_ticks: tuple[int, ...]
    units_micro: tuple[int, ...]


def terms_of(chain_markets: Sequence[ChainMarket], marks: Sequence[int], /) -> Terms:
    """Join the chain's markets with their marks; one that never had any has zero."""
    width = len(chain_markets)
    return Terms(
        symbols=tuple(market.symbol for market in chain_markets),
        marks_half_ticks=(*marks, *[0] * width)[:width],
        units_micro=tuple(market.unit_micro for market in chain_markets),
    )


def median_marks(standing: Sequence[Standing], /, *, at_ms: int) -> tuple[int, ...]:
    """Return each market's lower median of the marks at a moment and at the 29 minutes before.

    `standing` is in order of time and holds what stood at the first of them; a minute before the
    first root, or before a market's first mark, does not count.
    """
    times = [one.at_ms for one in standing]
    samples = []
    for minutes in range(MEDIAN_MINUTES):
        place = bisect_right(times, at_ms - minutes * MINUTE_MS)
        if place:
            samples.append(standing[place - 1].marks_half_ticks)
    width = max((len(sample) for sample in samples), default=0)
    columns = (
        sorted(sample[market] for sample in samples if market < len(sample) and sample[market])
        for market in range(width)
    )
    return tuple(column[(len(column) - 1) // 2] if column else 0 for column in columns)


def claim_micro(content: Content, terms: Terms, /) -> int:
    """Return what a leaf can claim, in micro-USDT."""
    marks, units = terms.marks_half_ticks, terms.units_micro
    gains = [
        (size * marks[market] * units[market] - cost, collateral)
        for market, size, cost, collateral in content.positions
    ]
    if content.owner == NOBODY:
        return max(0, content.cash_micro + sum(gain for gain, _collateral in gains))
    free = content.cash_micro - sum(collateral for _gain, collateral in gains)
    return max(0, free + sum(max(0, collateral + gain) for gain, collateral in gains))


def sizes_lots(contents: Iterable[Content], /, *, markets: int) -> tuple[int, ...]:
    """Return the sum of all sizes for each market: zero, since every long has its short."""
    sums: Counter[int] = Counter()
    for content in contents:
        for market, size, _cost, _collateral in content.positions:
            sums[market] += size
    return tuple(sums[market] for market in range(markets))
