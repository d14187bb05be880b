"""How fast prices are made and recordings replayed: one table, ratios to a baseline of the run.

Run: `python bench/prices.py [folder of recorded books]`. The baseline of a step is the bare
median of the same mids by the standard library; that of the replay is reading the same lines
as JSON. Without a folder, or when it is missing, the rows of the replay say so. A step is timed
twice: by the clock, which counts whatever else the machine does, and by the processor's time.
"""

import gzip
import json
import os
import statistics
import sys
import time
from pathlib import Path
from random import Random
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from prices.adapters.binance_lines import (
    BinanceRecording,
    Book,
    read_lines,
    take_depth,
    ticker_of,
)
from prices.adapters.depth import DepthBook
from prices.adapters.heard import BadRecordingError, deliver
from prices.adapters.replay import open_recording
from prices.board import Board, MarketPrices
from prices.funding import Sampler
from prices.records import USDT_USD, Currency, Kind, MarketSources, Quote, Source

MARKETS = 60
VENUES = 8
PERPETUALS = 3
QUOTES_PER_SECOND = 10
STEPS_PER_SECOND = 20
SECONDS = 10
START_MS = 1_700_000_000_000
CENT_PICO = 10**10


def sources(kind: Kind, *, count: int) -> tuple[Source, ...]:
    """Return so many sources, every second of them in USD."""
    return tuple(
        Source(
            name=f"{kind}-{number}",
            kind=kind,
            weight=30 - number,
            currency=Currency.USD if number % 2 and kind is Kind.SPOT else Currency.USDT,
        )
        for number in range(count)
    )


def sixty() -> tuple[list[MarketSources], MarketSources]:
    """Return the markets and the converting index."""
    spot, perpetuals = sources(Kind.SPOT, count=VENUES), sources(Kind.PERPETUAL, count=PERPETUALS)
    markets = [
        MarketSources(
            market_id=f"M{number}-USDT-PERP",
            tick_pico=CENT_PICO,
            venues=spot,
            perpetuals=perpetuals,
        )
        for number in range(MARKETS)
    ]
    dollar = tuple(Source(name=f"d{number}", kind=Kind.SPOT) for number in range(2))
    conversion = MarketSources(market_id=USDT_USD, tick_pico=10**6, venues=dollar, least=2)
    return markets, conversion


def quote(random: Random, *, at_ms: int) -> Quote:
    """Return a quote around 100 USDT."""
    mid_pico = 10**14 + random.randrange(-(10**11), 10**11)
    half_pico = random.randrange(10**9, 10**10)
    return Quote(bid_pico=mid_pico - half_pico, ask_pico=mid_pico + half_pico, received_at_ms=at_ms)


class Step(NamedTuple):
    """Seconds that a step took: by the clock, and of the processor alone."""

    clock_s: float
    processor_s: float


