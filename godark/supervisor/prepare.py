"""Bring the database to where the venue can start: one Django process, run before the others.

Creates the database where the server has none of that name, migrates, loads the catalogue of
markets and, in development, the demonstration people. Each step may be repeated at will.
"""

import os
import sys
import traceback
from contextlib import closing
from pathlib import Path

import django
import psycopg
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command, get_commands
from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

from godark.database_roles import as_owner

REFUSED = 78  # EX_CONFIG of sysexits.h


def main() -> None:
    """Prepare the database that DATABASE_URL names, or end with one sentence."""
    try:
        django.setup()
        with as_owner():
            create_database()
            refuse_newer_database()
        fill()
    except (ImproperlyConfigured, CommandError) as error:
        refuse(str(error).strip())
    except (OperationalError, psycopg.OperationalError) as error:
        refuse(f"The database does not answer: {str(error).strip().splitlines()[0]}")
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told in a sentence
        refuse(f"{type(error).__name__} while preparing ({kept(traceback.format_exc())})")


def kept(story: str) -> str:
    """Write down the whole story of a failure, and return where it can be read."""
    told = Path(os.environ.get("GODARK_VAR") or "var") / "log" / "prepare.log"
    try:
        told.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        told.write_text(story, encoding="utf-8")
    except OSError as error:
        return f"its story could not be kept: {error.strerror}"
    return f"its story is in {told}"


def fill() -> None:
    """Bring tables, markets and, in development, people and the chain into the database."""
    call_command("migrate", interactive=False, verbosity=0)
    if settings.IN_PRODUCTION:
        call_command("collectstatic", interactive=False, verbosity=0)
    # Without these, the site still starts: they come with the apps that they belong to.
    if "load_catalogue" in get_commands():
        call_command("load_catalogue")
    if settings.IN_DEVELOPMENT and "prepare_demonstration" in get_commands():
        call_command("prepare_demonstration")
    if settings.IN_DEVELOPMENT and "prepare_chain" in get_commands():
        prepare_chain()


def prepare_chain() -> None:
    """Create the exchange on the development chain; without it the venue runs, unsettled."""
    try:
        call_command("prepare_chain")
    except CommandError as error:
        sys.stderr.write(f"{error}\n")


def create_database() -> None:
    """Create the database of DATABASE_URL unless the server has it."""
    wanted = connection.get_connection_params()
    name = wanted["dbname"]
    reachable = {
        key: wanted[key] for key in ("host", "port", "user", "password") if wanted.get(key)
    }
    try:
        psycopg.connect(**reachable, dbname=name).close()
    except psycopg.OperationalError as error:
        if "does not exist" not in str(error):
            raise
        with closing(psycopg.connect(**reachable, dbname="postgres", autocommit=True)) as server:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def refuse_newer_database() -> None:
    """End with a sentence where the database holds migrations that this checkout does not know."""
    loader = MigrationLoader(connection)
    unknown = sorted(
        f"{app}.{name}"
        for app, name in loader.applied_migrations
        if app in loader.migrated_apps and (app, name) not in loader.disk_migrations
    )
    if unknown:
        refuse(
            f"The database was made by another version of GoDark (it knows {unknown[0]}, this one"
            " does not): use that version, or empty var/ with `make reset`."
        )


def refuse(sentence: str) -> None:
    """End this process with a sentence on standard error."""
    sys.stderr.write(sentence + "\n")
    sys.exit(REFUSED)


if __name__ == "__main__":
    main()
