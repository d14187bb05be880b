"""What only a superuser of PostgreSQL may do to the tests' database, and the site may not."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import psycopg
from django.db import connection

from godark.database_roles import connected_as
from godark.supervisor.servers import OWNER, SUPERUSER
from tests.servers import is_embedded


def run_past_triggers(*statements: str) -> None:
    """Run statements while all triggers sleep, in a transaction and a connection of their own."""
    with as_superuser() as superuser:
        superuser.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            superuser.execute(statement.encode())


def run_as_owner(*statements: str) -> None:
    """Run statements as the owner of the tables, and take all of them back."""
    with as_superuser() as superuser:
        superuser.execute(f"SET LOCAL ROLE {OWNER}".encode())
        for statement in statements:
            superuser.execute(statement.encode())
        superuser.rollback()


def as_superuser() -> psycopg.Connection[Any]:
    """Return a connection to the tests' database that may do everything."""
    parameters = connection.get_connection_params()
    parameters = {
        name: parameters[name]
        for name in ("dbname", "user", "host", "password", "port")
        if parameters.get(name)
    }
    if is_embedded("DATABASE_URL"):
        parameters["user"] = SUPERUSER
    return psycopg.connect(**parameters)


def come_as_superuser() -> AbstractContextManager[None]:
    """Let Django's own connection do everything for a while; for whole modules of tests."""
    if not is_embedded("DATABASE_URL"):
        return nullcontext()
    return connected_as({**connection.settings_dict, "USER": SUPERUSER})
