"""Calls: one request as a value, how it is written and signed, and when it may be sent again.

Everything here is pure, so that the synchronous and the asynchronous client differ in waiting
only.
"""

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Any, Generic, TypeVar, cast
from urllib.parse import quote, urlencode

import msgspec

from godark_client.errors import RateLimitedError, UnavailableError, error_of
from godark_client.signing import ApiKey, signed_bytes

PREFIX = "/api/v1"
T = TypeVar("T")
REFUSED_FROM = 400


@dataclass(frozen=True, kw_only=True)
class Call(Generic[T]):
    """One request; `answer` is what the body of its answer is read as.

    `is_repeatable`: acting twice is acting once, so it may be sent again when nobody knows
    whether it arrived.
    """

    method: str
    path: str
    answer: type[T]
    query: Mapping[str, Any] | None = None
    body: Any = None
    is_repeatable: bool = False

    @property
    def path_with_query(self) -> str:
        """Return what follows the host, exactly as it is sent and signed."""
        chosen = {k: _plain(v) for k, v in (self.query or {}).items() if v is not None}
        told = f"?{urlencode(chosen, quote_via=quote, safe='')}" if chosen else ""
        return f"{PREFIX}{self.path}{told}"

    @property
    def body_bytes(self) -> bytes:
        """Return the body exactly as it is sent and signed."""
        if self.body is None:
            return b""
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def segment(name: str, /) -> str:
    """Return a name as one step of a path."""
    return quote(name, safe="")


def key_headers(
    call: Call[Any], key: ApiKey, *, timestamp: str, window_ms: int | None
) -> dict[str, str]:
    """Return the headers by which the venue knows the key."""
    message = signed_bytes(
        timestamp=timestamp,
        method=call.method,
        path_with_query=call.path_with_query,
        body=call.body_bytes,
    )
    headers = {
        "GD-API-KEY": key.api_key,
        "GD-TIMESTAMP": timestamp,
        "GD-SIGNATURE": key.sign(message),
        "GD-PASSPHRASE": key.passphrase,
    }
    return headers if window_ms is None else headers | {"GD-RECV-WINDOW": str(window_ms)}


def read_answer(call: Call[T], *, status: int, body: bytes, headers: Mapping[str, str]) -> T:
    """Return what the venue answered; raise what it refused (ApiError)."""
    if status >= REFUSED_FROM:
        try:
            told = json.loads(body)
        except ValueError:
            told = None
        raise error_of(told, status=status, retry_after_seconds=_seconds(headers))
    if call.answer is bytes:
        return cast("T", body)
    if call.answer is NoneType:
        return cast("T", None)
    return msgspec.json.decode(body, type=call.answer)


def _seconds(headers: Mapping[str, str]) -> float | None:
    told = headers.get("retry-after", "")
    return float(told) if told.isdecimal() else None


@dataclass(frozen=True, kw_only=True)
class RateLimit:
    """The figures of the newest answer: the bucket's size per minute, used, seconds to full."""

    limit: int
    used: int
    reset_seconds: int

    @classmethod
    def of(cls, headers: Mapping[str, str], /) -> "RateLimit | None":
        """Return what the headers of an answer say; None where they say nothing."""
        names = ("x-ratelimit-limit", "x-ratelimit-used", "x-ratelimit-reset")
        told = [headers.get(name, "") for name in names]
        if not all(number.isdecimal() for number in told):
            return None
        limit, used, reset_seconds = (int(number) for number in told)
        return cls(limit=limit, used=used, reset_seconds=reset_seconds)


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How often, and how long, a client tries again.

    A refusal for its rate (429) did nothing and may always be repeated, as late as Retry-After
    says. Whatever may have acted is repeated only when acting twice is acting once.
    """

    attempts: int = 5
    first_seconds: float = 0.2
    most_seconds: float = 60.0
    chance: Callable[[], float] = random.random

    def wait_after_refusal(
        self, call: Call[Any], error: Exception, *, attempt: int
    ) -> float | None:
        """Return the seconds to wait before the next attempt; None: raise it."""
        if isinstance(error, RateLimitedError):
            is_repeatable, least = True, error.retry_after_seconds
        elif isinstance(error, UnavailableError):
            is_repeatable, least = call.is_repeatable, error.retry_after_seconds
        else:
            return None
        return self._wait(is_repeatable=is_repeatable, least=least, attempt=attempt)

    def wait_after_silence(self, call: Call[Any], *, attempt: int) -> float | None:
        """Return the seconds to wait after an answer that never came; None: raise it."""
        return self._wait(is_repeatable=call.is_repeatable, least=None, attempt=attempt)

    def _wait(self, *, is_repeatable: bool, least: float | None, attempt: int) -> float | None:
        return self.wait(least, attempt=attempt) if is_repeatable else None

    def wait(self, least: float | None, *, attempt: int) -> float | None:
        """Return the seconds to wait where the venue says at least how long; None: no more."""
        if attempt >= self.attempts or (least or 0) > self.most_seconds:
            return None
        return min(self.most_seconds, (least or 0) + self.backoff(attempt))

    def backoff(self, attempt: int, /) -> float:
        """Return the seconds before the next attempt: twice as long each time, and by chance."""
        longest = self.first_seconds * float(2 ** min(attempt - 1, 16))
        return min(self.most_seconds, longest * (0.5 + self.chance() / 2))
