"""The socket: one connection of a client, its frames and their answers.

Every frame is a JSON object with a `type`; the table `ANSWERS` says who answers which. A frame
that is refused is answered with the failure of REST, and the connection goes on.
"""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from channels.generic.websocket import AsyncWebsocketConsumer

from godark import metrics
from godark.errors import UNEXPECTED, Code, Failure, failure_of
from godark.limits import Tier
from godark.sockets import (
    CROWDED_SECONDS,
    Pacing,
    Seat,
    no_seat,
    open_door,
    seats,
    subject_of,
)
from godark.wire import read_json, write_json

log = structlog.get_logger(__name__)

MAX_FRAME_BYTES = 64 * 1024
LONGEST_REQUEST_ID = 64
LARGEST_REQUEST_ID = 2**53
# HTTP's numbers, 4000 higher: the only range that daphne lets an application send, and without
# words; those stand in the frame before.
CLOSED_AS_TOO_LARGE = 4413
CLOSED_AS_TOO_FAST = 4429
# What a socket may say for which there is no seat: who it is, so that it gets one of its own.
FIRST_WORDS = frozenset({"auth"})

Frame = dict[str, Any]


class VenueSocket(AsyncWebsocketConsumer):
    """One connection; it has the pace of the tier that its client is known to have."""

    is_open = False
    seat: Seat | None = None
    leaving: asyncio.TimerHandle | None = None

    async def connect(self) -> None:
        """Accept; who it is may be said later."""
        structlog.contextvars.bind_contextvars(request_id=uuid.uuid4().hex)
        self.pacing = Pacing(Tier.FREE)
        try:
            await open_door(self.scope)
        except Failure:
            await self.close()  # before it was accepted: an answer of HTTP, 403
            return
        self.seat = await seats.take(subject_of(self.scope))
        if self.seat is None:
            loop = asyncio.get_running_loop()
            self.leaving = loop.call_later(CROWDED_SECONDS, self._leave_unseated)
        await self.accept()
        self.is_open = True
        metrics.SOCKETS.inc()

    async def disconnect(self, code: int) -> None:  # noqa: ARG002 - Channels' signature
        """Count it out."""
        if self.leaving is not None:
            self.leaving.cancel()
        await seats.leave(self.seat)
        if self.is_open:
            metrics.SOCKETS.dec()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Answer one frame, whatever it holds; that it came is counted before it is read."""
        request_id, too_soon = None, self.pacing.refusal()
        try:
            frame = _frame(text_data, bytes_data)
            request_id = _request_id(frame)
            self._refuse_unwelcome(frame, too_soon)
            answer = await _answerer(frame)(self, frame)
        except Exception as error:
            failure = too_soon or failure_of(error)
            if failure is None:
                log.exception("frame_failed")
            answer = _refusal(failure or UNEXPECTED)
        await self._say(answer, request_id)
        if answer.get("error", {}).get("code") == Code.PAYLOAD_TOO_LARGE:
            await self.close(code=CLOSED_AS_TOO_LARGE)
        elif self.pacing.is_exhausted or self.seat is None:
            await self.close(code=CLOSED_AS_TOO_FAST)

    def _refuse_unwelcome(self, frame: Frame, too_soon: Failure | None) -> None:
        """Refuse what comes too soon, and of a socket without a seat all but who it is."""
        if too_soon is not None:
            raise too_soon
        if self.seat is None and frame.get("type") not in FIRST_WORDS:
            raise no_seat(Tier.FREE)

    def _leave_unseated(self) -> None:
        """Close a socket that has not said in time who it is."""
        if self.seat is None:
            self.closing = asyncio.create_task(self.close(code=CLOSED_AS_TOO_FAST))

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
