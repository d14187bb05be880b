"""What is asked of PostgreSQL on the serving loop goes together, and fails by itself."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from django.db import OperationalError, connection

from godark import reading

pytestmark = pytest.mark.django_db

ASK = "SELECT %s::int"
WHO = "SELECT pg_backend_pid()"


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each test serve on a loop of its own."""
    monkeypatch.setattr(reading, "_Place", type("Place", (), {"loop": None, "reader": None}))


def served(work: Callable[[], Awaitable[Any]]) -> Any:
    """Do work on a loop that serves."""

    async def serve() -> Any:
        reading.serve_here()
        try:
            return await work()
        finally:
            await reading._Place.reader._forget_connection()  # type: ignore[union-attr]  # it is open here

    return asyncio.run(serve())


def test_whoever_asks_at_once_is_answered_by_one_connection() -> None:
    async def ask() -> tuple[list[Any], set[Any]]:
        found = await asyncio.gather(*(reading.rows(ASK, [number]) for number in range(20)))
        asked_by = await asyncio.gather(*(reading.rows(WHO) for _ in range(5)))
        return [rows[0][0] for rows in found], {rows[0][0] for rows in asked_by}

    numbers, backends = served(ask)
    assert numbers == list(range(20))
    assert len(backends) == 1


def test_a_question_that_fails_fails_alone() -> None:
    async def ask() -> list[Any]:
        questions = [reading.rows(ASK, [1]), reading.rows("SELECT 1 / 0"), reading.rows(ASK, [2])]
        return list(await asyncio.gather(*questions, return_exceptions=True))

    first, wrong, last = served(ask)
    assert (first, last) == ([(1,)], [(2,)])
    assert isinstance(wrong, OperationalError)


def test_a_connection_that_broke_is_made_anew() -> None:
    async def ask() -> tuple[Any, Any]:
        before = await reading.rows(WHO)
        await asyncio.to_thread(end_backend, before[0][0])
        return before, await reading.rows(WHO)

    before, after = served(ask)
    assert before != after


def end_backend(pid: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    connection.close()


def test_elsewhere_a_question_goes_by_djangos_own_connection() -> None:
    assert not reading._rows("SELECT 1 WHERE false", ())
    assert reading._rows(ASK, [3]) == [(3,)]
