"""The socket: one connection of a client, its frames and their answers.

Every frame is a JSON object with a `type`; the table `ANSWERS` says who answers which. A frame
that is refused is answered with the failure of REST, and the connection goes on.
"""

import math
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from channels.generic.websocket import AsyncWebsocketConsumer

from godark import metrics
from godark.errors import UNEXPECTED, Code, Failure, failure_of
from godark.limits import Kind, Pace, Rate, Tier, rate_of
from godark.wire import read_json, write_json

log = structlog.get_logger(__name__)

MAX_FRAME_BYTES = 64 * 1024
LONGEST_REQUEST_ID = 64
LARGEST_REQUEST_ID = 2**53
# Frames refused for their pace before the connection is closed.
REFUSED_BEFORE_CLOSING = 100
# HTTP's numbers, 4000 higher: the only range that daphne lets an application send, and without
# words; those stand in the frame before.
CLOSED_AS_TOO_LARGE = 4413
CLOSED_AS_TOO_FAST = 4429

Frame = dict[str, Any]


class VenueSocket(AsyncWebsocketConsumer):
    """One connection; it has the pace of the tier that its client is known to have."""

    async def connect(self) -> None:
        """Accept; who it is may be said later."""
        structlog.contextvars.bind_contextvars(request_id=uuid.uuid4().hex)
        self.pace = Pace(
            rate_of(tier=Tier.FREE, kind=Kind.SOCKET_MESSAGES) or Rate(per_minute=600, burst=10)
        )
        self.refused = 0
        await self.accept()
        metrics.SOCKETS.inc()

    async def disconnect(self, code: int) -> None:  # noqa: ARG002 - Channels' signature
        """Count it out."""
        metrics.SOCKETS.dec()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Answer one frame, whatever it holds."""
        request_id = None
        try:
            frame = _frame(text_data, bytes_data)
            request_id = _request_id(frame)
            self._keep_pace()
            answer = await _answerer(frame)(self, frame)
        except Exception as error:
            failure = failure_of(error)
            if failure is None:
                log.exception("frame_failed")
            answer = _refusal(failure or UNEXPECTED)
        await self._say(answer, request_id)
        if answer.get("error", {}).get("code") == Code.PAYLOAD_TOO_LARGE:
            await self.close(code=CLOSED_AS_TOO_LARGE)
        if self.refused >= REFUSED_BEFORE_CLOSING:
            await self.close(code=CLOSED_AS_TOO_FAST)

    def _keep_pace(self) -> None:
        """Refuse a frame that comes too soon."""
        wait_seconds = self.pace.take()
        if wait_seconds:
            self.refused += 1
            raise Failure(
                Code.RATE_LIMIT_EXCEEDED,
                "Too many frames; slow down.",
                extra={"retry_after_ms": math.ceil(wait_seconds * 1000)},
            )

    async def _say(self, answer: Frame, request_id: str | int | None) -> None:
        """Send an answer with the frame's own id."""
        if request_id is not None or answer["type"] == "result":
            answer = {"type": answer["type"], "request_id": request_id} | answer
        await self.send(text_data=write_json(answer))


async def answer_ping(socket: VenueSocket, frame: Frame) -> Frame:  # noqa: ARG001 - the signature of all answers
    """Answer that the venue is there, and its time."""
    return {"type": "pong", "sent_at": time.time_ns() // 1_000_000}


ANSWERS: dict[str, Callable[[VenueSocket, Frame], Awaitable[Frame]]] = {"ping": answer_ping}


def _answerer(frame: Frame) -> Callable[[VenueSocket, Frame], Awaitable[Frame]]:
    """Return who answers a frame of this type."""
    kind = frame.get("type")
    answerer = ANSWERS.get(kind) if isinstance(kind, str) else None
    if answerer is None:
        raise Failure(
            Code.VALIDATION_ERROR,
            f"type is one of {', '.join(sorted(ANSWERS))}.",
            field="type",
        )
    return answerer


def _frame(text_data: str | None, bytes_data: bytes | None) -> Frame:
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


def _request_id(frame: Frame) -> str | int | None:
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


def _refusal(failure: Failure) -> Frame:
    return {"type": "result", "error": failure.body}
