"""Counts every request to the API against its caller's limits, and says so in the answer.

Here: what a request takes from which bucket, what is exempt, and the headers. Who asks was found
before by `accounts.recognition`; the buckets themselves stand in `godark.limits`.
"""

import re
from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from godark import proxies
from godark.error_pages import API_PREFIX, answer
from godark.errors import Code, Failure
from godark.limits import Kind, Limiter, Subject, Verdict

# Looked at by watchers however hard the site is pressed.
EXEMPT_PATHS = frozenset({"/api/v1/health"})
ORDERS_PATH = "/api/v1/orders"
CLOSE_PATH = re.compile(r"/api/v1/positions/[^/]+/close")

limiter = Limiter(settings.REDIS_URL)


class CountingMiddleware:
    """Spends a token for each request under /api/; answers 429 when there is none."""

    async_capable = True
    sync_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        """Count, then ask further in."""
        if not request.path.startswith(API_PREFIX):
            return self.get_response(request)
        if self.is_async:
            return self._count_async(request)
        for kind, cost in _takes(request):
            refusal = _remembered(request, limiter.take(subject_of(request), kind, cost=cost))
            if refusal is not None:
                return _told(request, refusal)
        return _told(request, self.get_response(request))

    async def _count_async(self, request: HttpRequest) -> HttpResponseBase:
        for kind, cost in _takes(request):
            verdict = await limiter.take_async(subject_of(request), kind, cost=cost)
            refusal = _remembered(request, verdict)
            if refusal is not None:
                return _told(request, refusal)
        return _told(request, await self.get_response(request))


def subject_of(request: HttpRequest) -> Subject:
    """Return whose bucket it is: what `accounts.recognition` found, or the address's."""
    found: Subject | None = getattr(request, "limits_subject", None)
    return found or by_address(request)


def spend(request: HttpRequest, kind: Kind, *, cost: int) -> None:
    """Take more tokens for a request that asks for several things at once. Raises Failure."""
    _spent(request, limiter.take(subject_of(request), kind, cost=cost))


async def spend_async(request: HttpRequest, kind: Kind, *, cost: int) -> None:
    """Do the same on the event loop."""
    _spent(request, await limiter.take_async(subject_of(request), kind, cost=cost))


def is_cancel(request: HttpRequest) -> bool:
    """Tell whether a request only takes orders out of the book."""
    switch = request.method == "POST" and request.path == f"{ORDERS_PATH}/cancel-all-after"
    return switch or (request.method == "DELETE" and request.path.startswith(ORDERS_PATH))


def is_order_entry(request: HttpRequest) -> bool:
    """Tell whether a request puts or changes an order, or closes a position by one."""
    if request.method not in {"POST", "PATCH"} or is_cancel(request):
        return False
    return request.path.startswith(ORDERS_PATH) or bool(CLOSE_PATH.fullmatch(request.path))


def _takes(request: HttpRequest) -> tuple[tuple[Kind, int], ...]:
    """Return which buckets a request takes from, and how much; 0 only looks.

    Cancels have a bucket of their own, so that a maker can always leave; an order counts as a
    request and as an order.
    """
    if request.path in EXEMPT_PATHS:
        return ((Kind.REQUESTS, 0),)
    if is_cancel(request):
        return ((Kind.CANCELS, 1),)
    if is_order_entry(request):
        return ((Kind.REQUESTS, 1), (Kind.ORDERS, 1))
    return ((Kind.REQUESTS, 1),)


def by_address(request: HttpRequest) -> Subject:
    """Return the bucket of the request's address, whoever it may be."""
    return Subject(f"address:{proxies.block_of(proxies.address_of(request))}")


def _remembered(request: HttpRequest, verdict: Verdict) -> HttpResponseBase | None:
    """Keep the verdict for the answer's headers; return the 429 where it says no."""
    request.limits_verdict = verdict  # type: ignore[attr-defined]  # the newest of this request
    return None if verdict.allowed else answer(request, failure_of_limit(verdict))


def _spent(request: HttpRequest, verdict: Verdict) -> None:
    if _remembered(request, verdict) is not None:
        raise failure_of_limit(verdict)


def failure_of_limit(verdict: Verdict) -> Failure:
    """Return what somebody is told whose bucket was empty."""
    sentence = (
        "Too many requests for too long: banned for an hour."
        if verdict.banned
        else "Too many requests; wait as long as Retry-After says."
    )
    return Failure(
        Code.RATE_LIMIT_EXCEEDED,
        sentence,
        extra={"per_minute": verdict.limit, "burst": verdict.burst},
        retry_after_seconds=verdict.retry_after_seconds,
    )


def _told(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Return the answer with the limits' headers, those of the bucket that was asked last."""
    verdict: Verdict = request.limits_verdict  # type: ignore[attr-defined]  # set by `_remembered`
    for name, value in verdict.headers.items():
        response.headers[name] = value
    return response
