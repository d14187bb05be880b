"""`python -m bench.day`: a day, a crash day, or a day with faults; `make day` starts it so.

Exit code 0 when everything agrees afterwards, 1 when something was lost, doubled or different.
"""

import argparse
import asyncio
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "clients/python"))

from bench.day import making
from bench.day.after import look
from bench.day.course import Day, Terms
from bench.day.report import write
from bench.day.tape import read_tape
from bench.day.venue import own_venue
from bench.venue import ROOT, machine

CRASH_SPEED, DAY_SPEED = 10.0, 5.0


def terms_of(words: argparse.Namespace, folder: Path) -> Terms:
    """Return how the day goes; where no recording is named, make one."""
    course, name, speed = making.CALM, "calm", DAY_SPEED
    if words.crash:
        course, name, speed = making.CRASH, "crash", CRASH_SPEED
    elif words.soak:
        course, name, speed = replace(making.CALM, minutes=words.soak), "soak", 1.0
    recording = words.data or folder / f"{name}.csv.gz"
    if words.data is None:
        making.make(recording, course, seed=words.seed)
    return Terms(
        recording=recording,
        seed=words.seed,
        speed=words.speed or speed,
        takers=words.takers,
        scale=words.scale,
        is_crash=words.crash,
        has_faults=words.faults,
        minutes=words.minutes,
    )


def main() -> int:
    """Trade the day, look at it, write it down."""
    parser = argparse.ArgumentParser(prog="trading_day", description=__doc__)
    parser.add_argument("--data", type=Path, help="a recording; none: a small one is made")
    parser.add_argument("--crash", action="store_true", help="the hour and a half of a crash")
    parser.add_argument("--faults", action="store_true", help="kill processes at random meanwhile")
    parser.add_argument("--soak", type=int, help="steady for so many minutes, at its own pace")
    parser.add_argument("--seed", type=int, default=1, help="of everything that is by chance")
    parser.add_argument("--speed", type=float, help="times as fast as it was, 1 to 100")
    parser.add_argument("--takers", type=int, default=200, help="accounts that take the tape")
    parser.add_argument("--scale", type=Decimal, help="of recorded sizes; none: 60 BTC in all")
    parser.add_argument("--minutes", type=float, help="of the wall; the recording's end without")
    parser.add_argument("--out", type=Path, default=ROOT / "var/day", help="where the report goes")
    words = parser.parse_args()
    words.out.mkdir(parents=True, exist_ok=True)
    terms = terms_of(words, words.out)
    print(f"{machine()}\n{terms.recording}, {terms.speed:g} times as fast, seed {terms.seed}")
    tape = read_tape(terms.recording, seed=terms.seed)
    print(f"{len(tape.taken):,} recorded trades in {tape.seconds:,.0f} s")
    log = words.out / "venue.log"
    log.unlink(missing_ok=True)
    with own_venue(log=log, own_clock=terms.has_faults) as venue:
        if terms.has_faults and not venue.has_own_clock:
            print("no C compiler on this machine: the clock will not jump")
        day = Day(venue, terms, tape)
        asyncio.run(day.run())
        print("looking at everything ...", flush=True)
        found = look(venue, day.figures, day.brought)
    print(write(words.out, day, found))
    print(f"Report: {words.out / 'report.html'} and report.txt")
    return 0 if found.holds else 1


if __name__ == "__main__":
    sys.exit(main())
