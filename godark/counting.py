"""Counts every request to the API against its caller's limits, and says so in the answer.

Here: who the caller is as far as limits go, what is exempt, and the headers. The buckets
themselves stand in `godark.limits`.
"""

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.db import Error as DatabaseAway
from django.http import HttpRequest, HttpResponseBase
from django.utils.module_loading import import_string

from godark import proxies
from godark.error_pages import API_PREFIX, answer
from godark.errors import Code, Failure
from godark.limits import Kind, Limiter, Subject, Tier, Verdict

# Looked at by watchers however hard the site is pressed.
EXEMPT_PATHS = frozenset({"/api/v1/health"})
ORDERS_PATH = "/api/v1/orders"

limiter = Limiter(settings.REDIS_URL)


class CountingMiddleware:
    """Spends a token for each request under /api/; answers 429 when there is none."""

    async_capable = True
    sync_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.tier_of = import_string(settings.LIMITS_TIER_OF)
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        """Count, then ask further in."""
        if not request.path.startswith(API_PREFIX):
            return self.get_response(request)
        if self.is_async:
            return self._count_async(request)
        subject = self._subject(request)
        verdict = limiter.take(subject, _kind(request), cost=_cost(request))
        return _told(_refusal(request, verdict) or self.get_response(request), verdict)

    async def _count_async(self, request: HttpRequest) -> HttpResponseBase:
        subject = await self._subject_async(request)
        verdict = await limiter.take_async(subject, _kind(request), cost=_cost(request))
        return _told(_refusal(request, verdict) or await self.get_response(request), verdict)

    def _subject(self, request: HttpRequest) -> Subject:
        """Return whose bucket it is: the account's, or without log-in the address's."""
        if request.path in EXEMPT_PATHS:
            return by_address(request)
        try:
            user = request.user
            known = user.is_authenticated
        except DatabaseAway:
            return by_address(request)
        return self._by_account(user) if known else by_address(request)

    async def _subject_async(self, request: HttpRequest) -> Subject:
        """Do the same on the event loop."""
        if request.path in EXEMPT_PATHS:
            return by_address(request)
        try:
            user = await request.auser()
        except DatabaseAway:
            return by_address(request)
        return self._by_account(user) if user.is_authenticated else by_address(request)

    def _by_account(self, user: Any) -> Subject:
        return Subject(f"account:{user.pk}", self.tier_of(user))


def free_tier(user: Any) -> Tier:  # noqa: ARG001 - what settings name here takes a user
    """Return the tier of everybody, until `LIMITS_TIER_OF` names who knows better."""
    return Tier.FREE


def by_address(request: HttpRequest) -> Subject:
    """Return the bucket of the request's address, whoever it may be."""
    return Subject(f"address:{proxies.block_of(proxies.address_of(request))}")


def _kind(request: HttpRequest) -> Kind:
    """Return which bucket counts: cancels have their own, so a maker can always leave."""
    is_cancel = request.method == "DELETE" and request.path.startswith(ORDERS_PATH)
    return Kind.CANCELS if is_cancel else Kind.REQUESTS


def _cost(request: HttpRequest) -> int:
    """Return the tokens that a request takes; 0 only looks."""
    return 0 if request.path in EXEMPT_PATHS else 1


def _refusal(request: HttpRequest, verdict: Verdict) -> HttpResponseBase | None:
    """Return the 429, None for a request that may go on."""
    return None if verdict.allowed else answer(request, failure_of_limit(verdict))


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


def _told(response: HttpResponseBase, verdict: Verdict) -> HttpResponseBase:
    """Return the answer with the limits' headers."""
    for name, value in verdict.headers.items():
        response.headers[name] = value
    return response
