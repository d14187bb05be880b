"""How much each tier may do: the one table of PRODUCT's tiers, and token buckets in Redis.

A bucket holds `burst` tokens and gains `per_minute` of them a minute; each request takes one.
Who asks and of which tier is handed in: this module knows no accounts. The counts are no
facts: when Redis loses them, everybody begins with a full bucket.
"""

import asyncio
import math
import time
import weakref
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

import redis
import redis.asyncio
import structlog
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from godark import metrics

log = structlog.get_logger(__name__)

BAN_SECONDS = 3600
# Refused in so many different seconds of a window, somebody does not listen and is banned.
# Seconds are counted, not requests: one hasty burst is one violation however large.
VIOLATIONS_BEFORE_BAN = 60
VIOLATION_WINDOW_SECONDS = 600
# A Redis that was away is asked again only after this, so that a hung one delays few requests.
REDIS_PAUSE_SECONDS = 1.0
PATIENCE_ON_LOOP = 4
LATE = 1.25


class Tier(StrEnum):
    """Whose limits apply; LOAD (none at all) exists outside production only."""

    FREE = "FREE"
    BASIC = "BASIC"
    PRO = "PRO"
    MARKET_MAKER = "MARKET_MAKER"
    LOAD = "LOAD"


class Kind(StrEnum):
    """What is counted in a bucket of its own."""

    REQUESTS = "requests"
    SOCKET_MESSAGES = "socket_messages"
    ORDERS = "orders"
    CANCELS = "cancels"
    DOORS = "doors"


@dataclass(frozen=True)
class Allowance:
    """What a tier may do; `per_minute` unless the name says otherwise."""

    requests: int
    burst: int
    socket_messages_per_second: int
    connections: int
    subscriptions: int
    orders: int
    cancels: int
    unfilled_attempts: int
    open_orders: int


TIERS: dict[Tier, Allowance] = {
    Tier.FREE: Allowance(60, 40, 10, 2, 10, 30, 60, 20, 20),
    Tier.BASIC: Allowance(300, 50, 50, 5, 50, 150, 300, 20, 100),
    Tier.PRO: Allowance(1_200, 200, 200, 10, 200, 600, 1_200, 40, 500),
    Tier.MARKET_MAKER: Allowance(6_000, 500, 1_000, 20, 1_000, 3_000, 6_000, 60, 5_000),
}


BEYOND_COUNTING = 1_000_000
UNBOUNDED = Allowance(*[BEYOND_COUNTING] * 9)
"""What LOAD may do, for those who need a figure."""


def allowance_of(tier: Tier) -> Allowance:
    """Return what a tier may do; in production LOAD is no tier, and counts as FREE."""
    if tier is Tier.LOAD and not settings.IN_PRODUCTION:
        return UNBOUNDED
    return TIERS.get(tier, TIERS[Tier.FREE])


@dataclass(frozen=True)
class Rate:
    """A bucket's shape: tokens gained per minute, and how many it holds at most."""

    per_minute: int
    burst: int


# Log-ins, sign-ups, resets: what costs a hash or a mail and may be had for the asking. Counted
# per address whoever asks, so of no tier; a burst of the smallest tier's requests fits in.
DOORS = Rate(per_minute=30, burst=40)


def rate_of(*, tier: Tier, kind: Kind) -> Rate | None:
    """Return the bucket of a tier for a kind; None where nothing is counted."""
    if tier is Tier.LOAD and not settings.IN_PRODUCTION:
        return None
    allowance = allowance_of(tier)
    match kind:
        case Kind.REQUESTS:
            return Rate(per_minute=allowance.requests, burst=allowance.burst)
        case Kind.SOCKET_MESSAGES:
            second = allowance.socket_messages_per_second
            return Rate(per_minute=second * 60, burst=second)
        case Kind.ORDERS:
            return Rate(per_minute=allowance.orders, burst=allowance.orders)
        case Kind.CANCELS:
            return Rate(per_minute=allowance.cancels, burst=allowance.cancels)
        case Kind.DOORS:
            return DOORS


@dataclass(frozen=True)
class Subject:
    """Whom a bucket belongs to (an account or an address block), and of which tier."""

    name: str
    tier: Tier = Tier.FREE


