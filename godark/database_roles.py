"""The two roles by which PostgreSQL knows us: the owner of the tables, and the site that uses them.

Whoever owns a table may switch its triggers off, and what is append-only would be so only for the
well-behaved. So the site comes as a role that reads and writes rows and can do nothing to tables;
migrations alone come as their owner, by DATABASE_OWNER_URL. Where that is not set, one role does
both, and only the good will of the code keeps the triggers on.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connection
from psycopg import sql

WHO_AND_WHERE = {"USER": "", "PASSWORD": "", "HOST": "", "PORT": "", "OPTIONS": {}}
ROWS = "SELECT, INSERT, UPDATE, DELETE"
NUMBERS = "USAGE, SELECT"
# The last two: for what the owner makes outside of a migration (a partition, say).
GRANTS = (
    "GRANT USAGE ON SCHEMA public TO {site}",
    f"GRANT {ROWS} ON ALL TABLES IN SCHEMA public TO {{site}}",
    f"GRANT {NUMBERS} ON ALL SEQUENCES IN SCHEMA public TO {{site}}",
    f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {ROWS} ON TABLES TO {{site}}",
    f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {NUMBERS} ON SEQUENCES TO {{site}}",
)


@contextmanager
def as_owner() -> Iterator[None]:
    """Connect as the owner of the tables, if there is one, and as whoever it was afterwards."""
    with connected_as(settings.DATABASE_OWNER or settings.DATABASE_SITE):
        yield


@contextmanager
def as_site() -> Iterator[None]:
    """Connect as the site, and as whoever it was afterwards."""
    with connected_as(settings.DATABASE_SITE):
        yield


@contextmanager
def connected_as(role: Mapping[str, Any]) -> Iterator[None]:
    """Let every new connection come as `role`, and the open one too."""
    wanted, before = (
        {name: known.get(name) or none for name, none in WHO_AND_WHERE.items()}
        for known in (role, connection.settings_dict)
    )
    if wanted == before:
        yield
        return
    connection.close()
    connection.settings_dict.update(wanted)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


def grant_to_site() -> None:
    """Let the site use every table that stands, and those that its owner will add."""
    if not settings.DATABASE_OWNER:
        return
    site = sql.Identifier(settings.DATABASE_SITE["USER"])
    with as_owner(), connection.cursor() as cursor:
        for grant in GRANTS:
            cursor.execute(sql.SQL(grant).format(site=site))
