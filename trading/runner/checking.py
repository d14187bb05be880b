"""Checking the log by itself, again and again: a job's worth at a time.

Three ways, so that a changed byte is found wherever it stands (I46): what is new is proved to
follow what was proved before; the whole log is walked through from its beginning, and again; and
the last minutes are replayed onto a snapshot and compared with the next. What is not here: asking
the engine anew for every command, which a change of rules may answer otherwise (`verify_log`).
"""

from itertools import islice
from typing import Any, Final

import psycopg
from django.utils import timezone

from engine.codec import CodecError
from trading import log as event_log
from trading.alerts import raise_alert_once
from trading.log import BEGINNING, LogBrokenError, Place
from trading.models import AlertKind, LogCheck
from trading.runner.process import connect
from trading.runner.restore import standing_at
from trading.runner.verifying import verify

AT_ONCE: Final = 150_000
NEWEST, AGAIN = "newest", "again"


def check_log(
    connection: psycopg.Connection[Any] | None = None, /, *, at_once: int = AT_ONCE
) -> list[str]:
    """Check a piece of the log; alert on what is broken, and return it in sentences."""
    if connection is None:
        with connect() as own:
            return check_log(own, at_once=at_once)
    found = [
        *walk(connection, NEWEST, at_once=at_once),
        *walk(connection, AGAIN, at_once=at_once),
        *replay(connection),
    ]
    for sentence in found:
        raise_alert_once(AlertKind.LOG_BROKEN, sentence)
    return found


def walk(connection: psycopg.Connection[Any], name: str, /, *, at_once: int) -> list[str]:
    """Prove the events after where a walk stands; one that is broken stops it there."""
    check, _ = LogCheck.objects.get_or_create(
        name=name, defaults={"sequence": 0, "head": BEGINNING.head, "checked_at": timezone.now()}
    )
    place, walked = Place(check.sequence, bytes(check.head)), 0
    broken: list[str] = []
    try:
        for row in islice(event_log.read_after(connection, place), at_once):
            event_log.event_of(row)
            place, walked = Place(row.sequence, row.head), walked + 1
    except (LogBrokenError, CodecError) as error:
        broken.append(str(error))
    if name == AGAIN and not broken and walked < at_once:
        place = BEGINNING
    check.sequence, check.head, check.checked_at = place.sequence, place.head, timezone.now()
    check.save()
    return broken


def replay(connection: psycopg.Connection[Any], /) -> list[str]:
    """Replay what came after the last snapshot but one, and compare the last with it."""
    places = event_log.snapshot_places(connection)[:2]
    if len(places) < 2:  # noqa: PLR2004 - there is nothing to compare yet
        return []
    try:
        since = standing_at(connection, places[-1])
    except (LogBrokenError, CodecError, ValueError, KeyError, AssertionError) as error:
        return [f"the snapshot after event {places[-1]}: {type(error).__name__}"]
    return verify(connection, since=since).differences
