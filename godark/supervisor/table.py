"""The table of processes: what runs, in which order it starts, how it is known to be well.

To add a process, add one line to `venue_lines`: its name, the management command it runs, and,
where it can be asked, a probe. `engine` and `prices` came like that; a
process that others need before they can start goes above them in an earlier stage.
"""

import http.client
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from godark.supervisor.launch import launched
from godark.supervisor.place import Place
from godark.supervisor.servers import Servers

PROBE_SECONDS = 2


class Stage(IntEnum):
    """Stages start in this order and stop in the reverse; within one, all at once."""

    SERVERS = 0
    PREPARATION = 1
    VENUE = 2


@dataclass(frozen=True, kw_only=True)
class Restart:
    """How long to wait before a process that ended is started again, in seconds.

    The wait doubles from `first` to `most`; a life of at least `calm` begins the count anew.
    """

    first: float = 0.5
    most: float = 30
    calm: float = 30

    def wait(self, failures: int) -> float:
        """Return the wait after so many ends in a row, in seconds."""
        return float(min(self.most, self.first * 2 ** (failures - 1)))


@dataclass(frozen=True, kw_only=True)
class Process:
    """One line of the table.

    `command` is complete, launcher included. A `needed` process must be well before the venue
    calls itself open. `answers` is asked with the process id; without it, being alive for a
    second is being well. Without `restart` it runs once, and is well when it ended with 0.
    `stop_signal` ends it cleanly, within `stop_seconds` or by force. What a `quiet` process says
    goes to the log file and not to the terminal.
    """

    name: str
    command: list[str]
    stage: Stage = Stage.VENUE
    needed: bool = True
    answers: Callable[[int], bool] | None = None
    restart: Restart | None = field(default_factory=Restart)
    stop_signal: signal.Signals = signal.SIGTERM
    # Ample: a loaded machine is slow, and beat's file is broken where it is ended by force.
    stop_seconds: float = 20
    quiet: bool = False


def process_table(
    place: Place, *, servers: Servers, environment: Mapping[str, str]
) -> list[Process]:
    """Return the whole table; a server that the environment names elsewhere has no line."""
    return [
        *server_lines(servers, environment=environment),
        *chain_lines(place, environment=environment),
        *venue_lines(place),
    ]


def server_lines(servers: Servers, *, environment: Mapping[str, str]) -> list[Process]:
    """Return the lines of the embedded servers that are wanted."""
    lines = {
        "DATABASE_URL": Process(
            name="postgres",
            command=servers.postgresql_command(),
            stage=Stage.SERVERS,
            answers=servers.postgresql_answers,
            stop_signal=signal.SIGINT,
            stop_seconds=30,
            quiet=True,
        ),
        "REDIS_URL": Process(
            name="redis",
            command=servers.redis_command(),
            stage=Stage.SERVERS,
            answers=servers.redis_answers,
            quiet=True,
        ),
    }
    return [line for name, line in lines.items() if not environment.get(name)]


def chain_lines(place: Place, *, environment: Mapping[str, str]) -> list[Process]:
    """Return the line of the development chain, where no node is named and none must be."""
    if environment.get("SOLANA_RPC_URL") or environment.get("GODARK_ENVIRONMENT") == "production":
        return []
    file = str(place.var / "devchain" / "ledger.sqlite3")
    return [
        Process(
            name="devchain",
            command=python("chain.devchain", "--port", str(place.devchain_port), "--file", file),
            stage=Stage.SERVERS,
            answers=lambda _pid: devchain_answers(place),
            quiet=True,
        )
    ]


def venue_lines(place: Place) -> list[Process]:
    """Return the lines of the venue's own processes."""
    celery = ("celery", "--quiet", "-A", "godark.celery")
    worker = ("worker", "--without-gossip", "--without-mingle")
    web = ("godark.web", "-v", "0", "-b", place.host, "-p", str(place.port))
    return [
        Process(
            name="prepare",
            command=python("godark.supervisor.prepare"),
            stage=Stage.PREPARATION,
            restart=None,
        ),
        Process(
            name="web",
            command=python(*web, "godark.asgi:application"),
            answers=lambda _pid: page_answers(place),
        ),
        Process(name="worker", command=python(*celery, *worker)),
        Process(name="beat", command=python(*celery, "beat", "--pidfile=")),
        Process(name="engine", command=python("manage", "run_engine"), stop_seconds=30),
        Process(name="prices", command=python("manage", "run_prices")),
        # Nobody waits for it at the start: without it roots wait, and markets stay open a minute.
        Process(name="witness", command=python("manage", "run_witness"), needed=False),
    ]


def python(*words: str) -> list[str]:
    """Return the command line of `python -m` with the given words, as a child of ours."""
    # Celery warns against root at every start; on a machine that has only root, so be it.
    argv = [sys.executable, "-W", "ignore:You're running the worker", "-m", *words]
    return launched(argv, end_signal=signal.SIGTERM)


def page_answers(place: Place) -> bool:
    """Tell whether the web serves."""
    return status_of(place, path="/health") == http.HTTPStatus.OK


def devchain_answers(place: Place) -> bool:
    """Tell whether the development chain says that it is well."""
    address = place.devchain_url.removeprefix("http://")
    connection = http.client.HTTPConnection(address, timeout=PROBE_SECONDS)
    try:
        connection.request("POST", "/", body='{"id": 1, "method": "getHealth"}')
        return b'"ok"' in connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def status_of(place: Place, *, path: str) -> int:
    """Return the HTTP status of one of the site's pages, 0 where nobody answers."""
    address = place.base_url.removeprefix("http://")
    connection = http.client.HTTPConnection(address, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", path, headers={"Host": place.name or address})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
