"""A channel's messages are numbered, kept and found again, whatever happens to whom."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import redis
import redis.asyncio
from django.conf import settings

from trading.rings import KEPT, Message, RingReader, Rings, Told, decode_told, told_where


@pytest.fixture
def rings(session_redis: redis.Redis) -> Rings:
    return Rings(session_redis)


@pytest_asyncio.fixture
async def reader() -> AsyncIterator[RingReader]:
    client = redis.asyncio.Redis.from_url(settings.REDIS_URL)
    yield RingReader(client)
    await client.aclose()


def numbered(channel: str, count: int, *, first: int = 0) -> list[Message]:
    return [Message(channel, str(first + place).encode()) for place in range(count)]


async def test_numbers_rise_by_one_and_what_was_missed_is_found(
    rings: Rings, reader: RingReader
) -> None:
    begun = await reader.number_of("a")
    rings.tell(numbered("a", 3))
    rings.tell([*numbered("b", 1), *numbered("a", 2, first=3)])
    assert await reader.number_of("a") == begun + 5
    missed = await reader.missed_since("a", begun + 2)
    assert missed == (begun + 5, [b"2", b"3", b"4"], True)
    assert await reader.missed_since("a", begun + 5) == (begun + 5, [], True)


async def test_the_first_number_is_the_moment_in_microseconds(
    rings: Rings, reader: RingReader
) -> None:
    before = time.time_ns() // 1_000
    rings.tell(numbered("a", 1))
    assert before <= await reader.number_of("a") <= time.time_ns() // 1_000


async def test_the_last_thousand_are_kept_and_no_gap_is_passed_off_as_whole(
    rings: Rings, reader: RingReader
) -> None:
    begun = await reader.number_of("a")
    for first in range(0, 2_500, 500):
        rings.tell(numbered("a", 500, first=first))
    newest = begun + 2_500
    missed = await reader.missed_since("a", newest - KEPT)
    assert missed.is_whole
    assert missed.bodies == [str(place).encode() for place in range(1_500, 2_500)]
    assert await reader.missed_since("a", begun) == (newest, [], False)
    assert await reader.missed_since("a", newest + 1) == (newest, [], False)


async def test_after_redis_has_lost_everything_every_number_is_new(
    rings: Rings, reader: RingReader, session_redis: redis.Redis
) -> None:
    rings.tell(numbered("a", 3))
    old = await reader.number_of("a")
    session_redis.flushdb()
    await asyncio.sleep(0.005)
    missed = await reader.missed_since("a", old)
    assert missed.number > old
    assert not missed.is_whole


async def test_after_a_doubt_nobody_is_told_that_nothing_was_missed(
    rings: Rings, reader: RingReader
) -> None:
    rings.tell(numbered("a", 3))
    old = await reader.number_of("a")
    await asyncio.sleep(0.005)
    rings.doubt()
    assert not (await reader.missed_since("a", old)).is_whole
    begun = await reader.number_of("a")
    assert begun > old
    rings.tell(numbered("a", 1, first=9))
    assert await reader.missed_since("a", begun) == (begun + 1, [b"9"], True)


def test_what_is_told_is_published_once_with_its_numbers(
    rings: Rings, session_redis: redis.Redis
) -> None:
    with session_redis.pubsub(ignore_subscribe_messages=True) as hearing:  # type: ignore[no-untyped-call]  # redis-py's own
        hearing.subscribe(told_where())
        assert hearing.get_message(timeout=1) is None
        rings.tell([*numbered("a", 2), *numbered("ü", 1)])
        rings.doubt()
        heard = [hearing.get_message(timeout=1) for _ in range(2)]
    assert heard[0] is not None
    assert heard[1] is not None
    first, second, third = decode_told(heard[0]["data"])
    assert (first.channel, second.channel, third.channel) == ("a", "a", "ü")
    assert second == Told("a", first.number + 1, "1")
    assert decode_told(heard[1]["data"]) == []


def test_the_cursor_moves_with_what_is_told(rings: Rings) -> None:
    assert rings.cursor() is None
    rings.tell(numbered("a", 1), cursor=7)
    rings.tell(numbered("a", 1))
    assert rings.cursor() == 7
    rings.tell([], cursor=9)
    assert rings.cursor() == 9
