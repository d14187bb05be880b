"""Taking: the waiting commands of one step, prices conflated, in the order of the step.

What is not here: what a command leads to (`trading.runner.deciding`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import psycopg

from accounts.ledger.arrays import number_array
from engine import commands as c
from engine.codec import CodecError, decode_command
from engine.state import State
from engine.step import order_step

AT_ONCE: Final = 500
TAKE: Final = """
    SELECT id, payload, failures FROM trading_command
    WHERE status = 'WAITING' AND id <> ALL(%s::bigint[]) ORDER BY id LIMIT %s
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A command as it waits in the inbox."""

    number: int
    payload: bytes
    failures: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """A command of a step; without a number it is the runner's own. `is_merged`: of many rows."""

    number: int | None
    command: c.Command
    is_merged: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What one step decides, in order; rows that newer prices replaced; unreadable rows."""

    planned: list[Planned]
    conflated: list[int]
    unreadable: list[int]
    is_alone: bool


def take(
    connection: psycopg.Connection[Any], *, taken: Sequence[int] = (), at_most: int
) -> list[Waiting]:
    """Return waiting commands in the order of their arrival; one that has failed, by itself.

    `taken` are the numbers of those that are being written just now.
    """
    rows = connection.execute(TAKE, [number_array(taken), at_most]).fetchall()
    waiting = [Waiting(number=row[0], payload=row[1], failures=row[2]) for row in rows]
    for index, one in enumerate(waiting):
        if one.failures:
            return waiting[: max(index, 1)]
    return waiting


def arrange(state: State, waiting: Sequence[Waiting], *, at_ms: int, expires: bool) -> Step:
    """Return the step of these commands at this moment, what is due first."""
    is_alone = len(waiting) == 1 and waiting[0].failures > 0
    readable, unreadable = _read(waiting, at_ms=at_ms)
    kept, conflated = _conflate(readable)
    if expires and not is_alone:
        kept.insert(0, Planned(number=None, command=c.ExpireDue(at_ms=at_ms)))
    of_command = {id(one.command): one for one in kept}
    ordered = order_step(state, [one.command for one in kept])
    return Step(
        planned=[of_command[id(command)] for command in ordered],
        conflated=conflated,
        unreadable=unreadable,
        is_alone=is_alone,
    )


def _read(waiting: Sequence[Waiting], *, at_ms: int) -> tuple[list[Planned], list[int]]:
    readable: list[Planned] = []
    unreadable: list[int] = []
    for one in waiting:
        try:
            command = msgspec.structs.replace(decode_command(one.payload), at_ms=at_ms)
        except CodecError:
            unreadable.append(one.number)
        else:
            readable.append(Planned(number=one.number, command=command))
    return readable, unreadable


def _conflate(readable: Sequence[Planned]) -> tuple[list[Planned], list[int]]:
    """Keep of all price commands one, in the place of the last, with each market's newest."""
    prices = [one for one in readable if isinstance(one.command, c.MoveReferences)]
    if len(prices) < 2:  # noqa: PLR2004 - there is nothing to merge
        return list(readable), []
    newest: dict[str, c.ReferenceMove] = {}
    for one in prices:
        assert isinstance(one.command, c.MoveReferences)  # noqa: S101 - told to mypy
        newest |= {move.market_id: move for move in one.command.moves}
    last = prices[-1]
    merged = Planned(
        number=last.number,
        command=c.MoveReferences(at_ms=last.command.at_ms, moves=tuple(newest.values())),
        is_merged=True,
    )
    kept = [merged if one is last else one for one in readable if one is last or one not in prices]
    return kept, [one.number for one in prices[:-1] if one.number is not None]
