"""The doors at which strangers may ask for something dear: log-in, sign-up, resets, codes.

A view behind which a password is hashed, a code is tried or a mail is sent for somebody unknown
calls `knock` (on the event loop `await knock_async`) before it does any of that, on POST only.
It takes a token of the address's own bucket for doors (`godark.limits.DOORS`) and raises the
Failure RATE_LIMIT_EXCEEDED when there is none; pages and API answer that by themselves. It takes
Django's requests and REST framework's. `limited` is the same as a decorator of a page.

What else guards a door stands elsewhere: failures are counted and locked by `accounts.guessing`,
hashes under way are bounded by `accounts.passwords`.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse

from godark import counting
from godark.limits import Kind

Page = Callable[..., HttpResponse]


def knock(request: Any) -> None:
    """Take a token for one try at a door, or raise RATE_LIMIT_EXCEEDED."""
    verdict = counting.limiter.take(counting.by_address(request), Kind.DOORS)
    if not verdict.allowed:
        raise counting.failure_of_limit(verdict)


async def knock_async(request: Any) -> None:
    """Do the same on the event loop."""
    verdict = await counting.limiter.take_async(counting.by_address(request), Kind.DOORS)
    if not verdict.allowed:
        raise counting.failure_of_limit(verdict)


def limited(page: Page) -> Page:
    """Return a page whose POST knocks first; looking at it is free."""

    @wraps(page)
    def look(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST":
            knock(request)
        return page(request, *args, **kwargs)

    return look
