"""A venue of its own for a figure: durable servers in a passing folder, processes by hand.

Nothing of it outlives the bench. What is not here: what is measured.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from godark.supervisor.launch import launched
from godark.supervisor.servers import Servers

ROOT = Path(__file__).resolve().parents[1]
WAIT_S = 60.0


class Venue:
    """Servers that keep what they are told, a prepared database, and whatever is started."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.servers = Servers(home=home, sockets=home / "sockets")
        self.port = free_port()
        self.node_port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "godark.settings",
            "GODARK_ENVIRONMENT": "development",
            "GODARK_VAR": str(home / "var"),
            "GODARK_BASE_URL": self.url,
            "DATABASE_URL": self.servers.database_url,
            "DATABASE_OWNER_URL": self.servers.owner_url,
            "REDIS_URL": self.servers.redis_url(),
            "SOLANA_RPC_URL": f"http://127.0.0.1:{self.node_port}",
        }
        self.children: list[subprocess.Popen[bytes]] = []
        self._named: list[tuple[str, subprocess.Popen[bytes]]] = []

    def open(self) -> None:
        """Start the servers and prepare the database as `make run` does."""
        (self.home / "var").mkdir()
        self.servers.set_up_postgresql()
        self.servers.set_up_redis()
        database = self.start("postgres", self.servers.postgresql_command())
        redis = self.start("redis", self.servers.redis_command())
        wait_for(lambda: self.servers.postgresql_answers(database.pid))
        wait_for(lambda: self.servers.redis_answers(redis.pid))
        file = str(self.home / "var" / "devchain" / "ledger.sqlite3")
        self.python("chain", "-m", "chain.devchain", "--port", str(self.node_port), "--file", file)
        wait_for(self._chain_answers)
        self.run("-m", "godark.supervisor.prepare")

    def _chain_answers(self) -> bool:
        """Tell whether the development chain listens."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.node_port)) == 0

    def start(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        """Start a command line; what it prints is kept in NAME.log."""
        with (self.home / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(  # noqa: S603 - command lines of our own
                command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.children.append(child)
        self._named.append((name, child))
        return child

    def python(self, name: str, *words: str) -> subprocess.Popen[bytes]:
        """Start Python with these words; it ends with this bench."""
        argv = [sys.executable, *words]
        return self.start(name, launched(argv, end_signal=signal.SIGTERM))

    def run(self, *words: str, told: Any = None) -> str:
        """Run Python with these words to its end, telling it JSON; return what it printed."""
        done = subprocess.run(  # noqa: S603 - command lines of our own
            [sys.executable, *words],
            cwd=ROOT,
            env=self.environment,
            input=None if told is None else json.dumps(told),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise SystemExit(f"{words} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done.stdout

    def connect(self, *, is_owner: bool = False) -> psycopg.Connection[Any]:
        """Return a connection of the site's role, or of the tables' owner."""
        url = self.servers.owner_url if is_owner else self.servers.database_url
        return psycopg.connect(url, autocommit=True)

    def worked_s(self, *names: str) -> float:
        """Return what the processor has done for these children and theirs, in seconds."""
        return sum(worked_s(child.pid) for name, child in self._named if name in names)

    def stop(self, child: subprocess.Popen[bytes], *, by: signal.Signals = signal.SIGTERM) -> None:
        """End a child, by force after a while."""
        child.send_signal(by)
        try:
            child.wait(timeout=WAIT_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        self.children.remove(child)
        self._named = [(name, one) for name, one in self._named if one is not child]

    def close(self) -> None:
        """End everything, the servers last."""
        for child in reversed(self.children[2:]):
            self.stop(child)
        for child in reversed(self.children[:]):
            self.stop(child, by=signal.SIGINT)


@contextmanager
def passing_venue() -> Iterator[Venue]:
    """Open a venue, and leave nothing of it."""
    home = Path(tempfile.mkdtemp(prefix="godark-bench-"))
    home.chmod(0o711)  # as root, the servers' own user passes through it
    venue = Venue(home)
    try:
        venue.open()
        yield venue
    finally:
        venue.close()
        shutil.rmtree(home, ignore_errors=True)


def wait_for(is_true: Callable[[], Any], *, seconds: float = WAIT_S) -> Any:
    """Wait until something is true, and return it."""
    deadline = time.monotonic() + seconds
    while not (found := is_true()):
        if time.monotonic() > deadline:
            raise SystemExit("waited in vain")
        time.sleep(0.005)
    return found


def ask_for(pid: int, seen: Path) -> dict[str, Any]:
    """Have a watched process write what it saw since the last time."""
    seen.unlink(missing_ok=True)
    os.kill(pid, signal.SIGUSR1)
    wait_for(seen.exists)
    said: dict[str, Any] = json.loads(seen.read_text(encoding="utf-8"))
    return said


def free_port() -> int:
    """Return a port of this machine that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def worked_s(pid: int) -> float:
    """Return the processor's seconds of a process, its dead children and its living ones."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0  # it has just ended, and counts among its parent's dead
    own = sum(int(word) for word in words[11:15]) / os.sysconf("SC_CLK_TCK")
    return own + sum(worked_s(child) for child in children_of(pid))


def children_of(pid: int) -> list[int]:
    """Return a process's living children."""
    try:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8")
    except OSError:
        return []
    return [int(word) for word in found.split()]


def machine() -> str:
    """Say what this runs on, and what else it does."""
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith("model name")
    ]
    cpus = len(os.sched_getaffinity(0))
    load = " ".join(f"{one:.2f}" for one in os.getloadavg())
    return f"{cpus} cores of {names[0] if names else 'an unknown kind'}, load before: {load}"
