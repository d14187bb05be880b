"""Real processes of the venue for tests: started, killed and started again by hand.

They run over a prepared database of their own beside that of the live site. A test talks to them
as the venue's own processes talk to each other: by PostgreSQL and Redis.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from godark.supervisor.launch import launched
from tests.live_site import ROOT, LiveSite, of_live_database, prepare_live_site

WAIT_S = 30.0


class Processes:
    """The processes of one prepared venue, and a connection to its database."""

    def __init__(self, site: LiveSite) -> None:
        self.site = site
        self.running: list[subprocess.Popen[bytes]] = []
        self.database = psycopg.connect(site.environment["DATABASE_URL"], autocommit=True)

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a management command; its output goes to var/WORD.log."""
        with (self.site.var / f"{words[0]}.log").open("ab") as log:
            child = subprocess.Popen(
                launched([sys.executable, "manage.py", *words], end_signal=signal.SIGTERM),
                cwd=ROOT,
                env=self.site.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.running.append(child)
        return child

    def said(self, word: str) -> str:
        """Return what the processes of a command have printed."""
        return (self.site.var / f"{word}.log").read_text()

    def ask(self, query: str, *parameters: Any) -> Any:
        """Return the first value of the first row of a query."""
        row = self.database.execute(query, parameters).fetchone()
        return None if row is None else row[0]

    def close(self) -> None:
        """Kill what still runs, and leave the database."""
        for child in self.running:
            child.kill()
            child.wait()
        self.database.close()


@contextmanager
def prepared_processes() -> Iterator[Processes]:
    """Prepare a venue whose processes a test starts; drop its database at the end."""
    processes = Processes(prepare_live_site("venue"))
    try:
        yield processes
    finally:
        processes.close()
        _drop_database(processes.site)


def wait_for(is_true: Callable[[], Any], *, seconds: float = WAIT_S) -> Any:
    """Wait until something is true, and return it; AssertionError when time is over."""
    deadline = time.monotonic() + seconds
    while not (found := is_true()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
    return found


def _drop_database(site: LiveSite) -> None:
    address = os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"]
    name = urlsplit(of_live_database(address, kind="venue")).path.removeprefix("/")
    server = urlunsplit(urlsplit(address)._replace(path="/postgres"))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )
    shutil.rmtree(site.var)
