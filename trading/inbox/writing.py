"""Rows of the inbox: how commands are written, by whomever.

One statement writes any number of commands in their order; one whose key was used before is
left out. What is not here: waiting for answers (`trading.inbox.asking`).
"""

import uuid
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec
from django.db import connection, transaction

from engine import commands as c
from engine.codec import encode

WAKE_UP: Final = "godark_inbox"
"""The PostgreSQL channel that wakes the runner."""

INSERT: Final = """
    INSERT INTO trading_command
        (key, kind, account_id, payload, failures, event_count, reason, numbers, subject_id, status)
    SELECT key, kind, account_id, payload, 0, 0, '', '{}', '', 'WAITING'
    FROM unnest(%s::text[], %s::text[], %s::uuid[], %s::bytea[])
        WITH ORDINALITY AS asked (key, kind, account_id, payload, place)
    ORDER BY place
    ON CONFLICT (key) DO NOTHING
    RETURNING id, key
"""
NOTIFY: Final = f"NOTIFY {WAKE_UP}"


class InboxRow(NamedTuple):
    """A command as it is written."""

    key: str | None
    kind: str
    account_id: uuid.UUID | None
    payload: bytes


def put(command: c.Command, /, *, key: str | None = None) -> int | None:
    """Write one command; return its number, or None where the key was used before."""
    return put_many([(command, key)])[0]


def put_many(commands: Sequence[tuple[c.Command, str | None]], /) -> list[int | None]:
    """Write commands in this order, in the caller's transaction or one of its own."""
    rows = [row_of(command, key=key) for command, key in commands]
    if not rows:
        return []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(INSERT, columns_of(rows))
        written = cursor.fetchall()
        cursor.execute(NOTIFY)
    return numbers_of(rows, written)


def put_references(moves: Sequence[c.ReferenceMove], /) -> int | None:
    """Write the newest prices; they may be lost with a crash of the database, newer ones come."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
        return put(c.MoveReferences(at_ms=0, moves=tuple(moves)))


def row_of(command: c.Command, /, *, key: str | None = None) -> InboxRow:
    """Return the row of a command; the moment is the runner's to set."""
    account_id: str | None = getattr(command, "account_id", None)
    if command.at_ms:
        command = msgspec.structs.replace(command, at_ms=0)
    return InboxRow(
        key=key,
        kind=type(command).__name__,
        account_id=None if account_id is None else uuid.UUID(account_id),
        payload=encode(command),
    )


def columns_of(rows: Sequence[InboxRow], /) -> list[list[Any]]:
    """Return rows as the columns that `INSERT` takes."""
    return [list(column) for column in zip(*rows, strict=True)]


def numbers_of(
    rows: Sequence[InboxRow], written: Sequence[tuple[int, str | None]], /
) -> list[int | None]:
    """Return each row's number, None where its key was used before."""
    keyed = {key: number for number, key in written if key is not None}
    plain = iter(sorted(number for number, key in written if key is None))
    return [next(plain) if row.key is None else keyed.pop(row.key, None) for row in rows]
