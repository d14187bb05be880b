"""The venue's queue, log, money and duties, read from its rows at each scrape."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from django.conf import settings
from django.db import Error, connection
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from trading.models import AlertKind
from trading.selectors.funds import Backstop
from trading.selectors.venue_figures import Look, MarketMoney, VenueFigures, venue_figures

Looking = Callable[[], Look]

MICRO = 1_000_000
ROUND = 1_000
"""How many events there are to the last one would tell of orders that rest (I24)."""


class Bounded:
    """A look in a thread of its own: a database that hangs costs a scrape two seconds."""

    def __init__(self, look: Looking) -> None:
        self._look = look
        self._running: Future[Look] | None = None
        self._threads = ThreadPoolExecutor(max_workers=1, thread_name_prefix="venue-figures")

    def __call__(self) -> Look:
        """Return what is seen; TimeoutError while it is not, and nothing is begun twice."""
        if self._running is None or self._running.done():
            self._running = self._threads.submit(self._look_and_leave)
        return self._running.result(timeout=settings.PROBE_SECONDS)

    def _look_and_leave(self) -> Look:
        try:
            return self._look()
        finally:
            connection.close()


class VenueCollector(Collector):
    """Looks at the database at each scrape."""

    def __init__(self, look: Looking = venue_figures) -> None:
        self._look = look

    def describe(self) -> Iterable[Metric]:
        """Name nothing beforehand: the database is asked only at a scrape."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Return the figures; none where the database does not answer."""
        try:
            figures, markets, alerts, backstop = self._look()
        except (Error, TimeoutError):
            return
        yield from duties(figures)
        yield from of_the_log(figures)
        yield from money(figures, markets)
        yield from of_the_backstop(backstop)
        family = CounterMetricFamily("godark_alerts", "Alerts raised, by kind.", labels=["kind"])
        for kind in AlertKind.values:
            family.add_metric([kind], float(alerts.get(kind, 0)))
        yield family


def duties(figures: VenueFigures) -> Iterable[Metric]:
    """Yield what must not grow: the queue, the lag of funding, suspects, the age of the root."""
    for family, value in (
        (
            GaugeMetricFamily("godark_engine_leaders", "Engines that hold the lock: one."),
            figures.leaders,
        ),
        (GaugeMetricFamily("godark_commands_waiting", "In the inbox."), figures.waiting),
        (
            GaugeMetricFamily("godark_commands_oldest_waiting_seconds", "How long it has waited."),
            figures.oldest_waiting_s,
        ),
        (
            GaugeMetricFamily("godark_commands_set_aside", "That failed twice."),
            figures.set_aside,
        ),
        (
            GaugeMetricFamily("godark_funding_lag_seconds", "Since the last second sampled."),
            figures.funding_lag_s,
        ),
        (
            GaugeMetricFamily(
                "godark_liquidation_suspects", "Positions below maintenance and untouched."
            ),
            figures.suspects,
        ),
        (
            GaugeMetricFamily("godark_chain_root_age_seconds", "Of the last confirmed root."),
            figures.root_age_s,
        ),
        (
            GaugeMetricFamily("godark_withdrawals_waiting", "Held, or released and not yet paid."),
            figures.withdrawals_waiting,
        ),
    ):
        family.add_metric((), float(value))
        yield family


def of_the_log(figures: VenueFigures) -> Iterable[Metric]:
    """Yield how long and large the log is, and how far back the last snapshot lies."""
    for family, value in (
        (
            GaugeMetricFamily("godark_log_events", "In the log, thousands."),
            rounded(figures.log_events),
        ),
        (GaugeMetricFamily("godark_log_bytes", "Its size on disk."), figures.log_bytes),
        (
            GaugeMetricFamily("godark_snapshot_age_seconds", "Of the newest snapshot."),
            figures.snapshot_age_s,
        ),
        (
            GaugeMetricFamily("godark_snapshot_lag_events", "Events after it, thousands."),
            rounded(figures.log_events - figures.snapshot_sequence),
        ),
    ):
        family.add_metric((), float(value))
        yield family


def money(figures: VenueFigures, markets: Sequence[MarketMoney]) -> Iterable[Metric]:
    """Yield the funds that stand between losses and users, and the hours of funding."""
    insurance = GaugeMetricFamily(
        "godark_insurance_usdt", "A market's insurance fund.", labels=["market"]
    )
    target = GaugeMetricFamily(
        "godark_insurance_target_usdt",
        "What the fund should hold: 1% of the published open interest.",
        labels=["market"],
    )
    debt = GaugeMetricFamily("godark_venue_debt_usdt", "A market's debt.", labels=["market"])
    hour = GaugeMetricFamily(
        "godark_funding_paid_timestamp_seconds",
        "End of the last hour that was paid, Unix time.",
        labels=["market"],
    )
    for market in markets:
        insurance.add_metric([market.symbol], market.insurance_micro / MICRO)
        if market.target_micro is not None:
            target.add_metric([market.symbol], market.target_micro / MICRO)
        debt.add_metric([market.symbol], market.debt_micro / MICRO)
        if market.paid_hour:
            hour.add_metric([market.symbol], (market.paid_hour + 1) * 3_600.0)
    whole = GaugeMetricFamily("godark_global_insurance_usdt", "The global fund.")
    whole.add_metric((), float(figures.global_insurance_micro) / MICRO)
    yield from (insurance, target, debt, hour, whole)


def of_the_backstop(backstop: Backstop) -> Iterable[Metric]:
    """Yield what the backstop holds, what stands behind it, and what it may still take over."""
    for family, micro in (
        (GaugeMetricFamily("godark_backstop_notional_usdt", "It holds."), backstop.notional_micro),
        (GaugeMetricFamily("godark_backstop_equity_usdt", "Behind it."), backstop.equity_micro),
        (
            GaugeMetricFamily("godark_backstop_room_usdt", "It may still take over."),
            backstop.room_micro(),
        ),
    ):
        family.add_metric((), micro / MICRO)
        yield family


def rounded(events: int) -> int:
    """Return a number of events in whole thousands."""
    return events - events % ROUND
