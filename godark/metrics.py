"""What this process counts for Prometheus. The address it is read at is in `godark.scrape`."""

from prometheus_client import Counter, Gauge, Histogram

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
HASHES_REFUSED = Counter(
    "godark_password_hashes_refused", "Log-ins sent away since too many hashed at once."
)
SOCKETS = Gauge("godark_sockets", "WebSockets open in this process.")
SOCKET_PASS = Histogram(
    "godark_socket_pass_seconds",
    "Seconds in which what was told went out to all who listen here.",
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1),
)
SOCKET_GAPS = Counter(
    "godark_socket_gaps", "Channels here whose listeners got a new snapshot for what was missed."
)
SOCKETS_CUT = Counter("godark_sockets_cut", "Sockets closed by us.", labelnames=("why",))