@dataclass(frozen=True)
class Verdict:
    """What the bucket said: may it be, and the figures that the answer carries."""

    allowed: bool
    limit: int
    burst: int
    used: int
    reset_seconds: int
    retry_after_seconds: int = 0
    banned: bool = False

    @property
    def headers(self) -> dict[str, str]:
        """Return the rate-limit headers of an answer."""
        told = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Burst": str(self.burst),
            "X-RateLimit-Used": str(self.used),
            "X-RateLimit-Reset": str(self.reset_seconds),
        }
        if not self.allowed:
            told["Retry-After"] = str(self.retry_after_seconds)
        return told


class Pace:
    """A bucket in this process's memory, for one connection's frames."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._tokens = float(rate.burst)
        self._at_seconds = time.monotonic()

    def take(self) -> float:
        """Take a token; return 0, or the seconds until there is one."""
        per_second, now = self._rate.per_minute / 60, time.monotonic()
        gained = (now - self._at_seconds) * per_second
        self._tokens = min(self._rate.burst, self._tokens + gained)
        self._at_seconds = now
        if self._tokens < 1:
            return (1 - self._tokens) / per_second
        self._tokens -= 1
        return 0.0


UNLIMITED = Verdict(allowed=True, limit=0, burst=0, used=0, reset_seconds=0)

# Redis' own clock, so that no web process can be ahead of another. `tokens` and `at` are the
# bucket; `strikes`, `struck` and `since` count the seconds in which it was found empty.
# Returns allowed, tokens left, seconds until enough, seconds of ban left (numbers as text).
TAKE = """
local now = redis.call('TIME')
now = tonumber(now[1]) + tonumber(now[2]) / 1000000
local per_second, burst, cost = tonumber(ARGV[1]) / 60, tonumber(ARGV[2]), tonumber(ARGV[3])
local most, window, ban = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local row = redis.call('HMGET', KEYS[1], 'tokens', 'at', 'strikes', 'struck', 'since')
local tokens = math.min(burst, (tonumber(row[1]) or burst)
    + math.max(0, now - (tonumber(row[2]) or now)) * per_second)
local banned = redis.call('PTTL', KEYS[2])
if banned > 0 and cost > 0 then
  return {0, tostring(tokens), '0', tostring(banned / 1000)}
end
if tokens >= cost then
  if cost > 0 then
    redis.call('HSET', KEYS[1], 'tokens', tostring(tokens - cost), 'at', tostring(now))
    redis.call('EXPIRE', KEYS[1], math.max(window, math.ceil(burst / per_second)))
  end
  return {1, tostring(tokens - cost), '0', '0'}
end
local second, since = math.floor(now), tonumber(row[5]) or 0
local strikes = tonumber(row[3]) or 0
if second - since > window then since, strikes = second, 0 end
if second ~= tonumber(row[4]) then strikes = strikes + 1 end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', tostring(now),
    'strikes', strikes, 'struck', second, 'since', since)
redis.call('EXPIRE', KEYS[1], math.max(window, math.ceil(burst / per_second)))
if strikes >= most then
  redis.call('SET', KEYS[2], 1, 'EX', ban)
  redis.call('HDEL', KEYS[1], 'strikes', 'struck', 'since')
  return {0, tostring(tokens), '0', tostring(ban)}
