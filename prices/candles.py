"""One-minute candles of an index.

What is not here: longer intervals, which are folded from these, and candles of our trades.
"""

from collections.abc import Sequence

import msgspec

MINUTE_MS = 60_000
LARGEST_VOLUME_MICRO = 2**63 - 1


class Candle(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The index of one minute in half ticks, with the outside volume (1e-6 USDT)."""

    market_id: str
    opened_at_ms: int
    open_half_ticks: int
    high_half_ticks: int
    low_half_ticks: int
    close_half_ticks: int
    volume_micro: int = 0


class CandleMaker:
    """Draws one market's candles from its index as it moves."""

    def __init__(self, market_id: str) -> None:
        """Start without a candle."""
        self._market_id = market_id
        self._open: Candle | None = None

    @property
    def current(self) -> Candle | None:
        """Return the candle that is being drawn."""
        return self._open

    def take(self, *, at_ms: int, index_half_ticks: int, volume_micro: int) -> Candle | None:
        """Take an index; return the candle before, when its minute is over (or left backwards)."""
        minute_ms = at_ms - at_ms % MINUTE_MS
        candle = self._open
        if candle is None or minute_ms != candle.opened_at_ms:
            self._open = Candle(
                market_id=self._market_id,
                opened_at_ms=minute_ms,
                open_half_ticks=index_half_ticks,
                high_half_ticks=index_half_ticks,
                low_half_ticks=index_half_ticks,
                close_half_ticks=index_half_ticks,
                volume_micro=volume_micro,
            )
            return candle
        self._open = Candle(
            market_id=self._market_id,
            opened_at_ms=candle.opened_at_ms,
            open_half_ticks=candle.open_half_ticks,
            high_half_ticks=max(candle.high_half_ticks, index_half_ticks),
            low_half_ticks=min(candle.low_half_ticks, index_half_ticks),
            close_half_ticks=index_half_ticks,
            volume_micro=min(LARGEST_VOLUME_MICRO, candle.volume_micro + volume_micro),
        )
        return None


def fold(candles: Sequence[Candle], *, interval_ms: int) -> list[Candle]:
    """Return longer candles from one-minute ones of one market, oldest first."""
    folded: list[Candle] = []
    for candle in candles:
        opened_at_ms = candle.opened_at_ms - candle.opened_at_ms % interval_ms
        if folded and folded[-1].opened_at_ms == opened_at_ms:
            folded[-1] = _join(folded[-1], later=candle)
        else:
            folded.append(msgspec.structs.replace(candle, opened_at_ms=opened_at_ms))
    return folded


def _join(earlier: Candle, *, later: Candle) -> Candle:
    return msgspec.structs.replace(
        earlier,
        high_half_ticks=max(earlier.high_half_ticks, later.high_half_ticks),
        low_half_ticks=min(earlier.low_half_ticks, later.low_half_ticks),
        close_half_ticks=later.close_half_ticks,
        volume_micro=earlier.volume_micro + later.volume_micro,
    )
