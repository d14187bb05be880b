"""What every request passes: its id and log line, the headers of the answer, what is too much.

All of these run on the event loop under ASGI and plainly under WSGI; none of them hops into a
thread. Counting requests stands in `godark.limits`, whose middleware is `godark.counting`.
"""

import re
import time
import uuid
from collections.abc import Callable, Collection, Mapping
from typing import Any

import structlog
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from godark import metrics, proxies
from godark.error_pages import API_PREFIX, answer
from godark.errors import Code, Failure
from godark.logs import route_of

log = structlog.get_logger("godark.request")
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
SERVER_FAILED = 500
QUIET_ROUTES = frozenset({"health", "metrics", "api/v1/health", "static"})
# Never a page by themselves, so that what a page may do need not be told with each of sixty.
PARTS = ("text/css", "text/javascript", "font/")
OF_PAGES = ("Cross-Origin-Opener-Policy", "Referrer-Policy")
"""What Django tells with every answer; a browser's own rule for referrers is ours."""
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "browsing-topics",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "usb",
    )
)


class SiteRequest(HttpRequest):
    """What a request is called after RequestMiddleware has seen it."""

    request_id: str
    client_address: str
    started_seconds: float


class Middleware:
    """A middleware that looks before and after: `before` may answer, `after` may add.

    Subclasses write the two plain methods; both kinds of server call the same ones.
    """

    async_capable = True
    sync_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: SiteRequest) -> Any:
        """Pass a request through."""
        if self.is_async:
            return self._pass_async(request)
        return self.after(request, self.before(request) or self.get_response(request))

    async def _pass_async(self, request: SiteRequest) -> HttpResponseBase:
        return self.after(request, self.before(request) or await self.get_response(request))

    def before(self, request: SiteRequest) -> HttpResponseBase | None:  # noqa: ARG002 - for subclasses
        """Return an answer, or None to ask further in."""
        return None

    def after(self, request: SiteRequest, response: HttpResponseBase) -> HttpResponseBase:  # noqa: ARG002 - for subclasses
        """Return the answer, with what this middleware adds."""
        return response


class RequestMiddleware(Middleware):
    """Gives a request its id and its client's address, and writes its line and its figures."""

    def before(self, request: SiteRequest) -> HttpResponseBase | None:
        """Name the request in every line that it causes."""
        asked = request.headers.get("X-Request-ID", "")
        name = asked if SANE_REQUEST_ID.fullmatch(asked) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=name)
        request.request_id = name
        request.client_address = proxies.address_of(request)
        request.started_seconds = time.perf_counter()
        return None

    def after(self, request: SiteRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Answer the id back; count and log by route, since a path may hold a token.

        The id stays bound: Django writes its own line of a failure after the last middleware.
        """
        response.headers["X-Request-ID"] = request.request_id
        seconds = time.perf_counter() - request.started_seconds
        method = request.method if request.method in METHODS else "OTHER"
        route = _route(request)
        metrics.REQUESTS.labels(method, route, response.status_code).inc()
        metrics.REQUEST_SECONDS.labels(method, route).observe(seconds)
        write = log.warning if response.status_code >= SERVER_FAILED else log.info
        write = log.debug if route in QUIET_ROUTES else write
        write(
            "request",
            method=method,
            route=route,
            status=response.status_code,
            milliseconds=round(seconds * 1000, 1),
            address=request.client_address,
        )
        return response


def _route(request: HttpRequest) -> str:
    """Return the pattern that matched, never the path itself."""
    if request.resolver_match is None and request.path_info.startswith(settings.STATIC_URL):
        return "static"
    return route_of(request)


class HeadersMiddleware(Middleware):
    """Tells browsers what our pages may do, and caches that the API's answers are not theirs.

    Django 6.0 has a content security policy of its own under the same setting; until then
    these lines are all that django-csp would be used for.
    """

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        super().__init__(get_response)
        self.policy = content_security_policy(settings.SECURE_CSP)

    def after(self, request: SiteRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Add the headers that a view has not set; what a page may do, to all but its parts."""
        if not response.headers.get("Content-Type", "").startswith(PARTS):
            response.headers.setdefault("Content-Security-Policy", self.policy)
            response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        else:
            for name in OF_PAGES:
                del response.headers[name]
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if request.path.startswith(API_PREFIX):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def content_security_policy(directives: Mapping[str, Collection[str] | str]) -> str:
    """Return the header of a policy, one directive after the other."""
    return "; ".join(
        f"{name} {sources if isinstance(sources, str) else ' '.join(sources)}"
        for name, sources in directives.items()
    )


class GuardMiddleware(Middleware):
    """Refuses what no view should have to think of, and answers what a page refuses.

    The API's views answer their own refusals; a page just raises one.
    """

    def before(self, request: SiteRequest) -> HttpResponseBase | None:
        """Return the refusal; None for a request of decent shape."""
        failure = _refusal(request)
        return None if failure is None else answer(request, failure)

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        """Answer a refusal that a page raised; every other exception is for others."""
        return answer(request, exception) if isinstance(exception, Failure) else None


def _refusal(request: HttpRequest) -> Failure | None:
    """Return why a request is refused before its body is read, None if it is not."""
    if "\x00" in request.path:
        return Failure(Code.NOT_FOUND, "There is no such address.")
    if "%00" in request.META.get("QUERY_STRING", ""):
        return Failure(Code.VALIDATION_ERROR, "The query holds a NUL character.")
    for name, value in request.headers.items():
        if CONTROL.search(value):
            # PostgreSQL holds no NUL, and what is kept of a header is shown to people.
            return Failure(Code.VALIDATION_ERROR, f"The header {name} holds a control character.")
    length = request.headers.get("Content-Length") or "0"
    if "Transfer-Encoding" in request.headers or not (length.isascii() and length.isdigit()):
        return Failure(Code.VALIDATION_ERROR, "Send the body whole, with its Content-Length.")
    if int(length[:19]) > settings.MAX_BODY_BYTES:
        return Failure(
            Code.PAYLOAD_TOO_LARGE,
            f"The body may hold at most {settings.MAX_BODY_BYTES} bytes.",
            extra={"limit_bytes": settings.MAX_BODY_BYTES},
        )
    return None
