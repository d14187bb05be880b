"""The price service: hears the sources, steps the board, and hands on what each step gives.

One loop steps; three others, each in a thread of its own, send to the engine, tell Redis and
write rows. None waits for another: a slow database delays what it is told, never the prices,
and the newest always wins. What is not here: how prices are made (`prices`).
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

import redis
import structlog
from django.db import DatabaseError, connection
from django.utils import timezone

from godark import alive
from prices.adapters.lies import Lie, LieKind
from prices.adapters.simulated import wall_clock_ms
from prices.adapters.source import ConnectionState
from prices.board import Board, LastGood, MarketPrices
from trading.models import ToldLie
from trading.services import price_rows
from trading.services.engine_prices import move_references
from trading.services.price_adapters import Sourcing
from trading.services.price_desk import PriceDesk
from trading.services.price_feed import PriceFeed, ServiceView
from trading.services.price_lock import PriceLock

if TYPE_CHECKING:
    from engine.commands import MoveReferences

log = structlog.get_logger(__name__)

SHORTEST_STEP_MS = 50
TELL_S = 0.25
WRITE_S = 0.5
LAST_GOOD_S = 5.0
LOCK_S = 1.0
BOARD_EVERY = 2


class Outlet(Protocol):
    """Who takes every step's prices for the engine."""

    def take(self, prices: Sequence[MarketPrices], *, at_ms: int) -> None:
        """Take the newest prices of all markets, without waiting for anything."""

    def send(self) -> None:
        """Send on what was taken; called in a thread of its own, once after each step."""


class ReferenceRecorder:
    """Keeps the newest references as the engine's command, and how many came before."""

    def __init__(self) -> None:
        """Start without a command."""
        self.newest: MoveReferences | None = None
        self.count = 0
        self.sent = 0

    def take(self, prices: Sequence[MarketPrices], *, at_ms: int) -> None:
        """Keep the command of these prices in place of the one before."""
        self.newest = move_references(prices, at_ms=at_ms)
        self.count += 1

    def send(self) -> None:
        """Count it."""
        self.sent += 1


