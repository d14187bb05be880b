"""Requests that were signed once and sent twice: a signature is remembered while it could serve.

It could serve for a minute and a second at most, since the window that a client asks for is not
signed: whoever repeats a request may ask for the widest. While Redis is away nobody can tell, so
signed requests that write are refused (503), except cancels, which do no harm twice; reading goes
on, and so does everything by access token or cookie, which cannot be replayed by who saw a
request without also being able to write new ones. When Redis loses its memory, requests of the
last minute could be sent again by whoever had read them inside TLS; an order with a
`client_order_id` still acts once.
"""

import asyncio
import hashlib
import time
import weakref
from typing import Any

import redis
import redis.asyncio
import structlog
from django.conf import settings

from accounts.signatures import AHEAD_MS, LARGEST_WINDOW_MS
from godark.errors import Code, Failure
from godark.limits import patience, was_late

log = structlog.get_logger(__name__)

SLACK_MS = 5_000
REMEMBERED_MS = LARGEST_WINDOW_MS + AHEAD_MS + SLACK_MS
# A Redis that was away is asked again only after this, so that a hung one delays few requests.
PAUSE_SECONDS = 1.0


class Replays:
    """Signatures that were seen, in one Redis."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = redis.Redis.from_url(url, **patience())
        self._clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Any] = (
            weakref.WeakKeyDictionary()
        )
        self._away_until_seconds = 0.0

    def refuse_repeated(self, *, api_key: str, signature: str, is_harmless: bool) -> None:
        """Raise Failure for a signature that was seen; where nobody can tell, unless harmless."""
        seen: object = None
        if time.monotonic() >= self._away_until_seconds:
            try:
                seen = not self._client.set(_key(api_key, signature), 1, nx=True, px=REMEMBERED_MS)
            except redis.RedisError as error:
                self._is_away(error)
        _decide(seen=seen, is_harmless=is_harmless)

    async def refuse_repeated_async(
        self, *, api_key: str, signature: str, is_harmless: bool
    ) -> None:
        """Do the same on the event loop."""
        seen: object = None
        began = time.monotonic()
        if began >= self._away_until_seconds:
            try:
                seen = not await self._client_here().set(
                    _key(api_key, signature), 1, nx=True, px=REMEMBERED_MS
                )
            except redis.RedisError as error:
                if not was_late(error, began):
                    self._is_away(error)
        _decide(seen=seen, is_harmless=is_harmless)

    async def close(self) -> None:
        """Close the connections of the running event loop, and the plain ones."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()
        self._client.close()

    def _client_here(self) -> Any:
        """Return the client that belongs to the running event loop."""
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            client = redis.asyncio.Redis.from_url(self._url, **patience(on_loop=True))
            self._clients[loop] = client
        return client

    def _is_away(self, error: redis.RedisError) -> None:
        self._away_until_seconds = time.monotonic() + PAUSE_SECONDS
        log.error("replays_unreachable", kind=type(error).__name__)


def _key(api_key: str, signature: str) -> str:
    digest = hashlib.blake2b(signature.encode("utf-8", "surrogateescape"), digest_size=16)
    return f"replay:{api_key}:{digest.hexdigest()}"


def _decide(*, seen: object, is_harmless: bool) -> None:
    if seen:
        raise Failure(
            Code.REPLAYED_REQUEST, "This signature was used before: sign each request anew."
        )
    if seen is None and not is_harmless:
        raise Failure(
            Code.UNAVAILABLE,
            "Whether this request was sent before cannot be told just now. Cancels and reading go"
            " on; for the rest try again in a moment.",
            retry_after_seconds=1,
        )


replays = Replays(settings.REDIS_URL)
