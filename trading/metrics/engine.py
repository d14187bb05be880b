"""The engine's pace, read from what its process left in Redis."""

from collections.abc import Iterable
from typing import Final

import msgspec
import redis
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from godark import alive
from trading.engine_figures import (
    EngineFigures,
    Spread,
    decode_figures,
    figures_key,
    standby_key,
)

Found = tuple[EngineFigures | None, bool]


class EngineCollector(Collector):
    """Reads the figures at each scrape."""

    def describe(self) -> Iterable[Metric]:
        """Name nothing beforehand: Redis is asked only at a scrape."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Return the engine's figures; only whether it is up where it is not."""
        found, stands_by = engine_figures()
        up = GaugeMetricFamily("godark_engine_up", "Whether the engine tells its figures.")
        up.add_metric((), float(found is not None))
        yield up
        standby = GaugeMetricFamily("godark_engine_standby", "Whether another stands by.")
        standby.add_metric((), float(stands_by))
        yield standby
        if found is not None:
            yield from counters(found)
            yield from gauges(found)
            yield from spreads(found)


def engine_figures() -> Found:
    """Return what stands in Redis, and whether a standby gave a sign of life."""
    try:
        with alive.client() as client:
            data, standby = client.mget(figures_key(), standby_key())
        return (None if data is None else decode_figures(data)), standby is not None
    except (redis.RedisError, msgspec.MsgspecError):
        return None, False


def counters(found: EngineFigures) -> Iterable[Metric]:
    """Yield what only grows while the process lives."""
    for family, value in (
        (
            CounterMetricFamily(
                "godark_engine_commands", "Commands taken, prices among them; in thousands."
            ),
            found.commands,
        ),
        (
            CounterMetricFamily("godark_engine_events", "Appended; in thousands."),
            found.events,
        ),
        (
            CounterMetricFamily("godark_engine_event_bytes", "Their bytes, unpacked."),
            found.event_bytes,
        ),
        (CounterMetricFamily("godark_engine_trades", "Executions of all kinds."), found.trades),
        (
            CounterMetricFamily("godark_engine_liquidations", "Liquidations begun."),
            found.liquidations,
        ),
    ):
        family.add_metric((), float(value))
        yield family


def gauges(found: EngineFigures) -> Iterable[Metric]:
    """Yield what is true of this moment."""
    for family, value in (
        (
            GaugeMetricFamily("godark_engine_began_timestamp_seconds", "Unix time."),
            found.began_ms / 1_000,
        ),
        (
            GaugeMetricFamily("godark_engine_restore_seconds", "From lock to ready."),
            found.restored_s,
        ),
        (
            GaugeMetricFamily(
                "godark_engine_stale_references",
                "Open markets whose reference is too old.",
            ),
            found.stale_references,
        ),
        (
            GaugeMetricFamily(
                "godark_engine_oldest_reference_seconds", "Age of the oldest of open markets."
            ),
            found.oldest_reference_s,
        ),
    ):
        family.add_metric((), float(value))
        yield family


def spreads(found: EngineFigures) -> Iterable[Metric]:
    """Yield how long steps and their parts take, and how many commands they hold."""
    for family, spread in (
        (HistogramMetricFamily("godark_engine_step_seconds", "A step."), found.step_s),
        (HistogramMetricFamily("godark_engine_decide_seconds", "Its deciding."), found.decide_s),
        (HistogramMetricFamily("godark_engine_commit_seconds", "Its commit."), found.commit_s),
        (HistogramMetricFamily("godark_engine_tell_seconds", "Its telling."), found.tell_s),
        (
            HistogramMetricFamily("godark_engine_step_commands", "Commands of a step."),
            found.step_commands,
        ),
    ):
        _spread(family, spread)
        yield family


NOTHING: Final = ()


def _spread(family: HistogramMetricFamily, spread: Spread) -> None:
    family.add_metric(NOTHING, buckets=spread.buckets(), sum_value=spread.total)
