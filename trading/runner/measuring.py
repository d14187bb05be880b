"""Measuring: what the engine counts of itself, step by step.

What is not here: how it is shown (`trading.metrics`).
"""

from collections.abc import Iterable
from typing import Final

from engine.decision import effective_state
from engine.events import Filled, LiquidationStarted
from engine.state import State
from engine.vocabulary import MarketState
from trading.engine_figures import EngineFigures, decode_figures, encode_figures
from trading.runner.deciding import DecidedStep

TOLD_EVERY_MS: Final = 30_000
ROUND: Final = 1_000
"""Counts are told rarely and in thousands: one by one they would tell of orders that rest (I24)."""
MATCHING: Final = (MarketState.ACTIVE, MarketState.REDUCE_ONLY)
STALE_MS: Final = 1_500


class Measures:
    """The figures of this process."""

    def __init__(self, *, began_ms: int) -> None:
        self.figures = EngineFigures(began_ms=began_ms)
        self._told = rounded(self.figures)
        self._told_at_ms = began_ms

    def count(
        self, whole: DecidedStep, *, commands: int, marks: list[float], told_s: Iterable[float]
    ) -> None:
        """Count a step that was made; `marks`: begun, taken, decided, committed.

        `told_s` are the times that telling took since the last step: of steps before.
        """
        found = self.figures
        began, taken, decided, committed = marks
        found.step_s.add(committed - began)
        found.decide_s.add(decided - taken)
        found.commit_s.add(committed - decided)
        for seconds in told_s:
            found.tell_s.add(seconds)
        found.step_commands.add(commands)
        found.commands += commands
        found.events += len(whole.rows)
        for row in whole.rows:
            found.event_bytes += len(row.payload)
        for one in whole.decided:
            for event in one.events:
                found.trades += isinstance(event, Filled)
                found.liquidations += isinstance(event, LiquidationStarted)

    def look(self, state: State, *, at_ms: int) -> EngineFigures:
        """Return what may be told: old counts, and what is true of the markets now."""
        if at_ms - self._told_at_ms >= TOLD_EVERY_MS:
            self._told, self._told_at_ms = rounded(self.figures), at_ms
        ages = [
            at_ms - market.prices.quoted_at_ms
            for market in state.markets.values()
            if effective_state(market) in MATCHING
        ]
        self._told.restored_s = self.figures.restored_s
        self._told.stale_references = sum(age > STALE_MS for age in ages)
        self._told.oldest_reference_s = max(ages, default=0) / 1_000
        return self._told


def rounded(figures: EngineFigures, /) -> EngineFigures:
    """Return a copy of figures with what could tell of single orders in thousands."""
    copy = decode_figures(encode_figures(figures))
    for name in ("commands", "events", "event_bytes"):
        count = getattr(copy, name)
        setattr(copy, name, count - count % ROUND)
    return copy
