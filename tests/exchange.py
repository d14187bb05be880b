"""The exchange inside a test: the real runner on the test's own connection, stepped by hand.

Everything happens in the transaction that the test rolls back: `ask` writes the command, steps
the runner, and answers at once. Tests that need several processes start `manage.py run_engine`.
"""

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any, cast

import psycopg
import redis
from asgiref.sync import sync_to_async
from django.db import connection

from engine import commands as c
from trading.inbox import Outcome, asking, put, put_many
from trading.inbox.outcomes import OUTCOME_COLUMNS, outcome_of_row
from trading.inbox.writing import INSERT, InboxRow, columns_of, numbers_of
from trading.models import Market
from trading.runner.runner import Runner
from trading.runner.telling import Teller
from trading.services.genesis import ensure_listed
from trading.solana import signer

START_MS = 1_800_000_000_000


class SameConnection:
    """Django's connection of the test, with psycopg's own cursors instead of Django's."""

    def __init__(self) -> None:
        connection.ensure_connection()
        assert connection.connection is not None
        self._raw: psycopg.Connection[Any] = connection.connection

    def cursor(self, *, binary: bool = False) -> psycopg.Cursor[Any]:
        """Return a cursor as a connection of the runner's own makes it."""
        cursor = psycopg.Cursor(self._raw)
        cursor.format = psycopg.pq.Format(binary)
        return cursor

    def execute(self, query: Any, params: Any = None) -> psycopg.Cursor[Any]:
        """Execute a statement on a new cursor."""
        return self.cursor().execute(query, params)

    def transaction(self) -> AbstractContextManager[psycopg.Transaction]:
        """Open a savepoint in the test's transaction."""
        return self._raw.transaction()


class Exchange:
    """A runner with a clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now_ms = START_MS
        self.teller: Teller | None = None
        self.runner = self._start()

    def give(self, *commands: c.Command) -> list[Outcome]:
        """Write commands, make steps until none waits, and return their outcomes."""
        numbers = put_many([(command, None) for command in commands])
        self.settle()
        return self.outcomes(numbers)

    def move(self, **prices: tuple[int, int]) -> None:
        """Bring new references: BTC=(bid, ask) in ticks, the index and mark in the middle."""
        moves = tuple(
            c.ReferenceMove(
                market_id=f"{base}-USDT-PERP",
                bid_ticks=bid,
                ask_ticks=ask,
                quoted_at_ms=self.now_ms,
                index_half_ticks=bid + ask,
                mark_half_ticks=bid + ask,
            )
            for base, (bid, ask) in prices.items()
        )
        put(c.MoveReferences(at_ms=0, moves=moves))
        self.settle()

    def open_markets(self) -> None:
        """List the catalogue's markets and give each a reference around its listing price."""
        ensure_listed()
        self.settle()
        self.move(**{market.base: _around_listing(market) for market in Market.objects.all()})

    def fund(self, account_id: Any, *, micro: int = 100_000_000_000) -> None:
        """Credit and finalize a deposit."""
        deposit = {"deposit_id": f"deposit:{account_id}:{self.runner.place.sequence}"}
        owner = {"account_id": str(account_id)}
        self.give(
            c.CreditDeposit(at_ms=0, amount_micro=micro, **deposit, **owner),
            c.FinalizeDeposit(at_ms=0, **deposit, **owner),
        )

    def tell(self, client: redis.Redis) -> None:
        """Tell this Redis from now on what happens; all channels begin anew."""
        self.teller = Teller(client)
        self.restart()
        self.move()

    def settle(self) -> None:
        """Make steps until no command waits."""
        while self.runner.step():
            pass

    def wait(self, milliseconds: int) -> None:
        """Let time pass, and do what is due."""
        self.now_ms += milliseconds
        self.runner.step()

    def restart(self) -> None:
        """Let this engine die, and start the next from the log."""
        self.runner.stop()
        self.runner = self._start()

    def outcomes(self, numbers: Sequence[int | None]) -> list[Outcome]:
        """Return what the rows of these commands say."""
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {OUTCOME_COLUMNS} FROM trading_command WHERE id = ANY(%s)",  # noqa: S608 - a constant of ours
                [[number for number in numbers if number is not None]],
            )
            found = {row[0]: outcome_of_row(row) for row in cursor.fetchall()}
        return [found.get(number or 0, Outcome(0, is_known=False)) for number in numbers]

    def _start(self) -> Runner:
        same = cast("psycopg.Connection[Any]", SameConnection())
        return Runner.start(
            same, signer=signer("venue"), teller=self.teller, clock_ms=lambda: self.now_ms
        )


class TestDesk:
    """The desk of `ask`, which writes and steps within the test's transaction."""

    __test__ = False

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.is_deaf = False

    def submit(self, rows: Sequence[InboxRow], /, *, wait_ms: int) -> "Future[list[Outcome]]":
        """Write, step, answer; deaf: write only, as if the engine were away.

        On an event loop the work is done in the thread that Django's connection belongs to.
        """
        del wait_ms
        answer: Future[list[Outcome]] = Future()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            answer.set_result(self._answer(rows))
        else:
            task = loop.create_task(sync_to_async(self._answer)(rows))
            task.add_done_callback(partial(_hand_over, answer))
        return answer

    def close(self) -> None:
        """Nothing to end."""

    def _answer(self, rows: Sequence[InboxRow]) -> list[Outcome]:
        with connection.cursor() as cursor:
            cursor.execute(INSERT, columns_of(rows))
            numbers = numbers_of(rows, cursor.fetchall())
        if not self.is_deaf:
            self.exchange.settle()
        return self.exchange.outcomes(numbers)


def _hand_over(answer: "Future[list[Outcome]]", done: "asyncio.Task[list[Outcome]]") -> None:
    error = done.exception()
    if error is None:
        answer.set_result(done.result())
    else:
        answer.set_exception(error)


@contextmanager
def exchange_in_test() -> Iterator[Exchange]:
    """Run the exchange within the test's transaction, `ask` included."""
    exchange = Exchange()
    before = asking.place_desk(TestDesk(exchange))
    try:
        yield exchange
    finally:
        asking.place_desk(before)
        exchange.runner.stop()


def _around_listing(market: Market) -> tuple[int, int]:
    ticks = int(market.listing_price / market.tick_size)
    return ticks - 1, ticks + 1
