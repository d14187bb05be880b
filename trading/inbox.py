"""The inbox: the one way in. Whoever wants something of the exchange writes a command here.

`put` is for jobs and services: a row, inside the caller's transaction or its own. `ask` and
`ask_many` are for doors that answer a person: they write and wait for what the engine says, at
most half a second; a command that is not answered by then stands all the same. What is not
here: deciding (`trading.runner`).
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from engine import commands as c
from engine.codec import encode
from trading.models import Command

WAIT_MS = 500


class Outcome(NamedTuple):
    """What the engine said of one command.

    Not `is_known`: it has not answered in time, and will. `reason` empty: it was accepted, and
    `subject_id` is the order or transfer that stands (of a repeated order, the first one's).
    """

    command_id: int
    is_known: bool
    reason: str = ""
    numbers: dict[str, int] = {}  # noqa: RUF012 - never changed
    subject_id: str = ""
    is_repeated: bool = False
    account_sequence: int | None = None


def put(command: c.Command, /, *, key: str | None = None) -> int | None:
    """Write one command; return its number, or None where the key was used before."""
    return put_many([(command, key)])[0]


def put_many(commands: Sequence[tuple[c.Command, str | None]], /) -> list[int | None]:
    """Write commands in this order."""
    raise NotImplementedError


async def ask(command: c.Command, /, *, wait_ms: int = WAIT_MS) -> Outcome:
    """Write one command and wait for its outcome."""
    return (await ask_many([command], wait_ms=wait_ms))[0]


async def ask_many(commands: Sequence[c.Command], /, *, wait_ms: int = WAIT_MS) -> list[Outcome]:
    """Write commands in this order and wait for all their outcomes."""
    raise NotImplementedError


def ask_plainly(command: c.Command, /, *, wait_ms: int = WAIT_MS) -> Outcome:
    """Do the same without an event loop, for staff pages, commands and jobs."""
    raise NotImplementedError


def row_of(command: c.Command, /, *, key: str | None = None) -> Command:
    """Return the row of a command, not yet written."""
    return Command(
        key=key,
        kind=type(command).__name__,
        account_id=getattr(command, "account_id", None),
        payload=encode(msgspec.structs.replace(command, at_ms=0)),
    )
