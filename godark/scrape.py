"""The address that Prometheus reads: this process's figures, and the state of the machinery.

Open to loopback and the configured networks only: figures of latency would tell strangers of
hidden flow.
"""

from collections.abc import Iterable

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Metric,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from godark import proxies
from godark.health import Report, watch
from godark.jobs.models import Outcome


class Machinery(Collector):
    """Which part is up, which job is late, how long each took and when it last succeeded."""

    def collect(self) -> Iterable[Metric]:
        """Yield the figures of the moment; bounded in time as the health page is."""
        return figures(watch.report())

    def describe(self) -> Iterable[Metric]:
        """Return nothing: who registers this asks no database."""
        return ()


def figures(report: Report) -> Iterable[Metric]:
    """Yield a report as Prometheus takes it."""
    up = GaugeMetricFamily("godark_part_up", "1: up, 0: down.", labels=("part",))
    for name, part in report.parts.items():
        up.add_metric((name,), part.up)
    late = GaugeMetricFamily("godark_job_late", "1: it missed its time.", labels=("job",))
    failed = GaugeMetricFamily("godark_job_failed", "1: its last run failed.", labels=("job",))
    seconds = GaugeMetricFamily(
        "godark_job_duration_seconds", "Of the last run that ended.", labels=("job",)
    )
    succeeded = GaugeMetricFamily(
        "godark_job_last_success_timestamp_seconds", "Unix time.", labels=("job",)
    )
    for run in report.jobs:
        late.add_metric((run.name,), run.name in report.late)
        failed.add_metric((run.name,), run.outcome == Outcome.FAILED)
        if run.duration_ms is not None:
            seconds.add_metric((run.name,), run.duration_ms / 1000)
        if run.succeeded_at is not None:
            succeeded.add_metric((run.name,), run.succeeded_at.timestamp())
    return (up, late, failed, seconds, succeeded)


MACHINERY = CollectorRegistry()
MACHINERY.register(Machinery())


@require_safe
def scrape(request: HttpRequest) -> HttpResponse:
    """Answer Prometheus; to strangers there is no such address."""
    if not proxies.is_inside(request, settings.METRICS_NETWORKS):
        raise Http404
    told = generate_latest(REGISTRY) + generate_latest(MACHINERY)
    return HttpResponse(told, content_type=CONTENT_TYPE_LATEST)
