"""Canceling on disconnect: armed in the database, so that it holds whatever becomes of the web.

A socket that is armed is a row. When it ends, its row becomes a command, in one transaction; the
rows of a web process that has not said for five seconds that it lives become commands as well,
by a job every second and by the engine before its first step. Moments are PostgreSQL's alone, so
no two clocks are compared. A command is keyed by its socket and acts once. The account's own
dead-man switch is another thing and stays as it is. What is not here: sockets.
"""

import uuid
from collections.abc import Iterable, Sequence
from typing import Final

import structlog
from django.db import connection, transaction

from engine import commands as c
from trading import inbox
from trading.engine_words import account_name
from trading.models import ArmedSocket, SocketProcess

log = structlog.get_logger(__name__)

LOST_AFTER: Final = "5 seconds"
RENEW: Final = """
    INSERT INTO trading_socketprocess (id, renewed_at) VALUES (%s, clock_timestamp())
    ON CONFLICT (id) DO UPDATE SET renewed_at = clock_timestamp()
"""
RENEW_STANDING: Final = (
    "UPDATE trading_socketprocess SET renewed_at = clock_timestamp() WHERE id = %s"
)
LOST: Final = f"""
    SELECT id FROM trading_socketprocess
    WHERE renewed_at < clock_timestamp() - interval '{LOST_AFTER}'
    FOR UPDATE SKIP LOCKED
"""  # noqa: S608 - a constant of ours


@transaction.atomic
def arm(*, process_id: uuid.UUID, socket_id: uuid.UUID, account_id: uuid.UUID) -> None:
    """Let the end of a socket cancel its account's orders."""
    with connection.cursor() as cursor:
        cursor.execute(RENEW, [process_id])
    ArmedSocket.objects.get_or_create(
        id=socket_id, defaults={"process_id": process_id, "account_id": account_id}
    )


def disarm(socket_id: uuid.UUID, /) -> None:
    """Let the end of a socket cancel nothing."""
    ArmedSocket.objects.filter(id=socket_id).delete()


def renew(process_id: uuid.UUID, /) -> bool:
    """Say that a process lives; False where it was given up, and all that it held is canceled."""
    with connection.cursor() as cursor:
        cursor.execute(RENEW_STANDING, [process_id])
        return bool(cursor.rowcount)


@transaction.atomic
def fire(socket_id: uuid.UUID, /) -> None:
    """Cancel what a socket that has ended leaves behind, if it was armed."""
    _cancel(ArmedSocket.objects.select_for_update().filter(id=socket_id))


@transaction.atomic
def fire_lost() -> int:
    """Cancel for all sockets of processes that say no longer that they live; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(LOST)
        lost = [row[0] for row in cursor.fetchall()]
    if not lost:
        return 0
    fired = _cancel(ArmedSocket.objects.filter(process_id__in=lost))
    SocketProcess.objects.filter(id__in=lost).delete()
    log.warning("sockets_lost", processes=len(lost), sockets=fired)
    return fired


def _cancel(armed: Iterable[ArmedSocket], /) -> int:
    """Turn armed sockets into commands; the rows go."""
    found: Sequence[ArmedSocket] = list(armed)
    inbox.put_many(
        [
            (
                c.CancelAll(at_ms=0, account_id=account_name(one.account_id), as_switch=True),
                f"disconnect:{one.id}",
            )
            for one in found
        ]
    )
    ArmedSocket.objects.filter(id__in=[one.id for one in found]).delete()
    return len(found)
