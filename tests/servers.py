"""The PostgreSQL and Redis of one test session, embedded unless the environment names others.

`point_environment` runs before the settings are read and only chooses addresses; the session
that chose them (with xdist: the controller alone) starts and stops the servers, and forgets their
data when it ends.
"""

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from godark.supervisor.servers import Servers

HOME_VARIABLE = "GODARK_TEST_HOME"
EMBEDDED_VARIABLE = "GODARK_TEST_EMBEDDED"
START_SECONDS = 30
SERVER_NICENESS = -10


class SessionServers:
    """The embedded servers of this session, started here and stopped here."""

    def __init__(self) -> None:
        self.servers = session_servers()
        self.children: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start both servers and wait until they answer."""
        self.servers.set_up_postgresql()
        self.servers.set_up_redis()
        self._start(self.servers.postgresql_command(), answers=self.servers.postgresql_answers)
        self._start(self.servers.redis_command(), answers=self.servers.redis_answers)

    def _start(self, command: list[str], *, answers: Callable[[int], bool]) -> None:
        log_path = self.servers.home / "servers.log"
        with log_path.open("ab") as log:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        come_first(child)
        self.children.append(child)
        wait_until(
            lambda: answers(child.pid),
            child=child,
            sentence=f"An embedded server did not start; see {log_path}.",
        )

    def stop(self) -> None:
        """Stop both servers."""
        for child in self.children:
            child.send_signal(signal.SIGINT)
        for child in self.children:
            child.wait(timeout=START_SECONDS)


def come_first(child: subprocess.Popen[bytes]) -> None:
    """Let a server run before the tests, where that is allowed.

    Other workers' tests take the cores; a site that waits for them has prices too old to trade.
    """
    with suppress(PermissionError, ProcessLookupError):
        os.setpriority(os.PRIO_PROCESS, child.pid, SERVER_NICENESS)


def point_environment() -> None:
    """Set what the settings read: environment `test`, the servers' addresses, a passing var/."""
    if HOME_VARIABLE not in os.environ:
        home = Path(tempfile.mkdtemp(prefix="godark-tests-"))
        home.chmod(0o711)  # as root, the servers' own user passes through it
        atexit.register(shutil.rmtree, home, ignore_errors=True)
        missing = [name for name in ("DATABASE_URL", "REDIS_URL") if name not in os.environ]
        os.environ |= {HOME_VARIABLE: str(home), EMBEDDED_VARIABLE: " ".join(missing)}
    servers = session_servers()
    if is_embedded("DATABASE_URL"):
        os.environ["DATABASE_URL"] = servers.database_url
        os.environ["DATABASE_OWNER_URL"] = servers.owner_url
    if is_embedded("REDIS_URL"):
        os.environ["REDIS_URL"] = servers.redis_url(number=worker_number())
    os.environ |= {"GODARK_ENVIRONMENT": "test", "GODARK_VAR": str(servers.home / "var")}


def session_servers() -> Servers:
    """Return the addresses of this session's servers."""
    home = Path(os.environ[HOME_VARIABLE])
    return Servers(home=home, sockets=home / "sockets", durable=False)


def is_embedded(name: str) -> bool:
    """Tell whether DATABASE_URL or REDIS_URL is ours, or was given by whoever started us."""
    return name in os.environ[EMBEDDED_VARIABLE].split()


def worker_number() -> int:
    """Return 1 for a session without xdist and for its first worker, 2 for the second."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) + 1


def wait_until(
    is_true: Callable[[], bool], *, child: subprocess.Popen[bytes], sentence: str
) -> None:
    """Wait until `is_true()`; raise RuntimeError(sentence) if `child` ends or time is over."""
    deadline = time.monotonic() + START_SECONDS
    while not is_true():
        if child.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(sentence)
        time.sleep(0.02)
