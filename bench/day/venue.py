"""The venue of a day: its own one in a folder of its own, or one that runs already.

Started twice: first long before the recording begins, so that traders can be brought, then on the
same rows with its beginning set to a moment when everything is up. What is not here: who trades on
it.
"""

import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg

from bench.kills import TARGETS, command_of
from bench.venue import ROOT, children_of, free_port, wait_for, worked_s
from godark.supervisor.launch import launched

OPEN_S: Final = 300.0
ADDRESSES: Final = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "GODARK_BASE_URL")
CLOCK_SOURCE: Final = Path(__file__).with_name("clock.c")
OURS: Final = {**TARGETS, "witness": "run_witness"}


class Venue:
    """A venue under its supervisor, which may be stopped and started on the same rows.

    With a clock of its own (`clock.c`, where there is a C compiler) all its processes can be
    made to see another time of day at once, as when a machine's clock is set.
    """

    def __init__(self, home: Path, *, log: Path, own_clock: bool = False) -> None:
        self.home, self.var, self.log = home, home / "var", log
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = dict(os.environ) | {
            "GODARK_ENVIRONMENT": "development",
            "GODARK_VAR": str(self.var),
            "GODARK_PORT": str(self.port),
        }
        self.supervisor: subprocess.Popen[bytes] | None = None
        self._addresses: dict[str, str] = {}
        self._clock = home / "clock"
        library = home / "clock.so"
        self.has_own_clock = own_clock and _built(library)
        if self.has_own_clock:
            self._clock.write_bytes(bytes(8))
            self.environment |= {"LD_PRELOAD": str(library), "GODARK_DAY_CLOCK": str(self._clock)}

    def set_clock(self, ahead_s: int) -> None:
        """Have the venue's clock stand so many seconds ahead of the wall's, at once."""
        with self._clock.open("r+b") as clock:
            clock.write(struct.pack("=q", ahead_s * 1_000_000_000))

    def open(self, **settings: str) -> None:
        """Start it with these settings and wait until it is open."""
        begins_at = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.supervisor = subprocess.Popen(  # noqa: S603 - a command line of our own
                launched([sys.executable, "-m", "godark.supervisor"], end_signal=signal.SIGTERM),
                cwd=ROOT,
                env=self.environment | settings,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        wait_for(lambda: b"GoDark is open" in self.log.read_bytes()[begins_at:], seconds=OPEN_S)
        self._addresses = self._read_addresses()

    def close(self) -> None:
        """Stop it as Ctrl-C does."""
        if self.supervisor is None or self.supervisor.poll() is not None:
            return
        self.supervisor.terminate()
        try:
            self.supervisor.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.supervisor.kill()
            self.supervisor.wait()

    def processes(self) -> Mapping[str, int]:
        """Return the process ids of what the supervisor runs, by name."""
        assert self.supervisor is not None  # noqa: S101 - it was opened
        children = children_of(self.supervisor.pid)
        found = {}
        for name, words in OURS.items():
            pid = next((pid for pid in children if words and words in command_of(pid)), None)
            if pid is not None:
                found[name] = pid
        return found

    @property
    def told(self) -> dict[str, str]:
        """Return the environment of a process that works on its servers."""
        return self.environment | self._addresses

    def manage(self, *words: str) -> tuple[int, str]:
        """Run a management command on it; return its exit code and what it said."""
        done = subprocess.run(  # noqa: S603 - command lines of our own
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.told,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, (done.stdout + done.stderr).strip()

    def make_traders(self, number: int) -> list[dict[str, Any]]:
        """Return so many new traders of the tier LOAD, with keys."""
        code, said = self.manage("make_traders", str(number), "--tier", "LOAD")
        if code:
            raise SystemExit(f"traders could not be made: {said[-2_000:]}")
        found: list[dict[str, Any]] = json.loads(said)["traders"]
        return found

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query on its database."""
        with psycopg.connect(self._addresses["DATABASE_URL"], autocommit=True) as connection:
            return connection.execute(query.encode(), parameters).fetchall()

    @property
    def chain_url(self) -> str:
        """Return where its chain answers."""
        return self._addresses["SOLANA_RPC_URL"]

    def _read_addresses(self) -> dict[str, str]:
        web = self.processes()["web"]
        pairs = Path(f"/proc/{web}/environ").read_text(encoding="utf-8").split("\0")
        said = {name: value for name, _, value in (one.partition("=") for one in pairs)}
        return {name: said[name] for name in (*ADDRESSES, "SOLANA_RPC_URL") if name in said}


@contextmanager
def own_venue(*, log: Path, own_clock: bool = False) -> Iterator[Venue]:
    """Give a venue in a passing folder; leave nothing of it but its log."""
    home = Path(tempfile.mkdtemp(prefix="godark-day-"))
    home.chmod(0o711)  # as root, the servers' own user passes through it
    venue = Venue(home, log=log, own_clock=own_clock)
    try:
        yield venue
    finally:
        venue.close()
        shutil.rmtree(home, ignore_errors=True)


def _built(library: Path) -> bool:
    """Build the clock; False where this machine has no compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return False
    words = [compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(CLOCK_SOURCE), "-ldl"]
    subprocess.run(words, check=True)  # noqa: S603 - a command line of our own
    return True


def memory_mb(pid: int) -> float:
    """Return a process's memory and that of its children, in MB; what is shared counts once."""
    return _proportional_kb(pid) / 1_000 + sum(memory_mb(child) for child in children_of(pid))


def _proportional_kb(pid: int) -> int:
    try:
        told = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8")
    except OSError:
        return 0
    line = next((one for one in told.splitlines() if one.startswith("Pss:")), "Pss: 0 kB")
    return int(line.split()[1])


def usage(venue: Venue) -> dict[str, tuple[float, float]]:
    """Return, by process, its seconds of the processor until now and its memory in MB."""
    return {name: (worked_s(pid), memory_mb(pid)) for name, pid in venue.processes().items()}


def now_ms() -> int:
    """Return the time of day, in Unix milliseconds."""
    return time.time_ns() // 1_000_000
