"""The codec: commands and events as bytes, with their version, and back.

An envelope is the MessagePack array [name, version, body]; a body is a map of fields in the
order of the struct, so equal records give equal bytes. A record of an older version is
brought up to date by the functions in `UPCASTS`, one version at a time, before it is read.
What is not here: text (`engine.notation`) and whole states (`engine.snapshot`).
"""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from engine.commands import Command
from engine.events import Event
from engine.evolve import TABLE
from engine.exchange import DECIDERS

VERSIONS: dict[str, int] = {}
"""The present version of each record's format; 1 where nothing stands here."""

UPCASTS: dict[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""From (name, version) to what turns a body of that version into one of the next."""

T = TypeVar("T", Command, Event)

_ENCODER = msgspec.msgpack.Encoder()
_EVENTS: dict[str, type[Event]] = {kind.__name__: kind for kind in TABLE}
_COMMANDS: dict[str, type[Command]] = {kind.__name__: kind for kind in DECIDERS}


class CodecError(ValueError):
    """These bytes, or this record, are none that this engine knows or can write."""


def encode(record: Command | Event, /) -> bytes:
    """Encode a command or an event canonically; refuse numbers and letters beyond all records."""
    name = type(record).__name__
    try:
        return _ENCODER.encode((name, VERSIONS.get(name, 1), record))
    except (OverflowError, UnicodeEncodeError) as wrong:
        raise CodecError(f"{name}: {wrong}") from None


def decode_event(data: bytes, /) -> Event:
    """Decode an event of any version."""
    return _decode(data, _EVENTS)


def decode_command(data: bytes, /) -> Command:
    """Decode a command of any version."""
    return _decode(data, _COMMANDS)


def _decode(data: bytes, kinds: dict[str, type[T]], /) -> T:
    try:
        name, version, body = msgspec.msgpack.decode(data, type=tuple[str, int, dict[str, Any]])
        while version < VERSIONS.get(name, 1):
            body = UPCASTS[name, version](body)
            version += 1
        kind = kinds[name]
        if version > VERSIONS.get(name, 1):
            raise CodecError(f"{name} of version {version} is of a newer engine")
        return msgspec.convert(body, kind)
    except (msgspec.MsgspecError, KeyError, UnicodeDecodeError, RecursionError) as wrong:
        raise CodecError(str(wrong)) from None
