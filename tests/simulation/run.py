"""`make sim`: worlds until the time is over, each from its own seed, which a failure prints.

SEEDS=17 or SEEDS=0-99 runs those; MINUTES=5 goes on from a new first seed for so long;
LENGTH=1000 sets how many commands a world has, ONLY=compare runs nothing but the engine beside
the slow venue. What is not here: a world.
"""

import os
import secrets
import sys
import time
from collections.abc import Iterator

from engine.events import Event
from engine.reasons import Reason
from engine.vocabulary import TradeKind
from tests.simulation.world import Figures, compare, simulate

ENOUGH_WORLDS = 40
"""From so many worlds on, every kind of event and every reason must have been reached."""


def seeds() -> Iterator[int]:
    """Yield the seeds that the environment asks for."""
    if asked := os.environ.get("SEEDS"):
        first, _, last = asked.partition("-")
        yield from range(int(first), int(last or first) + 1)
        return
    end = time.monotonic() + 60 * float(os.environ.get("MINUTES", "1"))
    seed = secrets.randbelow(10**9)
    while time.monotonic() < end:
        yield seed
        seed += 1


def missing(figures: Figures) -> list[str]:
    """Return the kinds of events and the reasons that no world reached."""
    kinds = {kind.__name__ for kind in Event.__subclasses__()} - {"Filled"}
    kinds |= {f"Filled {kind.value}" for kind in TradeKind}
    return sorted(kinds - set(figures.kinds)) + sorted(
        {reason.value for reason in Reason} - set(figures.reasons)
    )


def main() -> int:
    """Run the worlds and print what was done."""
    figures, worlds, began = Figures(), 0, time.monotonic()
    length = int(os.environ.get("LENGTH", "1000"))
    only_compared = os.environ.get("ONLY") == "compare"
    world = compare if only_compared else simulate
    for seed in seeds():
        try:
            world(seed=seed, length=length, figures=figures)
        except Exception as broken:
            sys.stdout.write(f"SEEDS={seed} LENGTH={length} breaks a law:\n")
            raise SystemExit(f"{type(broken).__name__}: {broken}") from broken
        worlds += 1
    tell(figures, worlds, round(time.monotonic() - began))
    unreached = [] if only_compared else missing(figures)
    sys.stdout.write(f"never reached: {', '.join(unreached) or 'nothing'}\n")
    return 1 if unreached and worlds >= ENOUGH_WORLDS else 0


def tell(figures: Figures, worlds: int, seconds: int) -> None:
    """Print how much was done."""
    rows = {
        "worlds": worlds,
        "seconds": seconds,
        "commands under all laws": figures.judged,
        "commands beside the slow venue": figures.compared,
        "crashes and restores": figures.crashes,
        "commands in haunted worlds, at most": figures.haunted,
        "orders of the poor, alone and not": figures.poor,
        "commands of colluders": figures.colluded,
        "events": sum(figures.kinds.values()),
    }
    sys.stdout.writelines(f"{name:40}{value:>12,}\n" for name, value in rows.items())


if __name__ == "__main__":
    sys.exit(main())
