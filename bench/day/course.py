"""The course of a day: traders are brought, the recording begins, everybody trades, it ends.

What is not here: what anybody does (`bench.day.bots`), and what came of it (`bench.day.after`).
"""

import asyncio
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Final

from bench.day import people
from bench.day.bots.blocks import trade_blocks
from bench.day.bots.clumsy import stumble
from bench.day.bots.floor import Floor
from bench.day.bots.gamblers import gamble
from bench.day.bots.makers import make_markets
from bench.day.bots.pinger import Ping, ping
from bench.day.bots.takers import take
from bench.day.faults import Fault, break_things
from bench.day.figures import Figures, Sample
from bench.day.heard import Public
from bench.day.making import CRASH
from bench.day.people import Person
from bench.day.tape import HOUR_NS, Tape
from bench.day.venue import Venue, now_ms, usage
from bench.venue import ROOT
from godark_client import AsyncClient

WHOLE: Final = Decimal(60)
"""So much of the base currency is taken in all where no scale is given."""
MOST, CRASH_MOST = Decimal(12), Decimal(60)
BEGINS_IN_S: Final = 30.0
LATER_MS: Final = 24 * 3_600_000
SAMPLE_S: Final = 2.0
SYMBOL: Final = "BTC-USDT-PERP"
USDT: Final = {
    "taker": 50_000,
    "maker": 5_000_000,
    "block": 3_000_000,
    "pinger": 5_000,
    "gambler": 40_000,
    "clumsy": 1_000,
}
NUMBERS: Final = {"maker": 4, "block": 2, "pinger": 1, "gambler": 20, "clumsy": 2}
CRASH_GAMBLERS: Final = 40
"""All of them long: more than the backstop may hold, so that somebody is deleveraged."""
CRASH_TAKEN_USDT: Final = 495_000
"""So much of the backstop's half million goes back to the global fund before a crash."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How a day goes."""

    recording: Path
    seed: int
    speed: float
    takers: int
    scale: Decimal | None
    is_crash: bool
    has_faults: bool
    minutes: float | None


