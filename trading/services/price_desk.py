"""The desk of the price service: what each step leaves to be kept or told.

It samples once a second, draws candles, remembers the last minutes for the sparkline, and
hands out what is finished. What is not here: rows, Redis, and the clock.
"""

import threading
from collections import deque
from collections.abc import Iterable, Mapping

import msgspec

from prices.board import MarketPrices
from prices.breaker import Trip
from prices.candles import Candle, CandleMaker
from prices.funding import HourSoFar, MinuteOfSamples, Sample, Sampler
from prices.records import USDT_USD
from prices.watch import Alert

SPARK_SECONDS = 180


class Pending(msgspec.Struct, kw_only=True):
    """What waits to be written."""

    candles: list[Candle] = []
    minutes: list[MinuteOfSamples] = []
    alerts: list[Alert] = []
    trips: dict[str, Trip] = {}

    def is_empty(self) -> bool:
        """Tell whether nothing waits."""
        return not (self.candles or self.minutes or self.alerts or self.trips)

    def put_back(self, earlier: "Pending") -> None:
        """Wait again with what could not be written, before what came since."""
        self.candles = earlier.candles + self.candles
        self.minutes = earlier.minutes + self.minutes
        self.alerts = earlier.alerts + self.alerts
        self.trips = earlier.trips | self.trips


class MarketDesk:
    """What is kept of one market between steps."""

    def __init__(self, market_id: str, *, hour: HourSoFar) -> None:
        """Start with what is known of the running hour."""
        self._candles = CandleMaker(market_id)
        self._sampler = Sampler(market_id)
        self._second: int | None = None
        self.sample: Sample | None = None
        self.hour = hour
        self.spark: deque[tuple[int | None, int | None]] = deque(maxlen=SPARK_SECONDS)

    def take(self, one: MarketPrices, *, pending: Pending) -> None:
        """Draw the candle at every step, and sample at the first of each second."""
        if one.index_half_ticks is not None:
            finished = self._candles.take(
                at_ms=one.at_ms,
                index_half_ticks=one.index_half_ticks,
                volume_micro=one.volume_micro,
            )
            if finished is not None:
                pending.candles.append(finished)
        if one.at_ms // 1_000 != self._second:
            self._second = one.at_ms // 1_000
            self._sample(one, pending=pending)

    def _sample(self, one: MarketPrices, *, pending: Pending) -> None:
        self.sample = Sample(premium_ppb=one.premium_ppb, at_ms=one.at_ms)
        self.spark.append((one.index_half_ticks, one.mark_half_ticks))
        if one.premium_ppb is not None:
            self.hour.take(at_ms=one.at_ms, premium_ppb=one.premium_ppb)
        minute = self._sampler.take(
            at_ms=one.at_ms,
            premium_ppb=one.premium_ppb,
            index_half_ticks=one.index_half_ticks,
            mark_half_ticks=one.mark_half_ticks,
            perpetuals=sum(perpetual.drop is None for perpetual in one.perpetuals),
        )
        if minute is not None:
            pending.minutes.append(minute)


class PriceDesk:
    """All markets' desks, and the newest prices."""

    def __init__(self, market_ids: Iterable[str], *, hours: Mapping[str, HourSoFar]) -> None:
        """Start with what is known of each market's running hour."""
        self.markets = {
            market_id: MarketDesk(market_id, hour=hours.get(market_id) or HourSoFar())
            for market_id in market_ids
            if market_id != USDT_USD
        }
        self.newest: list[MarketPrices] = []
        self.steps = 0
        self.pending = Pending()
        # One thread takes, another drains: what is taken meanwhile must not be lost.
        self._lock = threading.Lock()

    def take(self, prices: list[MarketPrices]) -> None:
        """Take a step's prices."""
        self.newest = prices
        self.steps += 1
        with self._lock:
            for one in prices:
                self._take(one)

    def _take(self, one: MarketPrices) -> None:
        self.pending.alerts.extend(one.alerts)
        if one.trip is not None:
            self.pending.trips[one.market_id] = one.trip
        desk = self.markets.get(one.market_id)
        if desk is not None:
            desk.take(one, pending=self.pending)

    def drain(self) -> Pending:
        """Return what waits, and begin anew."""
        with self._lock:
            pending, self.pending = self.pending, Pending()
        return pending

    def put_back(self, earlier: Pending) -> None:
        """Wait again with what could not be written."""
        with self._lock:
            self.pending.put_back(earlier)

    def samples(self) -> dict[str, Sample]:
        """Return each market's newest sample of the premium."""
        return {
            market_id: desk.sample
            for market_id, desk in self.markets.items()
            if desk.sample is not None
        }

    def rates_ppb(self) -> dict[str, int]:
        """Return each market's funding rate as the running hour stands."""
        rates = {market_id: desk.hour.rate_ppb() for market_id, desk in self.markets.items()}
        return {market_id: rate for market_id, rate in rates.items() if rate is not None}