end
return {0, tostring(tokens), tostring((math.min(cost, burst) - tokens) / per_second), '0'}
"""


class Limiter:
    """Takes tokens from the buckets in one Redis.

    While Redis is away everything is let through, uncounted, with a line in the log: limits
    guard the machine, not the money, and refusing would keep people from canceling and
    closing because a counter is missing. What must hold without Redis (orders, log-in
    attempts) is counted by the engine and by PostgreSQL.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = redis.Redis.from_url(url, **patience())
        self._take = self._client.register_script(TAKE)
        self._clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Any] = (
            weakref.WeakKeyDictionary()
        )
        self._away_until_seconds = 0.0

    def take(self, subject: Subject, kind: Kind, *, cost: int = 1) -> Verdict:
        """Take `cost` tokens (0 only looks) and return the verdict."""
        rate = rate_of(tier=subject.tier, kind=kind)
        if rate is None:
            return UNLIMITED
        if self._is_away():
            return _uncounted(rate)
        try:
            told = self._take(keys=_keys(subject, kind), args=_arguments(rate, cost))
        except redis.RedisError as error:
            return self._without_redis(error, rate)
        return _verdict(told, rate=rate, subject=subject, kind=kind)

    async def take_async(self, subject: Subject, kind: Kind, *, cost: int = 1) -> Verdict:
        """Do the same on the event loop."""
        rate = rate_of(tier=subject.tier, kind=kind)
        if rate is None:
            return UNLIMITED
        if self._is_away():
            return _uncounted(rate)
        began = time.monotonic()
        try:
            told = await self._take_here()(keys=_keys(subject, kind), args=_arguments(rate, cost))
        except redis.RedisError as error:
            return self._without_redis(error, rate, is_own_fault=was_late(error, began))
        return _verdict(told, rate=rate, subject=subject, kind=kind)

    async def close(self) -> None:
        """Close the connections of the running event loop, and the plain ones."""
        script = self._clients.pop(asyncio.get_running_loop(), None)
        if script is not None:
            await script.registered_client.aclose()
        self._client.close()

    def _take_here(self) -> Any:
        """Return the script on a client that belongs to the running event loop."""
        loop = asyncio.get_running_loop()
        script = self._clients.get(loop)
        if script is None:
            client = redis.asyncio.Redis.from_url(self._url, **patience(on_loop=True))
            script = self._clients[loop] = client.register_script(TAKE)
        return script

    def _is_away(self) -> bool:
        away = time.monotonic() < self._away_until_seconds
        if away:
            metrics.LIMITS_UNREACHABLE.inc()
        return away

    def _without_redis(
        self, error: redis.RedisError, rate: Rate, *, is_own_fault: bool = False
    ) -> Verdict:
        """Remember that Redis is away, and let this one through."""
        if not is_own_fault:
            self._away_until_seconds = time.monotonic() + REDIS_PAUSE_SECONDS
        metrics.LIMITS_UNREACHABLE.inc()
        log.error("limits_unreachable", kind=type(error).__name__)
        return _uncounted(rate)


def patience(*, on_loop: bool = False) -> dict[str, Any]:
    """Return how long a client waits for Redis; it never asks twice.

    On the event loop longer: a loop that is behind reads an answer late that came in time.
    """
    retry = redis.asyncio.retry.Retry if on_loop else Retry
    seconds = settings.LIMITS_TIMEOUT_SECONDS * (PATIENCE_ON_LOOP if on_loop else 1)
    return {
        "socket_timeout": seconds,
        "socket_connect_timeout": seconds,
        "retry": retry(NoBackoff(), 0),
    }


def was_late(error: redis.RedisError, began_seconds: float) -> bool:
    """Tell whether a wait on the event loop ran out because the loop itself was behind."""
    waited = time.monotonic() - began_seconds
    allowed = settings.LIMITS_TIMEOUT_SECONDS * PATIENCE_ON_LOOP
    return isinstance(error, redis.TimeoutError) and waited > allowed * LATE


def _keys(subject: Subject, kind: Kind) -> list[str]:
    """Return the keys of a bucket and of its owner's ban; one slot of a cluster for both."""
    return [f"limit:{{{subject.name}}}:{kind}", f"limit:{{{subject.name}}}:ban"]


def _arguments(rate: Rate, cost: int) -> list[int]:
    """Return the numbers that the script reads."""
    return [
        rate.per_minute,
        rate.burst,
        cost,
        VIOLATIONS_BEFORE_BAN,
        VIOLATION_WINDOW_SECONDS,
        BAN_SECONDS,
    ]


def _uncounted(rate: Rate) -> Verdict:
    return Verdict(allowed=True, limit=rate.per_minute, burst=rate.burst, used=0, reset_seconds=0)


def _verdict(told: list[Any], *, rate: Rate, subject: Subject, kind: Kind) -> Verdict:
    """Return the script's answer in the words of the contract."""
    allowed = bool(told[0])
    tokens, wait, ban = (float(cast("bytes", number)) for number in told[1:])
    if not allowed:
        metrics.REFUSED_BY_LIMIT.labels(kind).inc()
    if ban >= BAN_SECONDS:
        log.warning("banned", subject=subject.name, kind=kind.value, seconds=BAN_SECONDS)
    missing = max(0.0, rate.burst - tokens)
    return Verdict(
        allowed=allowed,
        limit=rate.per_minute,
        burst=rate.burst,
        used=math.ceil(missing - 1e-9),
        reset_seconds=math.ceil(missing * 60 / rate.per_minute),
        retry_after_seconds=0 if allowed else max(1, math.ceil(max(wait, ban))),
        banned=ban > 0,
    )
