"""`make faults`: lives that die by the thousand, each in a database and from a seed of its own.

FAULTS=1000 sets how many deaths there are at least, SEED=17 with which life it begins. What is not
here: what must hold after a death (`tests.simulation.faults`).
"""

import os
import secrets
import sys
import time
from collections import Counter
from typing import Any

import psycopg
from django.db import connections

from godark.supervisor.servers import OWNER, SUPERUSER
from tests.servers import SessionServers, point_environment

STEPS = 120
SHOWN = 60


def main() -> None:
    """Run the lives and print where they died."""
    point_environment()
    os.environ["DJANGO_SETTINGS_MODULE"] = "godark.settings"
    servers = SessionServers()
    servers.start()
    try:
        figures = run(prepared())
    finally:
        servers.stop()
    figures.tell()


def prepared() -> dict[str, Any]:
    """Prepare a database to be copied, and return how it is reached."""
    import django  # noqa: PLC0415 - the environment comes first

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415 - the settings come first

    from godark.database_roles import as_owner  # noqa: PLC0415 - the same
    from godark.reading import connection_parameters  # noqa: PLC0415 - the same
    from godark.supervisor.prepare import create_database  # noqa: PLC0415 - the same

    with as_owner():
        create_database()
    call_command("migrate", verbosity=0)
    call_command("load_catalogue", verbosity=0)
    connections.close_all()
    return connection_parameters()


def run(parameters: dict[str, Any]) -> "Figures":
    """Live in copies of the database until there were enough deaths."""
    wanted, seed = int(os.environ.get("FAULTS", "1000")), int(os.environ.get("SEED", "0"))
    seed = seed or secrets.randbelow(10**9)
    figures, name = Figures(), parameters["dbname"]
    with psycopg.connect(
        **parameters | {"dbname": "postgres", "user": SUPERUSER}, autocommit=True
    ) as server:
        while figures.deaths < wanted:
            copy_database(server, name)
            figures.add(live(seed, {**parameters, "dbname": "faults"}))
            seed += 1
    return figures


def copy_database(server: psycopg.Connection[Any], name: str) -> None:
    """Make the database `faults` anew; PostgreSQL's own vacuum may be in its source just now."""
    connections.close_all()
    server.execute("DROP DATABASE IF EXISTS faults WITH (FORCE)")
    for _ in range(100):
        try:
            server.execute(f"CREATE DATABASE faults TEMPLATE {name} OWNER {OWNER}")
        except psycopg.errors.ObjectInUse:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the database to be copied is in use")


def live(seed: int, parameters: dict[str, Any]) -> Any:
    """Live one life."""
    from tests.simulation.faults import Fuse, Life, fused_cursor, fused_transaction  # noqa: PLC0415 - the settings come first
    from trading.solana import signer  # noqa: PLC0415 - the same

    class Fused(psycopg.Connection[Any]):
        fuse: Fuse

        def transaction(self, *args: Any, **kwargs: Any) -> Any:
            return fused_transaction(self.fuse, super().transaction(*args, **kwargs))

    def connect(fuse: Fuse) -> psycopg.Connection[Any]:
        connection = Fused.connect(**parameters, autocommit=True, cursor_factory=fused_cursor(fuse))
        connection.fuse = fuse
        return connection

    # Every second one writes beside the next step, as the engine's process does.
    life = Life(seed=seed, connect=connect, signer=signer("venue"), beside=seed % 2 == 1)
    try:
        life.live(steps=STEPS)
    except BaseException as broken:
        sys.stdout.write(f"SEED={seed} breaks a law after {life.deaths} deaths\n")
        raise SystemExit(f"{type(broken).__name__}: {broken}") from broken
    finally:
        life.close()
    return life


class Figures:
    """What was lived through."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.lives = self.deaths = self.commands = self.told = 0
        self.struck: Counter[str] = Counter()

    def add(self, life: Any) -> None:
        """Add a life."""
        self.lives += 1
        self.deaths += life.deaths
        self.commands += life.commands
        self.told += len(life.told)
        self.struck += life.fuse.struck
        sys.stdout.write(f"{self.deaths} deaths in {self.lives} lives\n")
        sys.stdout.flush()

    def tell(self) -> None:
        """Print where the deaths were."""
        seconds = time.monotonic() - self.began
        for where, count in self.struck.most_common(SHOWN):
            sys.stdout.write(f"{count:6} {where}\n")
        sys.stdout.write(
            f"{self.deaths} deaths at {len(self.struck)} points in {self.lives} lives of"
            f" {self.commands} commands, {self.told} of them answered: nothing lost, nothing"
            f" doubled ({seconds:.0f} s)\n"
        )


if __name__ == "__main__":
    main()
