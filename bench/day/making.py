"""Recordings of our own: a calm quarter of an hour, and the hour and a half of a crash.

Written as CSV with the sources of the catalogue's own list, the same bytes for the same seed. In
a crash Bitcoin loses 16% within 90 minutes; meanwhile venues fall silent, cross one another, and
hardly anybody trades. What is not here: reading them.
"""

import csv
import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from prices.adapters.csv_lines import HEADER, TRADE

MARKET: Final = "BTC-USDT-PERP"
DOLLAR: Final = "USDT-USD"
USDT_VENUES: Final = ("binance", "bybit", "okx")
USD_VENUES: Final = ("coinbase", "kraken")
PERPETUALS: Final = ("binance-perp", "bybit-perp", "okx-perp")
ORACLES: Final = ("pyth", "switchboard")
BEGINS_MS: Final = 1_723_161_300_000
"""23:55 UTC: a day ends within it."""
STEP_MS: Final = 250
CROSSES: Final = 0.02
"""How often a venue of a crash quotes far enough off to cross the others."""
PRICE: Final = 61_800.0
TICK: Final = 0.1

Row = list[str]


@dataclass(frozen=True, kw_only=True)
class Course:
    """How a recording goes: minutes, what the price gains by its end, how it swings.

    A shock begins after `calm_minutes`; until then everything is as on any day.
    """

    minutes: int
    calm_minutes: int = 0
    gain: float = 0.0
    swing: float = 0.000_03
    trades_a_second: float = 20.0
    is_shock: bool = False


CALM: Final = Course(minutes=15)
CRASH: Final = Course(
    minutes=105,
    calm_minutes=15,
    gain=-0.16,
    swing=0.000_12,
    trades_a_second=8.0,
    is_shock=True,
)


def make(path: Path, course: Course, *, seed: int) -> None:
    """Write a recording, gzipped."""
    rows = io.StringIO()
    writer = csv.writer(rows, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(rows_of(course, seed=seed))
    path.write_bytes(gzip.compress(rows.getvalue().encode(), compresslevel=6, mtime=0))


def rows_of(course: Course, *, seed: int) -> Iterator[Row]:
    """Return a recording's rows in the order of their time."""
    random = Random(seed)
    steps = course.minutes * 60_000 // STEP_MS
    calm = course.calm_minutes * 60_000 // STEP_MS
    price = PRICE
    for step in range(steps):
        share = max(0, step - calm) / (steps - calm)
        price *= 1 + course.gain / steps * (step >= calm) + random.gauss(0, course.swing)
        aim = PRICE * (1 + course.gain * share)
        price += (aim - price) * 0.01
        yield from _quotes(random, course, at_ms=BEGINS_MS + step * STEP_MS, price=price, step=step)


def _quotes(
    random: Random, course: Course, *, at_ms: int, price: float, step: int
) -> Iterator[Row]:
    is_shaken = course.is_shock and step * STEP_MS >= course.calm_minutes * 60_000
    is_thin = is_shaken and step % 4 == 0
    for place, venue in enumerate((*USDT_VENUES, *USD_VENUES)):
        if is_shaken and _is_silent(place, step):
            continue
        middle = price * (1 + random.gauss(0, 0.000_02))
        if is_shaken and random.random() < CROSSES:
            middle *= 1 + random.choice((-0.002, 0.002))
        yield _row(at_ms, "SPOT", venue, middle, half=price * (0.000_4 if is_thin else 0.000_02))
    for venue in PERPETUALS:
        middle = price * (1 + (-0.000_5 if is_shaken else 0.000_1) + random.gauss(0, 0.000_02))
        yield _row(at_ms, "PERPETUAL", venue, middle, half=price * 0.000_02)
    if step % 2 == 0:
        yield from _slower(random, at_ms=at_ms, price=price)
    # In a crash depth is gone: what trades is a hundredth of it.
    expected = course.trades_a_second * STEP_MS / 1_000
    for _ in range(int(expected) + (random.random() < expected % 1)):
        size = random.lognormvariate(-3.5, 1.2) / (100 if is_shaken else 1)
        yield [str(at_ms), TRADE, MARKET, "trades", f"{price:.1f}", f"{max(size, 0.0001):.6f}"]


def _slower(random: Random, *, at_ms: int, price: float) -> Iterator[Row]:
    for name in ORACLES:
        told = price * (1 + random.gauss(0, 0.000_03))
        yield [str(at_ms), "ORACLE", MARKET, name, f"{told:.4f}", f"{price * 0.000_3:.4f}"]
        yield [str(at_ms), "ORACLE", DOLLAR, name, f"{1 + random.gauss(0, 0.000_01):.8f}", "0.0002"]
    for name in USD_VENUES:
        middle = 1 + random.gauss(0, 0.000_01)
        yield [str(at_ms), "SPOT", DOLLAR, name, f"{middle - 2e-5:.6f}", f"{middle + 2e-5:.6f}"]


def _is_silent(place: int, step: int) -> bool:
    """Tell whether a venue says nothing just now: each for ten seconds of every minute."""
    return (step // 40 + place) % 6 == 0


def _row(at_ms: int, kind: str, source: str, middle: float, *, half: float) -> Row:
    bid = round((middle - half) / TICK) * TICK
    ask = max(round((middle + half) / TICK) * TICK, bid + TICK)
    return [str(at_ms), kind, MARKET, source, f"{bid:.1f}", f"{ask:.1f}"]
