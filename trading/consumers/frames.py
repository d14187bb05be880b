"""Frames: how a client's are read and refused, and how answers are written.

Every frame is a JSON object with a `type`; a `request_id` comes back with the answer. What is not
here: what a frame does (`answers`).
"""

from typing import Any, Final

import msgspec

from godark.errors import Code, Failure
from godark.wire import read_json

MAX_FRAME_BYTES: Final = 64 * 1024
LONGEST_REQUEST_ID: Final = 64
LARGEST_REQUEST_ID: Final = 2**53

Frame = dict[str, Any]
RequestId = str | int | None

_ENCODER: Final = msgspec.json.Encoder()


def read_frame(text_data: str | None, bytes_data: bytes | None) -> Frame:
    """Return what a frame says; refuse what is no JSON object."""
    body = text_data.encode("utf-8", "surrogatepass") if text_data is not None else b""
    if max(len(body), len(bytes_data or b"")) > MAX_FRAME_BYTES:
        raise Failure(
            Code.PAYLOAD_TOO_LARGE,
            f"A frame may hold at most {MAX_FRAME_BYTES} bytes.",
            extra={"limit_bytes": MAX_FRAME_BYTES},
        )
    if text_data is None:
        raise Failure(Code.VALIDATION_ERROR, "Send text frames, not binary ones.")
    try:
        frame = read_json(body)
    except ValueError as error:
        raise Failure(Code.VALIDATION_ERROR, str(error)) from error
    if not isinstance(frame, dict):
        raise Failure(Code.VALIDATION_ERROR, "A frame is a JSON object.")
    return frame


def request_id_of(frame: Frame) -> RequestId:
    """Return the id that the client gave the frame; refuse one that is no short name."""
    given = frame.get("request_id")
    is_name = isinstance(given, str) and len(given) <= LONGEST_REQUEST_ID
    is_number = type(given) is int and 0 <= given <= LARGEST_REQUEST_ID
    if given is None or is_name or is_number:
        return given
    raise Failure(
        Code.VALIDATION_ERROR,
        f"request_id is a string of at most {LONGEST_REQUEST_ID} characters.",
        field="request_id",
    )


def written_result(request_id: RequestId, data: Any) -> bytes:
    """Return the answer to a frame that was done."""
    return _ENCODER.encode({"type": "result", "request_id": request_id, "data": data})


def written_refusal(request_id: RequestId, failure: Failure) -> bytes:
    """Return the answer to a frame that was refused: the failure of REST."""
    return _ENCODER.encode({"type": "result", "request_id": request_id, "error": failure.body})


def written_pong(request_id: RequestId, *, sent_at: int) -> bytes:
    """Return the answer to a ping."""
    named = {} if request_id is None else {"request_id": request_id}
    return _ENCODER.encode({"type": "pong", **named, "sent_at": sent_at})


def names_of(frame: Frame, field: str, *, at_most: int) -> list[str]:
    """Return a field that is a list of strings, each once; refuse another, and too many."""
    given = frame.get(field)
    is_list = isinstance(given, list) and all(isinstance(name, str) for name in given)
    if not given or not is_list:
        raise Failure(Code.VALIDATION_ERROR, f"{field} is a list of strings.", field=field)
    if len(given) > at_most:
        raise Failure(
            Code.VALIDATION_ERROR,
            f"At most {at_most} {field} in one frame.",
            field=field,
            extra={"limit": at_most},
        )
    return list(dict.fromkeys(given))


def whole_number_of(frame: Frame, field: str) -> int:
    """Return a field that is a whole number from zero."""
    given = frame.get(field)
    if type(given) is not int or not 0 <= given <= LARGEST_REQUEST_ID:
        raise Failure(Code.VALIDATION_ERROR, f"{field} is a whole number.", field=field)
    return given


def truth_of(frame: Frame, field: str) -> bool:
    """Return a field that is true or false."""
    given = frame.get(field)
    if not isinstance(given, bool):
        raise Failure(Code.VALIDATION_ERROR, f"{field} is true or false.", field=field)
    return given
