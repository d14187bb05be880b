"""What Prometheus counts of this process, and the address it reads them at.

Open to loopback and the configured networks only: figures of latency would tell strangers of
hidden flow.
"""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

from godark import proxies

REQUESTS = Counter(
    "godark_http_requests", "Requests answered.", labelnames=("method", "route", "status")
)
REQUEST_SECONDS = Histogram(
    "godark_http_request_seconds",
    "Seconds from the first middleware to the answer.",
    labelnames=("method", "route"),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
REFUSED_BY_LIMIT = Counter(
    "godark_rate_limit_refused", "Requests refused by a limit.", labelnames=("kind",)
)
LIMITS_UNREACHABLE = Counter(
    "godark_rate_limit_unreachable", "Requests let through uncounted since Redis was away."
)
SOCKETS = Gauge("godark_sockets", "WebSockets open in this process.")


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer Prometheus; to strangers there is no such address."""
    if not proxies.is_inside(request, settings.METRICS_NETWORKS):
        raise Http404
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)