class PriceRun:
    """One run of the price service."""

    def __init__(
        self,
        *,
        sourcing: Sourcing,
        board: Board,
        desk: PriceDesk,
        feed: PriceFeed,
        outlet: Outlet,
        step_ms: int,
        lock: PriceLock,
        clock_ms: Callable[[], int] = wall_clock_ms,
    ) -> None:
        """Prepare a run; at most twenty steps a second."""
        self._sourcing = sourcing
        self._board = board
        self._desk = desk
        self._feed = feed
        self._outlet = outlet
        self._lock = lock
        self._step_s = max(SHORTEST_STEP_MS, step_ms) / 1_000
        self._clock_ms = clock_ms
        self._took_ms = 0.0
        self._keys: dict[str, int] = {}
        self._good_written_at = 0.0
        self._tellings = 0
        self._signed_steps = 0
        self._sign_due = 0.0
        self._stepped = asyncio.Event()

    async def run(self) -> None:
        """Run until canceled, or until another has the lock; keep the last good, leave the lock."""
        try:
            async with asyncio.TaskGroup() as group:
                for adapter in self._sourcing.adapters:
                    group.create_task(adapter.run(self._board))
                group.create_task(self._step_for_ever())
                group.create_task(self._send_for_ever())
                group.create_task(self._call_for_ever(self.tell, every_s=TELL_S))
                group.create_task(self._call_for_ever(self.write, every_s=WRITE_S))
                group.create_task(self._call_for_ever(self._lock.keep, every_s=LOCK_S))
        finally:
            with ThreadPoolExecutor(max_workers=1) as thread:
                thread.submit(self._close).result()
            self._lock.give_back()

    def step(self) -> list[MarketPrices]:
        """Make one step: the newest prices of all markets to the desk and the outlet."""
        at_ms, began = self._clock_ms(), time.perf_counter()
        set_back = self._board.times_set_back
        prices = self._board.step(at_ms)
        if self._board.times_set_back != set_back:
            log.warning("clock_set_back")
        self._desk.take(prices)
        self._outlet.take(prices, at_ms=at_ms)
        self._took_ms = (time.perf_counter() - began) * 1_000
        return prices

    def tell(self) -> None:
        """Tell Redis what is new; without Redis, tell the next."""
        newest = list(self._desk.newest)
        self._give_sign()
        self._tellings += 1
        try:
            self._feed.tell_ticks(newest, rates_ppb=self._desk.rates_ppb())
            if self._tellings % BOARD_EVERY == 0:
                self._feed.tell_board(self._desk, service=self._service())
        except redis.RedisError as error:
            log.warning("prices_not_told", kind=type(error).__name__)

    def write(self) -> None:
        """Write what is new; what fails is tried again with the next."""
        try:
            self._write_rows()
        except DatabaseError as error:
            log.warning("prices_not_written", kind=type(error).__name__)
            connection.close()

    async def _step_for_ever(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            self.step()
            self._stepped.set()
            due = max(due + self._step_s, loop.time())
            await asyncio.sleep(due - loop.time())

    async def _send_for_ever(self) -> None:
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="prices-send") as thread:
            while True:
                await self._stepped.wait()
                self._stepped.clear()
                await loop.run_in_executor(thread, self._outlet.send)

    async def _call_for_ever(self, call: Callable[[], None], *, every_s: float) -> None:
        """Call again and again in one thread, so that rows have one connection and one order."""
        loop = asyncio.get_running_loop()
        name = f"prices-{call.__name__}"
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix=name) as thread:
            while True:
                await asyncio.sleep(every_s)
                await loop.run_in_executor(thread, call)

    def _service(self) -> ServiceView:
        return ServiceView(
            mode=self._sourcing.mode,
            at_ms=self._clock_ms(),
            steps=self._desk.steps,
            step_ms=round(self._took_ms, 2),
            connections=self._states(),
        )

    def _states(self) -> list[ConnectionState]:
        return [state for adapter in self._sourcing.adapters for state in adapter.states()]

    def _give_sign(self) -> None:
        if self._desk.steps > self._signed_steps and time.monotonic() >= self._sign_due:
            at_ms = self._clock_ms()
            sources = {state.source: state.is_up(at_ms) for state in self._states()}
            alive.give_sign(alive.Part.PRICES, leans_on=sources)
            self._signed_steps = self._desk.steps
            self._sign_due = time.monotonic() + alive.EVERY_SECONDS

    def _write_rows(self) -> None:
        self._keys = self._keys or price_rows.market_keys()
        price_rows.write_tickers(
            list(self._desk.newest),
            keys=self._keys,
            rates_ppb=self._desk.rates_ppb(),
            samples=self._desk.samples(),
        )
        self._obey()
        pending = self._desk.drain()
        try:
            if not pending.is_empty():
                price_rows.write_minutes(
                    candles=pending.candles, minutes=pending.minutes, keys=self._keys
                )
                price_rows.write_alerts(pending.alerts, trips=pending.trips)
        except DatabaseError:
            self._desk.put_back(pending)
            raise
        if time.monotonic() - self._good_written_at >= LAST_GOOD_S:
            price_rows.write_last_good(self._last_good())
            self._good_written_at = time.monotonic()

    def _obey(self) -> None:
        if self._sourcing.simulation is None:
            return
        told = ToldLie.objects.filter(ends_at__gt=timezone.now())
        self._sourcing.simulation.obey(
            Lie(
                source=row.source,
                kind=LieKind(row.kind),
                market_id=row.name or None,
            )
            for row in told.order_by("-pk")
            if row.kind in set(LieKind)
        )

    def _last_good(self) -> dict[str, LastGood]:
        return {
            board.sources.market_id: board.last_good
            for board in self._board.all_boards()
            if board.last_good is not None
        }

    def _close(self) -> None:
        try:
            price_rows.write_last_good(self._last_good())
        except DatabaseError as error:
            log.warning("prices_not_written", kind=type(error).__name__)
        connection.close()