def bench_steps() -> tuple[list[Step], float, int, float]:
    """Return what each step took, seconds of all intake, quotes taken, and of the baseline."""
    random = Random(5)
    markets, conversion = sixty()
    board = Board(markets=markets, usdt_usd=conversion)
    samplers = {market.market_id: Sampler(market.market_id) for market in markets}
    every = STEPS_PER_SECOND // QUOTES_PER_SECOND
    steps, intake_s, taken, baseline_s = [], 0.0, 0, 0.0
    for step in range(SECONDS * STEPS_PER_SECOND):
        at_ms = START_MS + step * 1_000 // STEPS_PER_SECOND
        arrivals = [
            (market.market_id, source, quote(random, at_ms=at_ms))
            for market in markets
            for place, source in enumerate((*market.venues, *market.perpetuals))
            if step == 0 or place % every == step % every
        ]
        dollar = Quote(bid_pico=10**12, ask_pico=10**12 + 10**8, received_at_ms=at_ms)
        arrivals.extend((USDT_USD, source, dollar) for source in conversion.venues)
        began = time.perf_counter()
        for market_id, source, newest in arrivals:
            if source.kind is Kind.SPOT:
                board.take_quote(market_id=market_id, source=source.name, quote=newest)
            else:
                board.take_perpetual(market_id=market_id, source=source.name, quote=newest)
        intake_s += time.perf_counter() - began
        taken += len(arrivals)
        began, busy = time.perf_counter(), time.thread_time()
        prices = board.step(at_ms)
        if step % STEPS_PER_SECOND == 0:
            sample(samplers, prices=prices)
        steps.append(Step(time.perf_counter() - began, time.thread_time() - busy))
        mids = [[(seen.bid_pico + seen.ask_pico) // 2 for seen in one.venues] for one in prices]
        began = time.perf_counter()
        for values in mids:
            statistics.median_low(values)
        baseline_s += time.perf_counter() - began
    return steps, intake_s, taken, baseline_s / len(steps)


def sample(samplers: dict[str, Sampler], *, prices: list[MarketPrices]) -> None:
    """Take the funding sample of all markets."""
    for one in prices:
        if one.market_id in samplers:
            samplers[one.market_id].take(
                at_ms=one.at_ms,
                premium_ppb=one.premium_ppb,
                index_half_ticks=one.index_half_ticks,
                mark_half_ticks=one.mark_half_ticks,
                perpetuals=PERPETUALS,
            )


def bench_replay(recording: BinanceRecording) -> float:
    """Return seconds for hearing a whole recording as fast as possible."""
    markets = [
        MarketSources(market_id=market_id, tick_pico=CENT_PICO, venues=venues, least=2)
        for market_id, venues in recording.own_sources().items()
    ]
    board = Board(markets=markets)
    began = time.perf_counter()
    for heard in recording.events():
        deliver(board, heard=heard, at_ms=heard.at_ns // 1_000_000)
    return time.perf_counter() - began


def bench_reading(recording: BinanceRecording) -> float:
    """Return seconds for reading all lines of a recording as JSON and nothing else."""
    began = time.perf_counter()
    for book in recording.books:
        for file in book.files:
            with gzip.open(file, "rb") as stream:
                for raw in stream:
                    json.loads(raw.partition(b" ")[2])
    return time.perf_counter() - began


def compare_book(book: Book) -> tuple[int, int, int, float]:
    """Return how often the rebuilt book equals the recorded best quote, how often not, its gaps."""
    depth = DepthBook()
    tickers: dict[int, tuple[int, int]] = {}
    bests: dict[int, tuple[int, int] | None] = {}
    began = time.perf_counter()
    for line in read_lines(book.files):
        best = ticker_of(line.message)
        if best is not None and line.message.data is not None:
            tickers[line.message.data.u] = best
        elif take_depth(depth, message=line.message) and depth.last_id is not None:
            bests[depth.last_id] = depth.best()
    seconds = time.perf_counter() - began
    both = tickers.keys() & bests.keys()
    equal = sum(tickers[number] == bests[number] for number in both)
    return equal, len(both) - equal, depth.gaps, seconds


def row(name: str, figure: str, aim: str = "", ratio: str = "") -> None:
    """Print one row."""
    print(f"{name:<54} {figure:>24} {aim:>10} {ratio:>8}")


def main() -> None:
    """Run every bench and print the table."""
    row("figure", "measured", "aim", "ratio")
    steps, intake_s, taken, baseline_s = bench_steps()
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    row(f"load of the machine, {os.cpu_count()} cores", load)
    name = "60 markets, 8 venues + 3 perpetuals, step"
    for kind, taken_s in (
        ("processor", sorted(step.processor_s for step in steps)),
        ("clock", sorted(step.clock_s for step in steps)),
    ):
        middle, late = taken_s[len(taken_s) // 2], taken_s[len(taken_s) * 99 // 100]
        figure = f"p50 {middle * 1e3:.2f}, p99 {late * 1e3:.2f} ms"
        row(f"{name}, {kind}", figure, "< 20 ms", f"{middle / baseline_s:.1f}x")
    row("quotes taken", f"{taken / intake_s:,.0f}/s")
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("recorded books")
    try:
        began = time.perf_counter()
        recording = open_recording(folder)
    except BadRecordingError as error:
        row("replay", str(error))
        return
    if not isinstance(recording, BinanceRecording):
        row("replay", f"{folder} holds no recorded books.")
        return
    checked_s = time.perf_counter() - began
    row("recording checked", f"{recording.lines() / checked_s:,.0f} lines/s")
    replay_s, reading_s = bench_replay(recording), bench_reading(recording)
    speed = f"{recording.lines() / replay_s:,.0f} lines/s"
    row("replay as fast as possible", speed, "", f"{replay_s / reading_s:.2f}x")
    for book in recording.books:
        equal, unequal, gaps, seconds = compare_book(book)
        row(f"{book.name}: rebuilt = recorded best", f"{equal} of {equal + unequal}", "all")
        row(f"{book.name}: gaps, depth lines", f"{gaps}, {book.lines / seconds:,.0f} lines/s")


if __name__ == "__main__":
    main()
