"""The log: events appended in order and chained by hash, read back, and snapshots beside them.

Everything works on a psycopg connection of the caller, in the caller's transaction. What is not
here: deciding, and when snapshots are taken (`trading.runner`).
"""

import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import msgspec
import psycopg
from psycopg.pq import TransactionStatus

from engine.chain import DIGEST_SIZE, GENESIS, link
from engine.codec import decode_event, encode
from engine.events import Event
from engine.snapshot import VERSION
from trading.recording import Hand

READ_AT_ONCE: Final = 5_000
SNAPSHOTS_KEPT: Final = 4

APPEND: Final = (
    "COPY trading_event (sequence, kind, at_ms, payload, head) FROM STDIN (FORMAT BINARY)"
)
APPEND_TYPES: Final = ("int8", "varchar", "int8", "bytea", "bytea")
READ: Final = """
    SELECT sequence, kind, at_ms, payload, head FROM trading_event
    WHERE sequence > %s ORDER BY sequence LIMIT %s
"""


class LogBrokenError(Exception):
    """The log is not what was written: a gap, a changed byte, or bytes that nobody knows."""


class Place(NamedTuple):
    """A place in the log: after which event, and the chain's head there."""

    sequence: int
    head: bytes


class LogRow(NamedTuple):
    """One event as it stands in the log."""

    sequence: int
    kind: str
    at_ms: int
    payload: bytes
    head: bytes


class KeptSnapshot(NamedTuple):
    """One snapshot as it is kept."""

    sequence: int
    head: bytes
    digest: bytes
    state: bytes


BEGINNING: Final = Place(sequence=0, head=GENESIS)


def next_row(place: Place, event: Event, /) -> LogRow:
    """Return the row of the event that comes next after a place."""
    payload = encode(event)
    return LogRow(
        sequence=place.sequence + 1,
        kind=type(event).__name__,
        at_ms=event.at_ms,
        payload=payload,
        head=link(place.head, payload),
    )


def append(cursor: Hand, rows: Sequence[LogRow], /) -> None:
    """Append rows, which follow one another and the last one there."""
    with cursor.copy(APPEND) as copy:
        copy.set_types(APPEND_TYPES)
        for row in rows:
            copy.write_row(row)


def read_after(connection: psycopg.Connection[Any], place: Place, /) -> Iterator[LogRow]:
    """Yield the rows after a place, each proved to follow the one before (I46)."""
    while rows := connection.execute(READ, [place.sequence, READ_AT_ONCE]).fetchall():
        for values in rows:
            row = LogRow(*values)
            prove(place, row)
            place = Place(row.sequence, row.head)
            yield row
        if len(rows) < READ_AT_ONCE:
            return


def prove(place: Place, row: LogRow, /) -> None:
    """Refuse a row that does not follow from the place before it (I46)."""
    if row.sequence != place.sequence + 1:
        raise LogBrokenError(f"after event {place.sequence} comes event {row.sequence}")
    if link(place.head, row.payload) != row.head:
        raise LogBrokenError(f"event {row.sequence} is not what its hash says")


def event_of(row: LogRow, /) -> Event:
    """Return the event of a row, of whatever version, brought up to date."""
    return decode_event(row.payload)


def last_place(connection: psycopg.Connection[Any], /) -> Place:
    """Return where the log ends."""
    row = connection.execute(
        "SELECT sequence, head FROM trading_event ORDER BY sequence DESC LIMIT 1"
    ).fetchone()
    return BEGINNING if row is None else Place(*row)


def last_moment_ms(connection: psycopg.Connection[Any], /) -> int:
    """Return when the last event happened; 0 before the first."""
    row = connection.execute(
        "SELECT at_ms FROM trading_event ORDER BY sequence DESC LIMIT 1"
    ).fetchone()
    return 0 if row is None else int(row[0])


def digest_of(state: bytes, /) -> bytes:
    """Return the digest of a snapshot's bytes, as `engine.chain.digest` does of the state."""
    return blake2b(state, digest_size=DIGEST_SIZE).digest()


def keep_snapshot(
    connection: psycopg.Connection[Any], kept: KeptSnapshot, /, *, at_ms: int
) -> None:
    """Keep a snapshot; one of the same place stays as it is."""
    connection.execute(
        """
        INSERT INTO trading_snapshot (sequence, head, digest, state, made_at_ms)
        VALUES (%s, %s, %s, %b, %s) ON CONFLICT (sequence) DO NOTHING
        """,
        [kept.sequence, kept.head, kept.digest, zlib.compress(kept.state, level=1), at_ms],
    )


def drop_old_snapshots(connection: psycopg.Connection[Any], /) -> None:
    """Drop all snapshots but the newest few."""
    connection.execute(
        """
        DELETE FROM trading_snapshot WHERE sequence < (
            SELECT min(sequence) FROM (
                SELECT sequence FROM trading_snapshot ORDER BY sequence DESC LIMIT %s
            ) AS newest
        )
        """,
        [SNAPSHOTS_KEPT],
    )


def snapshot_places(connection: psycopg.Connection[Any], /) -> list[int]:
    """Return after which events there are snapshots, the newest first."""
    rows = connection.execute("SELECT sequence FROM trading_snapshot ORDER BY sequence DESC")
    return [sequence for (sequence,) in rows]


def read_snapshot(connection: psycopg.Connection[Any], sequence: int, /) -> KeptSnapshot:
    """Return one snapshot; LogBrokenError where its bytes are not what their digest says."""
    cursor = connection.cursor(binary=True)
    row = cursor.execute(
        "SELECT sequence, head, digest, state FROM trading_snapshot WHERE sequence = %s",
        [sequence],
    ).fetchone()
    if row is None:
        raise LogBrokenError(f"there is no snapshot after event {sequence}")
    kept = KeptSnapshot(*row)
    try:
        kept = kept._replace(state=zlib.decompress(kept.state))
    except zlib.error:
        raise LogBrokenError(f"the snapshot after event {sequence} cannot be unpacked") from None
    if digest_of(kept.state) != kept.digest:
        raise LogBrokenError(f"the snapshot after event {sequence} is not what its digest says")
    return kept


def is_old_format(state: bytes, /) -> bool:
    """Tell whether a snapshot is of an older format, which its state is not encoded in any more."""
    body = msgspec.msgpack.decode(state)
    return bool(body["version"] < VERSION)


def head_after(connection: psycopg.Connection[Any], sequence: int, /) -> bytes | None:
    """Return the chain's head after an event, None where there is none."""
    if sequence == BEGINNING.sequence:
        return BEGINNING.head
    row = connection.execute(
        "SELECT head FROM trading_event WHERE sequence = %s", [sequence]
    ).fetchone()
    return None if row is None else bytes(row[0])


@contextmanager
def one_picture(connection: psycopg.Connection[Any], /) -> Iterator[None]:
    """Read everything as it stands at one moment; inside a transaction, as it stands there."""
    cursor = connection.cursor()
    is_outermost = cursor.connection.info.transaction_status is TransactionStatus.IDLE
    with connection.transaction():
        if is_outermost:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield
