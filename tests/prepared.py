"""Databases that are made once for all workers of a session, and copied: a copy takes a moment.

What the migrations make, and what `make run` fills in, took each worker half a minute at every
place that wanted it. Only on the embedded PostgreSQL: on another, each makes its own.
"""

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from godark.supervisor.servers import SUPERUSER
from tests.nodes import node_url, node_while
from tests.servers import is_embedded, session_servers

URLS = ("DATABASE_URL", "DATABASE_OWNER_URL")
ROOT = Path(__file__).resolve().parent.parent
MIGRATED, FILLED = "prepared_migrated", "prepared_filled"
MIGRATE = """
import django
django.setup()
from django.core.management import call_command
from godark.database_roles import as_owner
from godark.supervisor.prepare import create_database
with as_owner():
    create_database()
call_command("migrate", interactive=False, verbosity=0)
"""


def migrated_database() -> str:
    """Return the name of a database as the migrations leave it; empty where none is ours."""
    if not is_embedded("DATABASE_URL"):
        return ""
    once(MIGRATED, lambda: run("-c", MIGRATE, environment=environment_of(MIGRATED)))
    return MIGRATED


def filled_var(database: str) -> Path:
    """Copy what `make run` prepares into a new database; return the var/ that belongs to it."""
    var = session_servers().home / FILLED
    once(FILLED, lambda: fill(var))
    copy(FILLED, database)
    return var


def fill(var: Path) -> None:
    """Prepare a database as `make run` does, from one that is migrated."""
    copy(migrated_database(), FILLED)
    var.mkdir()
    environment = environment_of(FILLED) | {
        "GODARK_ENVIRONMENT": "development",
        "GODARK_VAR": str(var),
        "GODARK_BASE_URL": "http://127.0.0.1:1",
        "SOLANA_RPC_URL": node_url(),
    }
    with node_while(environment):
        run("-m", "godark.supervisor.prepare", environment=environment)


def copy(database: str, new: str) -> None:
    """Make a database that is the copy of another, with the same owner."""
    address = of_database(session_servers().url_of(SUPERUSER), "postgres")
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}")
    owner = urlsplit(session_servers().owner_url).username or ""
    with psycopg.connect(address, autocommit=True) as server:
        server.execute(statement.format(*map(sql.Identifier, (new, database, owner))))


def once(name: str, make: Callable[[], None]) -> None:
    """Make something for all workers unless another has made it; wait while one does."""
    home = session_servers().home
    with alone(home / f"{name}.lock"):
        if not (home / f"{name}.made").exists():
            make()
            (home / f"{name}.made").touch()


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold a lock that all workers know."""
    with path.open("w") as door:
        fcntl.flock(door, fcntl.LOCK_EX)
        yield


def environment_of(database: str) -> dict[str, str]:
    """Return the environment of a process of the site on one database."""
    urls = {name: of_database(os.environ[name], database) for name in URLS}
    return dict(os.environ) | {"DJANGO_SETTINGS_MODULE": "godark.settings"} | urls


def of_database(url: str, database: str) -> str:
    """Return the address of another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def run(*words: str, environment: Mapping[str, str]) -> None:
    """Run Python with these words; AssertionError with what it said where it fails."""
    done = subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise AssertionError(f"A database could not be prepared: {done.stdout}{done.stderr}")
