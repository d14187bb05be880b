"""Seats and paces of sockets: counted over all processes, forgotten with a killed one."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
import redis
from django.conf import settings

from godark import sockets
from godark.limits import TIERS, Subject, Tier
from godark.sockets import Pacing, Seats, subject_of

ANNA = Subject("account:anna", Tier.BASIC)
STRANGER = Subject("address:192.0.2.7")


@pytest_asyncio.fixture
async def seats() -> AsyncIterator[Seats]:
    made = Seats(settings.REDIS_URL)
    yield made
    await made.close()


@pytest.mark.parametrize("tier", list(TIERS))
async def test_a_tier_has_as_many_seats_as_the_product_says(seats: Seats, tier: Tier) -> None:
    subject = Subject(f"account:{tier}", tier)
    taken = [await seats.take(subject) for _ in range(TIERS[tier].connections)]
    assert None not in taken
    assert await seats.take(subject) is None
    await seats.leave(taken[0])
    assert await seats.take(subject) is not None


async def test_the_load_tier_sits_where_it_likes_outside_production(
    seats: Seats, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = Subject("account:load", Tier.LOAD)
    assert None not in [await seats.take(load) for _ in range(30)]
    monkeypatch.setattr(settings, "IN_PRODUCTION", True)
    assert [await seats.take(load) is None for _ in range(3)] == [False, False, True]


async def test_two_processes_count_together(seats: Seats) -> None:
    other = Seats(settings.REDIS_URL)
    assert await seats.take(STRANGER)
    assert await other.take(STRANGER)
    assert await seats.take(STRANGER) is None
    await other.close()


async def test_whoever_says_who_it_is_leaves_the_seat_of_its_address(seats: Seats) -> None:
    first = await seats.take(STRANGER)
    await seats.take(STRANGER)
    assert await seats.take(STRANGER) is None
    assert await seats.move(first, ANNA)
    assert await seats.take(STRANGER) is not None
    crowded = await seats.move(await seats.take(STRANGER), ANNA)
    assert crowded is not None
    for _ in range(3):
        await seats.take(ANNA)
    assert await seats.move(None, ANNA) is None


async def test_a_killed_process_is_forgotten_and_a_living_one_is_not(
    seats: Seats, monkeypatch: pytest.MonkeyPatch, session_redis: redis.Redis
) -> None:
    monkeypatch.setattr(sockets, "LEASE_SECONDS", 1)
    monkeypatch.setattr(sockets, "RENEWED_EVERY_SECONDS", 0.05)
    killed = Seats(settings.REDIS_URL)
    await killed.take(ANNA)
    await killed.close()  # its leases are renewed no longer, and were not given back
    living = await seats.take(STRANGER)
    assert living
    session_redis.delete(living.key)  # Redis lost it
    await _until(lambda: session_redis.zcard("limit:{account:anna}:seats") == 0)
    await _until(lambda: session_redis.zcard(living.key) == 1)


async def _until(is_true: Callable[[], bool]) -> None:
    for _ in range(300):
        if is_true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("It never came true.")


async def test_without_redis_everybody_sits() -> None:
    away = Seats("redis://127.0.0.1:1/0")
    taken = [await away.take(STRANGER) for _ in range(5)]
    assert None not in taken
    await away.leave(taken[0])
    await away.close()


def test_a_pace_is_counted_whatever_was_said_and_ends_in_closing() -> None:
    pacing = Pacing(Tier.FREE)
    assert [pacing.refusal() for _ in range(10)] == [None] * 10
    refused = 0
    while not pacing.is_exhausted:
        refused += pacing.refusal() is not None
    assert refused == sockets.REFUSED_BEFORE_CLOSING


def test_whoever_is_known_gets_the_pace_of_its_tier() -> None:
    pacing = Pacing(Tier.FREE)
    pacing.tier = Tier.PRO
    assert [pacing.refusal() for _ in range(200)] == [None] * 200
    pacing.tier = Tier.LOAD
    assert [pacing.refusal() for _ in range(2_000)] == [None] * 2_000


def test_an_address_of_a_scope_is_counted_like_that_of_a_request() -> None:
    scope = {"client": ["2001:db8:1:2::9", 4711], "headers": [(b"x-forwarded-for", b"6.6.6.6")]}
    assert subject_of(scope) == Subject("address:2001:db8:1:2::/64")
    assert subject_of({"client": None, "headers": []}) == Subject("address:0.0.0.0")
