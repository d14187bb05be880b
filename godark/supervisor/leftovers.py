"""What a supervisor that was killed may leave behind, found and cleared at the next start.

Children end with their parent (launch.py), so mostly there is nothing; but a process that hangs
in its end, and PostgreSQL's note of a process id that somebody else has by now, would be in the
way. Called only while the place's lock is held: nobody else runs from it.
"""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from godark.supervisor.place import Place

# Every child carries the var/ it belongs to in its environment under this name.
MARK = "GODARK_SUPERVISED_VAR"
ENDING_SECONDS = 4
STEP_SECONDS = 0.05


def clear_leftovers(place: Place, *, patience: float = ENDING_SECONDS) -> int:
    """End what still runs from this place and return how many processes had to be ended.

    What is ending by itself is given `patience` seconds, and again after each signal.
    """
    killed = 0
    if not await_end(place, patience=patience):
        for number in (signal.SIGTERM, signal.SIGKILL):
            left = list(processes_of(place))
            killed = killed or len(left)
            for pid in left:
                send(pid, number=number)
            if await_end(place, patience=patience):
                break
    (place.var / "postgresql" / "postmaster.pid").unlink(missing_ok=True)
    return killed


def await_end(place: Place, *, patience: float) -> bool:
    """Wait until nothing runs from this place; tell whether that came true in time."""
    deadline = time.monotonic() + patience
    while any(True for _ in processes_of(place)):
        if time.monotonic() > deadline:
            return False
        time.sleep(STEP_SECONDS)
    return True


def processes_of(place: Place) -> Iterator[int]:
    """Yield the processes that carry this place's mark or work in its servers' folders."""
    mark = f"{MARK}={place.var}".encode()
    folders = {str(place.var / "postgresql"), str(place.var / "redis")}
    own = os.getpid()
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != own:
            try:
                marked = mark in (entry / "environ").read_bytes().split(b"\0")
                if marked or str((entry / "cwd").readlink()) in folders:
                    yield int(entry.name)
            except OSError:
                continue  # it has ended, or is another user's


def send(pid: int, *, number: signal.Signals) -> None:
    """Signal a process that may have ended by now."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