@dataclass
class Day:
    """One day on one venue."""

    venue: Venue
    terms: Terms
    tape: Tape
    figures: Figures = field(default_factory=Figures)
    pings: list[Ping] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    brought: list[Person] = field(default_factory=list)
    hours: dict[int, str] = field(default_factory=dict)
    """What the engine said of each recorded hour's payment."""
    thinned: str = ""
    """What the engine said of taking the backstop's cash, before a crash."""
    traders: int = 0
    bringing_s: float = 0.0
    opening_s: float = 0.0
    lasted_s: float = 0.0

    @property
    def scale(self) -> Decimal:
        """Return what recorded sizes are multiplied by."""
        if self.terms.scale is not None:
            return self.terms.scale
        total = sum((one.size for one in self.tape.taken), Decimal(0))
        return min(Decimal(1), WHOLE / total) if total else Decimal(1)

    async def run(self) -> None:
        """Trade the day to its end."""
        brought = await self._bring()
        if self.terms.is_crash:
            taken = str(CRASH_TAKEN_USDT)
            self.thinned = await asyncio.to_thread(self._ask, "bench/day/backstop.py", taken)
        begins_ms = self._reopen()
        async with AsyncClient(self.venue.url) as client:
            market = await client.market(SYMBOL)
        public = Public(self.venue.url, SYMBOL, self.figures)
        floor = Floor(
            url=self.venue.url,
            market=market,
            public=public,
            figures=self.figures,
            seed=self.terms.seed,
            speed=self.terms.speed,
            most=CRASH_MOST if self.terms.is_crash else MOST,
            shock_at=self._shock_at(begins_ms),
        )
        listening = asyncio.create_task(public.listen())
        try:
            began, at = time.perf_counter(), time.time()
            await self._trade(floor, brought, begins_ms=begins_ms)
            self.lasted_s = time.perf_counter() - max(began, began + begins_ms / 1_000 - at)
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening

    def _shock_at(self, begins_ms: int) -> float | None:
        """Return when a crash begins, by the wall's clock."""
        if not self.terms.is_crash:
            return None
        return begins_ms / 1_000 + CRASH.calm_minutes * 60 / self.terms.speed

    async def _bring(self) -> dict[str, list[Person]]:
        """Open without prices yet and bring everybody, with money on the real path."""
        began = time.perf_counter()
        self.venue.open(**self._prices(begins_ms=now_ms() + LATER_MS))
        self.opening_s = time.perf_counter() - began
        numbers = {"taker": self.terms.takers, **NUMBERS}
        if self.terms.is_crash:
            numbers["gambler"] = CRASH_GAMBLERS
        wanted = [(name, USDT[name]) for name, number in numbers.items() for _ in range(number)]
        self.traders = len(wanted)
        print(f"open after {self.opening_s:.1f} s; bringing {len(wanted)} traders ...", flush=True)
        began = time.perf_counter()
        self.brought = brought = await people.bring(self.venue, wanted)
        self.bringing_s = time.perf_counter() - began
        print(f"brought in {self.bringing_s:.1f} s", flush=True)
        return {name: [one for one in brought if one.name == name] for name in numbers}

    def _reopen(self) -> int:
        """Start the venue anew on the same rows, with the recording; return when that begins."""
        self.venue.close()
        begins_ms = now_ms() + int(BEGINS_IN_S * 1_000)
        self.venue.open(**self._prices(begins_ms=begins_ms))
        return max(begins_ms, now_ms())

    def _prices(self, *, begins_ms: int) -> dict[str, str]:
        """Return the settings of a replay that begins then; until then there is no price."""
        return {
            "GODARK_PRICES": "replay",
            "GODARK_PRICES_RECORDING": str(self.terms.recording.absolute()),
            "GODARK_PRICES_SPEED": str(self.terms.speed),
            "GODARK_PRICES_BEGIN_AT": str(begins_ms),
        }

    async def _trade(
        self, floor: Floor, brought: dict[str, list[Person]], *, begins_ms: int
    ) -> None:
        async with asyncio.TaskGroup() as group:
            beside = [
                group.create_task(one)
                for one in (
                    make_markets(floor, brought["maker"]),
                    trade_blocks(floor, brought["block"]),
                    ping(floor, brought["pinger"], self.pings),
                    gamble(floor, brought["gambler"], is_crash=self.terms.is_crash),
                    stumble(floor, brought["clumsy"]),
                    self._pay_hours(begins_ms),
                    self._watch(floor, begins_ms),
                )
            ]
            if self.terms.has_faults:
                beside.append(group.create_task(break_things(floor, self.venue, self.faults)))
            taking = take(floor, brought["taker"], self.tape, scale=self.scale,
                          begins_ms=begins_ms)  # fmt: skip
            limit = self._limit_s(begins_ms)
            with suppress(TimeoutError):
                await asyncio.wait_for(taking, limit)
            floor.is_over.set()
            await asyncio.wait(beside, timeout=30)
            for task in beside:
                task.cancel()

    def _limit_s(self, begins_ms: int) -> float | None:
        if self.terms.minutes is None:
            return None
        return begins_ms / 1_000 - time.time() + self.terms.minutes * 60

    async def _pay_hours(self, begins_ms: int) -> None:
        """Pay each recorded hour when it ends, keyed by that hour."""
        for hour in self.tape.hours_ended():
            past_s = ((hour + 1) * HOUR_NS - self.tape.first_ns) / 1e9 / self.terms.speed
            await asyncio.sleep(max(0.0, begins_ms / 1_000 + past_s - time.time()))
            self.hours[hour] = await asyncio.to_thread(
                self._ask, "bench/day/hour.py", SYMBOL, str(hour)
            )

    def _ask(self, *words: str) -> str:
        """Ask the engine something by a script on the venue's servers; return what it said."""
        done = subprocess.run(  # noqa: S603 - a command line of our own
            [sys.executable, *words],
            cwd=ROOT,
            env=self.venue.told,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.strip() or done.stderr.strip()[-200:]

    async def _watch(self, floor: Floor, begins_ms: int) -> None:
        """Show the day as it goes, and keep a sample of the machine."""
        while True:
            at_s = time.time() - begins_ms / 1_000
            used = await asyncio.to_thread(usage, self.venue)
            size = await asyncio.to_thread(self._log_bytes)
            orders, fills = sum(self.figures.sent.values()), len(self.figures.fills)
            self.figures.samples.append(Sample(at_s, used, orders, fills, size))
            self._show(floor, at_s, orders, fills)
            await asyncio.sleep(SAMPLE_S)

    def _show(self, floor: Floor, at_s: float, orders: int, fills: int) -> None:
        done = max(0.0, at_s * self.terms.speed / max(1.0, self.tape.seconds))
        bar = "#" * int(30 * min(1.0, done))
        mid = floor.public.quote.mid if floor.public.quote else None
        late = self.figures.late[-1] if self.figures.late else 0.0
        liquidated = sum(self.figures.liquidations.values())
        print(
            f"\r[{bar:<30}] {min(1.0, done):4.0%}  {orders:,} orders  {fills:,} fills  mid {mid}"
            f"  late {late:.1f} s  liquidations {liquidated}  faults {len(self.faults)}   ",
            end="",
            flush=True,
        )

    def _log_bytes(self) -> int:
        with suppress(Exception):  # it may be dead just now
            return int(self.venue.rows("SELECT pg_total_relation_size('trading_event')")[0][0])
        return 0
