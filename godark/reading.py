"""Reading on the event loop: what is asked of PostgreSQL at the same time goes in one trip.

The web server's loop has one connection for such questions, so that a request asks without a hop
into a thread. Elsewhere (a test's transaction, a command) the same questions go by Django's own
connection, in its thread. What is not here: writing.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import psycopg
import structlog
from asgiref.sync import sync_to_async
from django.db import OperationalError, connection, connections

log = structlog.get_logger(__name__)

PATIENCE_MS: Final = 10_000
Params = Sequence[Any] | Mapping[str, Any]
Rows = list[tuple[Any, ...]]


class Question(NamedTuple):
    """A query of somebody who waits for its rows."""

    query: str
    params: Params
    rows: asyncio.Future[Rows]


class Reader:
    """One connection of one loop; whatever waits is sent together."""

    def __init__(self) -> None:
        self._asked: list[Question] = []
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._sending: asyncio.Task[None] | None = None

    async def rows(self, query: str, params: Params) -> Rows:
        """Return what a query finds; OperationalError where PostgreSQL does not answer."""
        loop = asyncio.get_running_loop()
        question = Question(query, params, loop.create_future())
        self._asked.append(question)
        if self._sending is None or self._sending.done():
            self._sending = loop.create_task(self._send_all())
        return await question.rows

    async def _send_all(self) -> None:
        while self._asked:
            asked, self._asked = self._asked, []
            try:
                found = await self._send(asked)
            except (psycopg.Error, OSError):
                # The connection may have broken while it lay idle, or one question be at fault.
                await self._forget_connection()
                for question in asked:
                    await self._send_alone(question)
            else:
                for question, rows in zip(asked, found, strict=True):
                    _answer(question, rows)

    async def _send_alone(self, question: Question) -> None:
        try:
            (rows,) = await self._send([question])
        except (psycopg.Error, OSError) as error:
            await self._forget_connection()
            log.warning("not_read", kind=type(error).__name__)
            if not question.rows.done():
                question.rows.set_exception(OperationalError("PostgreSQL does not answer"))
        else:
            _answer(question, rows)

    async def _send(self, asked: Sequence[Question]) -> list[Rows]:
        connection = await self._connected()
        if len(asked) == 1:
            cursor = await connection.execute(asked[0].query, asked[0].params)
            return [await cursor.fetchall()]
        async with connection.pipeline():
            cursors = [await connection.execute(one.query, one.params) for one in asked]
        return [await cursor.fetchall() for cursor in cursors]

    async def _connected(self) -> psycopg.AsyncConnection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(
                **connection_parameters(), autocommit=True, prepare_threshold=1
            )
            await self._connection.execute(f"SET statement_timeout = {PATIENCE_MS}")
        return self._connection

    async def _forget_connection(self) -> None:
        broken, self._connection = self._connection, None
        if broken is not None:
            with contextlib.suppress(psycopg.Error, OSError):
                await broken.close()


def _answer(question: Question, rows: Rows) -> None:
    if not question.rows.done():
        question.rows.set_result(rows)


class _Place:
    """The loop that serves, and its reader."""

    loop: asyncio.AbstractEventLoop | None = None
    reader: Reader | None = None


def serve_here() -> None:
    """Let questions that are asked on the running loop gather on a connection of its own."""
    if _Place.loop is None:
        _Place.loop, _Place.reader = asyncio.get_running_loop(), Reader()


def serves_here() -> bool:
    """Tell whether the running loop is the one that serves."""
    return _Place.loop is not None and asyncio.get_running_loop() is _Place.loop


async def rows(query: str, params: Params = (), /) -> Rows:
    """Return what a query finds, each row a tuple. It only reads."""
    if _Place.reader is not None and serves_here():
        return await _Place.reader.rows(query, params)
    return await sync_to_async(_rows)(query, params)


def _rows(query: str, params: Params) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return list(cursor.fetchall())


def connection_parameters() -> dict[str, Any]:
    """Return what libpq needs to reach the site's database."""
    wanted = connections["default"].get_connection_params()
    known = ("dbname", "host", "port", "user", "password", "options", "sslmode", "passfile")
    return {key: wanted[key] for key in known if wanted.get(key)}
