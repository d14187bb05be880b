"""One copy at a time: PostgreSQL's advisory locks, held by the connection.

A lock ends with its connection, so a killed worker leaves none behind. Behind a pooler that
shares connections between transactions these locks mean nothing; connect past it.
"""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError, connection

JOBS_CLASS = 0x0D41C
"""The first half of every job's lock: the locks of others have another."""


@contextmanager
def alone(name: str) -> Iterator[bool]:
    """Hold the lock of `name` if nobody has it; yield whether it is held."""
    key = key_of(name)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", key)
        (held,) = cursor.fetchone() or (False,)
    try:
        yield bool(held)
    finally:
        if held:
            _release(key)


def key_of(name: str) -> list[int]:
    """Return the two halves of a job's lock."""
    return [JOBS_CLASS, zlib.crc32(name.encode()) - 2**31]


def _release(key: list[int]) -> None:
    """Give the lock back; a connection that broke has given it back itself."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)
    except (OperationalError, InterfaceError):
        connection.close()
