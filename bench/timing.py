"""Whether the time of an answer tells of a resting order: the same probe with and without one.

Run: `python bench/timing.py [REPEATS]`. Each probe ends the same way in both worlds (that is what
the tests of darkness hold), so only the engine's work may differ. Printed are the microseconds of
deciding it in both, by turns, and how many probes would tell the difference with nine chances of
ten, where answers scatter by a millisecond, and by five.
"""

import statistics
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.engine import MID as MID_HALF_TICKS
from bench.engine import opened
from engine import commands as c
from engine.exchange import apply, decide
from engine.state import State
from engine.vocabulary import MinQuantityMode, OrderType, Side, TimeInForce

ROW = "{:<44}{:>9}{:>9}{:>13}{:>14}{:>14}"
MID = MID_HALF_TICKS // 2
FAR = MID // 50
# 2 x (1.64 + 1.28) squared: one chance of twenty to be wrong, nine of ten to see it.
SURE = 2 * (1.64 + 1.28) ** 2
SCATTERS_US = (1_000, 5_000)
NOTHING_US = 0.5
Terms = dict[str, Any]
IOC, FOK = TimeInForce.IOC, TimeInForce.FOK
FIRST = {"min_quantity_lots": 6, "min_quantity_mode": MinQuantityMode.FIRST}
FIRST_SIX = {"quantity_lots": 7, "time_in_force": IOC, **FIRST}
PROBES: list[tuple[str, Terms, Terms, int]] = [
    ("IOC, a hidden order out of reach", {"time_in_force": IOC}, {"limit_ticks": MID + FAR}, 1),
    ("rests, a hidden order out of reach", {}, {"limit_ticks": MID + FAR}, 1),
    ("IOC, one in reach that wants more", {"time_in_force": IOC}, {"all_or_none": True}, 1),
    ("FOK, one in reach that is too small", {"time_in_force": FOK, "quantity_lots": 7}, {}, 1),
    ("first minimum, one that is too small", FIRST_SIX, {}, 1),
    ("FOK, twenty that are too small", {"time_in_force": FOK, "quantity_lots": 101}, {}, 20),
]


def order(name: str, **terms: Any) -> c.SubmitOrder:
    """Return a limit order of a little at the middle of the market."""
    usual = {"quantity_lots": 1, "limit_ticks": MID + 1, "time_in_force": TimeInForce.GTC}
    return c.SubmitOrder(
        at_ms=2,
        order_id=name,
        market_id="BTC",
        order_type=OrderType.LIMIT,
        **{**usual, **terms},
    )


def world(hidden: Terms, count: int) -> State:
    """Return a market in which so many orders rest."""
    state = opened(accounts=3)
    size = {"quantity_lots": 5, "limit_ticks": MID}
    for number in range(count):
        told = {"account_id": "a1", "side": Side.SELL, **size, **hidden}
        apply(state, order(f"hidden {number}", **told))
    return state


def took_us(state: State, asked: c.SubmitOrder) -> float:
    """Return the microseconds of deciding."""
    began = time.perf_counter_ns()
    decide(state, asked)
    return (time.perf_counter_ns() - began) / 1_000


def main() -> None:
    """Measure each probe in both worlds by turns, and print the table."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    print(ROW.format("deciding a probe, us", "without", "with", "difference", "probes", "at 5 ms"))
    for name, probe, hidden, count in PROBES:
        worlds = (world(hidden, 0), world(hidden, count))
        asked = order("probe", account_id="a2", side=Side.BUY, **probe)
        ends = [[type(event).__name__ for event in decide(one, asked)] for one in worlds]
        assert ends[0] == ends[1], (name, ends)  # noqa: S101 - else it is no probe
        seen: tuple[list[float], list[float]] = ([], [])
        for _ in range(repeats):
            for one, found in zip(worlds, seen, strict=True):
                found.append(took_us(one, asked))
        without, with_one = (statistics.median(found) for found in seen)
        gap = abs(with_one - without)
        needed = [
            f"{SURE * (scatter / gap) ** 2:,.0f}" if gap > NOTHING_US else "-"
            for scatter in SCATTERS_US
        ]
        print(ROW.format(name, f"{without:.1f}", f"{with_one:.1f}", f"{gap:.1f}", *needed))


if __name__ == "__main__":
    main()
