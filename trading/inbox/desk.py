"""The desk behind `ask`: three loops of one thread that write, hear and look.

The writer sends everything that is waiting as one statement, so a hundred questions at once cost
one commit. The hearer takes the runner's answers from Redis. The looker asks the rows of whatever
is not answered after a tenth of a second. What is not here: threads (`trading.inbox.asking`).
"""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from typing import Any, Final

import psycopg
import redis.asyncio
import structlog
from django.conf import settings
from prometheus_client import Counter, Histogram
from redis.exceptions import RedisError

from godark.reading import connection_parameters
from trading.inbox.outcomes import (
    ANSWERED,
    OUTCOME_COLUMNS,
    Outcome,
    UnavailableError,
    answers_channel,
    decode_outcomes,
    outcome_of_row,
)
from trading.inbox.writing import INSERT, NOTIFY, InboxRow, columns_of, numbers_of

log = structlog.get_logger(__name__)

LOOK_S: Final = 0.1
WRITE_S: Final = 5.0
AWAY_S: Final = 1.0
EARLY: Final = 4_096
LOOK: Final = f"""
    SELECT {OUTCOME_COLUMNS} FROM trading_command
    WHERE id = ANY(%s) AND status IN ('{"', '".join(ANSWERED)}')
"""  # noqa: S608 - constants of ours

ANSWER_SECONDS: Final = Histogram(
    "godark_answer_seconds",
    "From asking the engine to its answer, or to giving up.",
    buckets=(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
)
UNANSWERED: Final = Counter("godark_unanswered", "Questions answered later than anybody waited.")

Promise = asyncio.Future[Outcome]


class Desk:
    """Writes commands and keeps a promise for each until its answer comes."""

    def __init__(self) -> None:
        self._asked: list[tuple[Sequence[InboxRow], asyncio.Future[list[int | None]]]] = []
        self._promises: dict[int, Promise] = {}
        self._early: dict[int, Outcome] = {}
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._database = asyncio.Lock()
        self._something_asked = asyncio.Event()
        self._client: redis.asyncio.Redis | None = None

    async def ask(self, rows: Sequence[InboxRow], /, *, wait_ms: int) -> list[Outcome]:
        """Write rows and wait for their outcomes; UnavailableError where none can be written."""
        began = time.perf_counter()
        # 1. Write.
        written: asyncio.Future[list[int | None]] = asyncio.get_running_loop().create_future()
        self._asked.append((rows, written))
        self._something_asked.set()
        try:
            numbers = await asyncio.wait_for(written, WRITE_S)
        except TimeoutError:
            raise UnavailableError("the database does not answer") from None
        # 2. Wait; a number that is None was used before and has no answer of its own.
        promises = [self._promise(number) for number in numbers if number is not None]
        try:
            if promises:
                await asyncio.wait(promises, timeout=wait_ms / 1_000)
        finally:
            # 3. Answer with what is known by now; whoever has gone leaves no promise behind.
            answers = [self._known(number) for number in numbers]
        ANSWER_SECONDS.observe(time.perf_counter() - began)
        UNANSWERED.inc(sum(not one.is_known for one in answers))
        return answers

    async def run(self) -> None:
        """Write, hear and look until canceled."""
        await asyncio.gather(self._write_for_ever(), self._hear_for_ever(), self._look_for_ever())

    async def close(self) -> None:
        """Leave PostgreSQL and Redis."""
        if self._connection is not None:
            await self._connection.close()
        if self._client is not None:
            await self._client.aclose()

    def _promise(self, number: int) -> Promise:
        promise: Promise = asyncio.get_running_loop().create_future()
        early = self._early.pop(number, None)
        if early is not None:
            promise.set_result(early)
        self._promises[number] = promise
        return promise

    def _known(self, number: int | None) -> Outcome:
        if number is None:
            return Outcome(command_id=0, is_known=False)
        promise = self._promises.pop(number)
        if promise.done():
            return promise.result()
        return Outcome(command_id=number, is_known=False)

    def _take(self, outcome: Outcome) -> None:
        """Keep a promise; an answer that came before its question was noted waits a while."""
        promise = self._promises.get(outcome.command_id)
        if promise is None:
            self._early[outcome.command_id] = outcome
            if len(self._early) > EARLY:
                del self._early[next(iter(self._early))]
        elif not promise.done():
            promise.set_result(outcome)

    async def _write_for_ever(self) -> None:
        while True:
            await self._something_asked.wait()
            self._something_asked.clear()
            asked, self._asked = self._asked, []
            try:
                await self._write(asked)
            except (psycopg.Error, OSError) as error:
                log.warning("inbox_not_written", kind=type(error).__name__)
                await self._forget_connection()
                for _, written in asked:
                    if not written.done():
                        written.set_exception(UnavailableError("the command was not written"))

    async def _write(
        self, asked: Sequence[tuple[Sequence[InboxRow], asyncio.Future[list[int | None]]]]
    ) -> None:
        """Write what several have asked in one statement; wake the runner after its commit."""
        rows = [row for some, _ in asked for row in some]
        async with self._database:
            connection = await self._connected()
            async with connection.pipeline():
                cursor = await connection.execute(INSERT, columns_of(rows))
                # Apart: a transaction that notifies keeps all others from committing meanwhile.
                await connection.execute(NOTIFY)
            found = await cursor.fetchall()
        numbers = iter(numbers_of(rows, found))
        for some, written in asked:
            own = [next(numbers) for _ in some]
            if not written.done():
                written.set_result(own)

    async def _hear_for_ever(self) -> None:
        self._client = redis.asyncio.Redis.from_url(settings.REDIS_URL, socket_timeout=None)
        while True:
            try:
                async with self._client.pubsub(ignore_subscribe_messages=True) as hearing:
                    await hearing.subscribe(answers_channel())
                    async for message in hearing.listen():
                        for outcome in decode_outcomes(message["data"]):
                            self._take(outcome)
            except (RedisError, OSError) as error:
                log.warning("answers_not_heard", kind=type(error).__name__)
                await asyncio.sleep(AWAY_S)

    async def _look_for_ever(self) -> None:
        while True:
            before = [number for number, one in self._promises.items() if not one.done()]
            await asyncio.sleep(LOOK_S)
            still = [n for n in before if n in self._promises and not self._promises[n].done()]
            if still:
                await self._look(still)

    async def _look(self, numbers: list[int]) -> None:
        try:
            async with self._database:
                connection = await self._connected()
                cursor = await connection.execute(LOOK, [numbers])
                rows = await cursor.fetchall()
        except (psycopg.Error, OSError) as error:
            log.warning("answers_not_read", kind=type(error).__name__)
            await self._forget_connection()
            return
        for row in rows:
            outcome = outcome_of_row(row)
            if outcome.command_id in self._promises:
                self._take(outcome)

    async def _connected(self) -> psycopg.AsyncConnection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(
                **connection_parameters(), autocommit=True
            )
        return self._connection

    async def _forget_connection(self) -> None:
        broken, self._connection = self._connection, None
        if broken is not None:
            with contextlib.suppress(psycopg.Error, OSError):
                await broken.close()
