"""The connection to PostgreSQL that all sockets of a process share, in asgiref's one thread.

A request of HTTP begins and ends Django's connection; a socket lives for hours, so a connection
that broke must be forgotten by whoever saw it break.
"""

from asgiref.sync import sync_to_async
from django.db import connection


async def forget_connection() -> None:
    """Let the next query connect anew, if the connection is broken."""
    await sync_to_async(_forget)()


def _forget() -> None:
    if connection.connection is not None and not connection.is_usable():
        connection.close()
