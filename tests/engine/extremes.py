"""Commands with a field, or all of them, at the edge of what can be written or beyond.

What is not here: what the engine has to make of them (`tests.engine.test_extremes`).
"""

from collections.abc import Iterator
from random import Random
from typing import Any

import msgspec

from engine.commands import Command
from engine.exchange import DECIDERS, apply
from engine.state import State
from tests.engine.laws.stream import Stream

NUMBERS = (
    *(0, 1, -1, 10**12, 1 << 31, -(1 << 31), 1 << 53, (1 << 53) + 1, -(1 << 53), 1 << 61),
    *((1 << 63) - 1, -(1 << 63), 1 << 63, (1 << 64) - 1, 1 << 64, -(1 << 64), 10**30, -(10**30)),
)
WITHIN = tuple(each for each in NUMBERS if -(1 << 63) <= each < 1 << 63)
ENOUGH_ORDERS = 300
TEXTS = (
    "",
    "\x00",
    "\ud800",
    "@switch ann",
    "@breaker BTC",
    "@breaker none",
    "@backstop",
    "x" * 9_999,
)


def a_world(*, seed: int) -> tuple[State, dict[str, Command]]:
    """Return a world in full life, and the last command of every kind that there is."""
    stream, state = Stream(seed=seed), State()
    seen = {type(command).__name__: command for command in stream.closing()}
    for command in stream.opening():
        apply(state, command)
        seen[type(command).__name__] = command
    while len(seen) < len(DECIDERS) or len(stream.sent) < ENOUGH_ORDERS:
        command = stream.next(state)
        apply(state, command)
        seen[type(command).__name__] = command
    now = {
        kind: msgspec.structs.replace(command, at_ms=stream.at_ms) for kind, command in seen.items()
    }
    return state, now


def at_the_edge(record: msgspec.Struct) -> Iterator[msgspec.Struct]:
    """Yield the record with each of its fields, however deep, at each edge; optional ones too."""
    for field in msgspec.structs.fields(type(record)):
        value = getattr(record, field.name)
        for other in _others(field, value):
            yield msgspec.structs.replace(record, **{field.name: other})


def _others(field: msgspec.structs.FieldInfo, value: Any) -> Iterator[Any]:
    if isinstance(value, msgspec.Struct):
        yield from at_the_edge(value)
    elif isinstance(value, tuple):
        yield ()
        yield from ((*value[:-1], inner) for inner in at_the_edge(value[-1]))
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, int) or "Meta" in str(field.type):
        yield from NUMBERS
    elif isinstance(value, str) or "str" in str(field.type):
        yield from TEXTS


def wild(record: msgspec.Struct, random: Random) -> msgspec.Struct:
    """Return the record with about a third of its numbers, however deep, at some edge."""
    changed: dict[str, Any] = {}
    for field in msgspec.structs.fields(type(record)):
        value = getattr(record, field.name)
        if isinstance(value, msgspec.Struct):
            changed[field.name] = wild(value, random)
        elif isinstance(value, tuple):
            changed[field.name] = tuple(wild(inner, random) for inner in value)
        elif type(value) is int and field.name != "at_ms" and random.random() < 1 / 3:
            changed[field.name] = random.choice(WITHIN) + random.choice((-2, 0, 0, 2))
    return msgspec.structs.replace(record, **changed)
