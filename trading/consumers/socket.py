"""The socket: one connection of a client, its frames and their answers.

A frame that is refused is answered with the failure of REST, and the connection goes on. What is
not here: what each frame does (`answers`) and what is told (`hub`).
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

import structlog
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import Error as DatabaseAway
from django.http import parse_cookie

from accounts.services.socket_callers import Admitted, admitted_by_cookie
from godark import metrics, proxies
from godark.errors import Code, Failure
from godark.limits import Tier
from godark.sockets import CROWDED_SECONDS, no_seat, open_door, seats, subject_of
from trading.consumers.answers import answerer_of, failure_or_unexpected
from trading.consumers.by_loop import by_loop
from trading.consumers.database import forget_connection
from trading.consumers.frames import Frame, read_frame, request_id_of, written_refusal
from trading.consumers.guard import guard
from trading.consumers.hub import Hub
from trading.consumers.session import Closing, Session
from trading.consumers.switches import switches
from trading.consumers.wire import EXTENSION, AsgiWire, Wire
from trading.selectors.snapshots import snapshot_of

log = structlog.get_logger(__name__)

# What a connection may say for which there is no seat: who it is, so that it gets one of its own.
FIRST_WORDS: Final = frozenset({"auth"})

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

the_hub = by_loop(lambda: Hub(snapshot_of))


async def serve(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Serve one connection, as an ASGI application.

    No consumer of Channels: those close Django's connection to PostgreSQL before each frame.
    """
    structlog.contextvars.bind_contextvars(request_id=uuid.uuid4().hex)
    await receive()
    try:
        await open_door(scope)
    except Failure:
        await send({"type": "websocket.close"})  # before it was accepted: an answer of HTTP, 403
        return
    await send({"type": "websocket.accept"})
    direct: Wire | None = scope.get("extensions", {}).get(EXTENSION)
    queue = None if direct is not None else AsgiWire(send)
    metrics.SOCKETS.inc()
    try:
        await VenueSocket(direct or cast("Wire", queue), scope=scope).talk(receive)
    finally:
        metrics.SOCKETS.dec()
        if queue is not None:
            queue.end()


class VenueSocket:
    """One connection."""

    def __init__(self, wire: Wire, *, scope: dict[str, Any]) -> None:
        self.hub = the_hub()
        self.session = Session(wire, address=proxies.address_of_scope(scope))
        self._scope = scope

    async def talk(self, receive: Receive) -> None:
        """Answer frames until the connection ends; then cancel what it was to cancel."""
        try:
            guard().watch(self.session)
            await self._be_seated()
            while (message := await receive())["type"] != "websocket.disconnect":
                await self.answer(message.get("text"), message.get("bytes"))
        finally:
            self.session.end()
            guard().forget(self.session)
            self.hub.leave_all(self.session)
            await switches().fire(self.session)
            await seats.leave(self.session.seat)

    async def answer(self, text: str | None, data: bytes | None) -> None:
        """Answer one frame, whatever it holds; that it came is counted before it is read."""
        session = self.session
        if session.is_closing:
            return
        request_id, too_soon = None, session.pacing.refusal()
        try:
            frame = read_frame(text, data)
            request_id = request_id_of(frame)
            self._refuse_unwelcome(frame, too_soon)
            await answerer_of(frame)(session, self.hub, frame, request_id)
        except Exception as error:  # noqa: BLE001 - each is told, and written down if unexpected
            failure = too_soon or await failure_or_unexpected(error)
            session.say(written_refusal(request_id, failure))
            if failure.code is Code.PAYLOAD_TOO_LARGE:
                session.close(Closing.TOO_LARGE)
        if session.seat is None:
            session.close(Closing.TOO_MANY)
        elif session.pacing.is_exhausted:
            session.close(Closing.TOO_FAST)

    def _refuse_unwelcome(self, frame: Frame, too_soon: Failure | None) -> None:
        """Refuse what comes too soon, and of a connection without a seat all but who it is."""
        if too_soon is not None:
            raise too_soon
        if self.session.seat is None and frame.get("type") not in FIRST_WORDS:
            raise no_seat(Tier.FREE)

    async def _be_seated(self) -> None:
        """Take a seat, of the account for which a browser's cookie stands or of the address."""
        session = self.session
        admitted = await self._admitted_browser()
        if admitted is not None:
            session.admit(admitted)
        subject = subject_of(self._scope) if admitted is None else admitted.caller.subject
        session.seat = await seats.take(subject)
        if session.seat is not None:
            return
        if admitted is not None:
            session.say(written_refusal(None, no_seat(subject.tier)))
            session.close(Closing.TOO_MANY)
        else:
            session.start(self._leave_unseated())

    async def _leave_unseated(self) -> None:
        """Close a connection that has not said in time who it is."""
        await asyncio.sleep(CROWDED_SECONDS)
        if self.session.seat is None:
            self.session.close(Closing.TOO_MANY)

    async def _admitted_browser(self) -> Admitted | None:
        """Return for whom a browser's cookie stands; None for whoever shows none that holds."""
        session_key = _session_key(self._scope)
        if not session_key:
            return None
        try:
            return await sync_to_async(admitted_by_cookie)(session_key)
        except DatabaseAway as error:
            log.warning("browser_not_recognized", kind=type(error).__name__)
            await forget_connection()
            self.session.close(Closing.UNAVAILABLE)
            return None


def _session_key(scope: dict[str, Any]) -> str:
    """Return the session that the browser's cookie names."""
    cookie = dict(scope["headers"]).get(b"cookie", b"").decode("latin1")
    return parse_cookie(cookie).get(settings.SESSION_COOKIE_NAME, "")
