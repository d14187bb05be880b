"""How soon an engine that was killed is there again, with many positions and open orders."""

import json
import signal
import time

from bench.table import row
from bench.venue import Venue, wait_for

WORLD = "bench/world.py"
ACCOUNTS, MARKETS, RESTING = 2_000, 50, 20_000
AIM_S = 10


def bench_restore(venue: Venue) -> None:
    """Measure from the start of the process to the moment at which it acts."""
    told = {"accounts": ACCOUNTS, "markets": MARKETS, "resting": RESTING}
    made = json.loads(venue.run(WORLD, told=told))
    row("restore", "figure", "aim")
    row("  positions / open orders / events", f"{made['positions']:,}", f"{made['orders']:,}",
        f"{made['events']:,}")  # fmt: skip
    for name in ("from the newest snapshot, s", "  again, s"):
        clock, worked = restart(venue)
        row(f"  {name}", f"{clock:.2f}", f"{AIM_S}")
        row("      of these on the processor", f"{worked:.2f}")
    for name, seconds in made["parts"].items():
        row(f"    {name}, s", f"{seconds:.2f}")


def restart(venue: Venue) -> tuple[float, float]:
    """Start an engine, wait until it acts, kill it; return the start's seconds, and its work."""
    log = venue.home / "engine.log"
    said = log.stat().st_size if log.exists() else 0
    began = time.perf_counter()
    engine = venue.python("engine", "manage.py", "run_engine")
    wait_for(lambda: b"The engine runs." in log.read_bytes()[said:], seconds=300)
    seconds = time.perf_counter() - began
    worked = venue.worked_s("engine")
    venue.stop(engine, by=signal.SIGKILL)
    return seconds, worked
