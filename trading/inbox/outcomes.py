"""What the engine said of a command: as the runner tells it, and as its row keeps it."""

import json
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec
from django.conf import settings

from engine.codec import CodecError, decode_command

OUTCOME_COLUMNS: Final = (
    "id, status, reason, numbers::text, subject_id, account_sequence, decided_at_ms, payload"
)
ANSWERED: Final = ("DONE", "SET_ASIDE", "CONFLATED")


class UnavailableError(Exception):
    """The command could not be written, or was set aside: the world broke, not the caller."""


class Outcome(NamedTuple):
    """What the engine said of one command.

    Not `is_known`: it has not answered in time, and will. `reason` empty: it was accepted, and
    `subject_id` is the order or transfer that stands (of a repeated order, the first one's).
    `is_set_aside`: its own assertion failed twice; it will never be decided.
    """

    command_id: int
    is_known: bool
    reason: str = ""
    numbers: dict[str, int] = {}  # noqa: RUF012 - never changed
    subject_id: str = ""
    is_repeated: bool = False
    account_sequence: int | None = None
    decided_at_ms: int | None = None
    is_set_aside: bool = False


def answers_channel() -> str:
    """Return the Redis channel on which the runner tells outcomes after their commit.

    Redis has the same channels in all its numbered databases; numbers of commands are of one
    PostgreSQL database only.
    """
    return f"godark:answers:{settings.DATABASES['default']['NAME']}"


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(list[Outcome])


def encode_outcomes(outcomes: Sequence[Outcome], /) -> bytes:
    """Encode outcomes for the channel."""
    return _ENCODER.encode(outcomes)


def decode_outcomes(data: bytes, /) -> list[Outcome]:
    """Decode what came over the channel."""
    return _DECODER.decode(data)


def outcome_of_row(row: Sequence[Any], /) -> Outcome:
    """Return what a command's row says, in the order of `OUTCOME_COLUMNS`."""
    number, status, reason, numbers, subject_id, account_sequence, at_ms, payload = row
    if status not in ANSWERED:
        return Outcome(command_id=number, is_known=False)
    return Outcome(
        command_id=number,
        is_known=True,
        reason=reason,
        numbers=json.loads(numbers),
        subject_id=subject_id,
        is_repeated=not reason and _names_another(bytes(payload), subject_id),
        account_sequence=account_sequence,
        decided_at_ms=at_ms,
        is_set_aside=status == "SET_ASIDE",
    )


def _names_another(payload: bytes, subject_id: str, /) -> bool:
    """Tell whether the order that answers is another than the one that was asked for."""
    try:
        order_id = getattr(decode_command(payload), "order_id", subject_id)
    except CodecError:
        return False
    return bool(subject_id) and order_id != subject_id
