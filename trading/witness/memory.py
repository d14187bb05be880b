"""What the witness keeps for its next start: a file of its own, which nobody else writes.

The state as the log gave it, the leaves and what was signed, as of one root. A file that is lost or
of another log costs the time of a replay from the beginning and nothing else. What is not here: the
engine's snapshots, which the witness does not believe.
"""

import os
import uuid
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog

from engine.codec import CodecError
from engine.snapshot import restore, snapshot
from trading.claims import Standing
from trading.log import Place
from trading.state_leaves import Content
from trading.witness.book import Book, Gone, Kept
from trading.witness.replay import Replay

log = structlog.get_logger(__name__)

VERSION: Final = 2
OWNER_ONLY: Final = 0o600


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """The file's content."""

    version: int
    sequence: int
    head: bytes
    state: bytes
    gifts: dict[str, int]
    number: int
    root: bytes
    total_micro: int
    signed: bytes
    leaves: list[tuple[Any, ...]]
    gone: list[tuple[Any, int, int]]
    standing: list[tuple[int, int, tuple[int, ...]]]


def keep(path: Path, replay: Replay, book: Book, /) -> bool:
    """Write the file if the state is the newest root's; tell whether it was written."""
    if replay.place.sequence != book.sequence:
        return False
    image = Image(
        version=VERSION,
        sequence=book.sequence,
        head=replay.place.head,
        state=snapshot(replay.state),
        gifts=replay.gifts,
        number=book.number,
        root=book.root,
        total_micro=book.total_micro,
        signed=book.signed,
        leaves=[_row(kept) for kept in book.leaves.values()],
        gone=[(key, one.deposits_micro, one.released_micro) for key, one in book.gone.items()],
        standing=[(one.number, one.at_ms, one.marks_half_ticks) for one in book.standing],
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.msgpack.encode(image))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    return True


def recall(path: Path, /) -> tuple[Replay, Book] | None:
    """Read the file; None where there is none that can be used."""
    try:
        image = msgspec.msgpack.decode(path.read_bytes(), type=Image)
        if image.version != VERSION:
            return None
        replay = Replay(restore(image.state), Place(image.sequence, image.head))
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError, CodecError, ValueError, KeyError) as error:
        log.warning("witness_memory_broken", kind=type(error).__name__)
        return None
    replay.gifts = dict(image.gifts)
    book = Book(number=image.number, sequence=image.sequence, root=image.root)
    book.total_micro, book.signed = image.total_micro, image.signed
    for row in image.leaves:
        book.put(_kept(row))
    book.gone = {_uuid(key): Gone(*sums) for key, *sums in image.gone}
    book.standing.extend(Standing(*row) for row in image.standing)
    replay.at_ms = book.standing[-1].at_ms if book.standing else 0
    if book.number and book.build_tree() != image.root:
        log.warning("witness_memory_broken", kind="Root")
        return None
    return replay, book


def _row(kept: Kept, /) -> tuple[Any, ...]:
    held = kept.content
    return (
        kept.place,
        kept.change,
        kept.leaf_hash,
        held.account_id,
        held.owner,
        held.vault_id,
        held.deposits_micro,
        held.released_micro,
        held.cash_micro,
        held.positions,
    )


def _kept(row: tuple[Any, ...], /) -> Kept:
    place, change, leaf_hash, account_id, owner, vault_id, *sums, positions = row
    deposits, released, cash = sums
    content = Content(
        account_id=_uuid(account_id),
        owner=owner,
        vault_id=vault_id,
        deposits_micro=deposits,
        released_micro=released,
        cash_micro=cash,
        positions=tuple((each[0], each[1], each[2], each[3]) for each in positions),
    )
    return Kept(place, change, content, leaf_hash)


def _uuid(text: str, /) -> uuid.UUID:
    return uuid.UUID(text)
