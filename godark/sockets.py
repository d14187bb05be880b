"""How many sockets somebody may have open, and how fast each may talk (PRODUCT's tiers).

A consumer uses it like this. On connecting: `await open_door(scope)` (opening costs a request of
the address), then `seat = await seats.take(subject_of(scope))`: None where all seats of the
address are taken. Such a socket is let in nevertheless and may do one thing, say who it is, within
`CROWDED_SECONDS`: a market maker's twenty sockets arrive as twenty strangers from one address.
When it is known who it is: `seat = await seats.move(seat, subject_of_the_account)`, None where that
account has no seat left. At the end: `await seats.leave(seat)`. For every frame, whatever it turns
out to hold: `pacing.refusal()`; and `pacing.is_exhausted` tells when to close.

Seats are leases in Redis, so that all web processes count together and a killed one's sockets are
forgotten after a minute. While Redis is away nothing is counted, as with all limits.
"""

import asyncio
import math
import uuid
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import redis
import redis.asyncio
import structlog
from django.conf import settings

from godark import metrics, proxies
from godark.counting import failure_of_limit, limiter
from godark.errors import Code, Failure
from godark.limits import TIERS, Kind, Pace, Subject, Tier, patience, rate_of

log = structlog.get_logger(__name__)

CROWDED_SECONDS = 5.0
LEASE_SECONDS = 60
RENEWED_EVERY_SECONDS = 20.0
# Frames refused for their pace before a socket is closed.
REFUSED_BEFORE_CLOSING = 100

# By Redis' own clock. KEYS[1]: a subject's seats, each with the second at which its lease ends.
TAKE_SEAT = """
local now = tonumber(redis.call('TIME')[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
"""
RENEW_SEATS = """
local now = tonumber(redis.call('TIME')[1])
for index = 2, #ARGV do redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[index]) end
redis.call('EXPIRE', KEYS[1], ARGV[1])
"""


class Pacing:
    """One socket's frames: so many a second by its tier; LOAD has no limit."""

    def __init__(self, tier: Tier) -> None:
        self._refused = 0
        self.tier = tier

    @property
    def tier(self) -> Tier:
        """Return whose pace it is; another may be set when it is known who it is."""
        return self._tier

    @tier.setter
    def tier(self, tier: Tier) -> None:
        self._tier = tier
        rate = rate_of(tier=tier, kind=Kind.SOCKET_MESSAGES)
        self._pace = None if rate is None else Pace(rate)

    @property
    def is_exhausted(self) -> bool:
        """Tell whether so many frames were refused that the socket is to be closed."""
        return self._refused >= REFUSED_BEFORE_CLOSING

    def refusal(self) -> Failure | None:
        """Count a frame, whatever it holds; return RATE_LIMIT_EXCEEDED where it comes too soon."""
        wait_seconds = self._pace.take() if self._pace else 0.0
        if not wait_seconds:
            return None
        self._refused += 1
        return Failure(
            Code.RATE_LIMIT_EXCEEDED,
            "Too many frames; slow down.",
            extra={"retry_after_ms": math.ceil(wait_seconds * 1000)},
        )


@dataclass(frozen=True)
class Seat:
    """One open socket's place among those of its owner."""

    subject: Subject
    name: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def key(self) -> str:
        """Return where the owner's seats are kept."""
        return f"limit:{{{self.subject.name}}}:seats"


class _Room:
    """What belongs to one event loop: its client, the seats taken on it, and their renewal."""

    def __init__(self, url: str) -> None:
        self.client = redis.asyncio.Redis.from_url(url, **patience(on_loop=True))
        self.take = self.client.register_script(TAKE_SEAT)
        self.renew = self.client.register_script(RENEW_SEATS)
        self.held: set[Seat] = set()
        self.renewing: asyncio.Task[None] | None = None


class Seats:
    """Counts the open sockets of each subject, over all web processes of one Redis."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._rooms: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Room] = (
            weakref.WeakKeyDictionary()
        )

    async def take(self, subject: Subject) -> Seat | None:
        """Take a seat; None where the subject's tier has no more of them."""
        room, seat = self._room(), Seat(subject)
        if not is_unlimited(subject.tier):
            arguments: list[str | int] = [seat.name, seats_of(subject.tier), LEASE_SECONDS]
            try:
                if not await room.take(keys=[seat.key], args=arguments):
                    return None
            except redis.RedisError as error:
                _tell_unreachable(error)
            room.held.add(seat)
            if room.renewing is None or room.renewing.done():
                room.renewing = asyncio.create_task(_renew_for_ever(room))
        return seat

    async def move(self, seat: Seat | None, subject: Subject) -> Seat | None:
        """Take a seat of somebody else's and leave the old one; None where there is none."""
        found = await self.take(subject)
        await self.leave(seat)
        return found

    async def leave(self, seat: Seat | None) -> None:
        """Give a seat back."""
        room = self._room()
        if seat is None or seat not in room.held:
            return
        room.held.discard(seat)
        try:
            await room.client.zrem(seat.key, seat.name)
        except redis.RedisError as error:
            _tell_unreachable(error)

    async def close(self) -> None:
        """End the renewal of the running event loop, and close its connections."""
        room = self._rooms.pop(asyncio.get_running_loop(), None)
        if room is None:
            return
        if room.renewing is not None:
            room.renewing.cancel()
        await room.client.aclose()

    def _room(self) -> _Room:
        loop = asyncio.get_running_loop()
        room = self._rooms.get(loop)
        if room is None:
            room = self._rooms[loop] = _Room(self._url)
        return room


async def _renew_for_ever(room: _Room) -> None:
    """Renew the leases of all seats that are held, for as long as any are."""
    while room.held:
        await asyncio.sleep(RENEWED_EVERY_SECONDS)
        by_key: dict[str, list[str]] = {}
        for seat in room.held:
            by_key.setdefault(seat.key, []).append(seat.name)
        try:
            for key, names in by_key.items():
                await room.renew(keys=[key], args=[LEASE_SECONDS, *names])
        except redis.RedisError as error:
            _tell_unreachable(error)


def _tell_unreachable(error: redis.RedisError) -> None:
    metrics.LIMITS_UNREACHABLE.inc()
    log.error("limits_unreachable", kind=type(error).__name__)


def is_unlimited(tier: Tier) -> bool:
    """Tell whether nothing is counted for a tier."""
    return rate_of(tier=tier, kind=Kind.SOCKET_MESSAGES) is None


def seats_of(tier: Tier) -> int:
    """Return how many sockets a tier may have open."""
    return TIERS.get(tier, TIERS[Tier.FREE]).connections


def subject_of(scope: Mapping[str, Any]) -> Subject:
    """Return the address of a socket that has not said who it is, as limits count it."""
    return Subject(f"address:{proxies.block_of(proxies.address_of_scope(scope))}")


async def open_door(scope: Mapping[str, Any]) -> None:
    """Take what opening a socket costs, a request of its address; Failure where there is none."""
    verdict = await limiter.take_async(subject_of(scope), Kind.REQUESTS)
    if not verdict.allowed:
        raise failure_of_limit(verdict)


def no_seat(tier: Tier) -> Failure:
    """Return what somebody is told whose seats are all taken."""
    return Failure(
        Code.RATE_LIMIT_EXCEEDED,
        f"At most {seats_of(tier)} sockets may be open at once; close one, or log in.",
        extra={"connections": seats_of(tier)},
    )


seats = Seats(settings.REDIS_URL)
