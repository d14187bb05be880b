"""Answers: what each frame of a client does. The table `ANSWERS` says who does which.

An answer is written before anything that it leads to, so a subscription's result comes before its
snapshots. What is not here: how frames are read (`frames`) and orders (`order_entry`).
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import TYPE_CHECKING, Final

import structlog
from django.db import Error as DatabaseAway

from accounts.models import Permission
from accounts.services.socket_callers import admitted_by_frame
from godark.clock import now_ms
from godark.errors import UNEXPECTED, Code, Failure, failure_of
from godark.sockets import no_seat, seats
from trading.consumers import order_entry
from trading.consumers.database import forget_connection
from trading.consumers.frames import (
    Frame,
    RequestId,
    names_of,
    truth_of,
    whole_number_of,
    written_pong,
    written_refusal,
    written_result,
)
from trading.consumers.hub import Hub
from trading.consumers.permissions import caller_with
from trading.consumers.session import Closing, Session
from trading.consumers.switches import switches
from trading.feed import Channel, channel_of
from trading.selectors.market_terms import all_symbols

if TYPE_CHECKING:
    from trading.consumers.lines import Listener

log = structlog.get_logger(__name__)

MOST_CHANNELS: Final = 1_000

Answerer = Callable[[Session, Hub, Frame, RequestId], Awaitable[None]]


async def answer_ping(session: Session, hub: Hub, frame: Frame, request_id: RequestId) -> None:
    """Answer that the venue is there; take note of what the client says it has seen."""
    for listener, number in _seen(session, hub, frame):
        listener.seen = min(number, listener.number)
        if listener.owes_too_much():
            session.close(Closing.BEHIND)
            return
    session.say(written_pong(request_id, sent_at=now_ms()))


def _seen(session: Session, hub: Hub, frame: Frame) -> list[tuple["Listener", int]]:
    """Return what a ping says of which channels; `channel` may be left out where there is one."""
    if "seq" not in frame:
        return []
    number = whole_number_of(frame, "seq")
    named = [one for one in session.heard.values() if frame.get("channel") in (None, one.name)]
    if len(named) != 1:
        raise Failure(
            Code.VALIDATION_ERROR, "channel is one that this connection hears.", field="channel"
        )
    listener = hub.listener(session, named[0].ring)
    return [] if listener is None or not listener.is_live else [(listener, number)]


async def answer_auth(session: Session, hub: Hub, frame: Frame, request_id: RequestId) -> None:
    """Let the connection speak for the owner of the key that signed."""
    del hub
    if session.admitted is not None:
        raise Failure(Code.VALIDATION_ERROR, "This connection speaks for an account already.")
    admitted = await admitted_by_frame(frame, address=session.address)
    subject = admitted.caller.subject
    session.seat = await seats.move(session.seat, subject)
    if session.seat is None:
        session.say(written_refusal(request_id, no_seat(subject.tier)))
        session.close(Closing.TOO_MANY)
        return
    session.admit(admitted)
    session.say(written_result(request_id, {"account_id": str(session.account_id)}))


async def answer_subscribe(session: Session, hub: Hub, frame: Frame, request_id: RequestId) -> None:
    """Let the connection hear channels: of each a snapshot, then what is told."""
    named = names_of(frame, "channels", at_most=MOST_CHANNELS)
    symbols = await all_symbols()
    asked = [_channel(session, name, symbols) for name in named]
    fresh = {one.ring: one for one in asked if one.ring not in session.heard}
    _check_room(session, len(fresh))
    await hub.place(session, list(fresh.values()))
    names = [session.heard[one.ring].name for one in asked]
    session.say(written_result(request_id, {"channels": list(dict.fromkeys(names))}))
    session.start(_bring(session, hub, list(fresh.values())))


async def answer_unsubscribe(
    session: Session, hub: Hub, frame: Frame, request_id: RequestId
) -> None:
    """Let the connection hear channels no longer; what it does not hear is no fault."""
    names = names_of(frame, "channels", at_most=MOST_CHANNELS)
    left = [one for one in session.heard.values() if one.name in names]
    for channel in left:
        hub.leave(session, channel)
    session.say(written_result(request_id, {"channels": [one.name for one in left]}))


async def answer_resume(session: Session, hub: Hub, frame: Frame, request_id: RequestId) -> None:
    """Send what a channel told since a number; where that is not kept, a new snapshot."""
    channel = _channel(session, frame.get("channel"), await all_symbols())
    since = whole_number_of(frame, "since")
    if channel.ring not in session.heard:
        _check_room(session, 1)
        await hub.place(session, [channel])
    resumed = await hub.missed(session, channel, since)
    told = {
        "channel": session.heard[channel.ring].name,
        "since": since,
        "resumed": resumed is not None,
    }
    session.say(written_result(request_id, told))
    if resumed is not None:
        resumed()
    else:
        session.start(_bring(session, hub, [channel]))


async def answer_options(session: Session, hub: Hub, frame: Frame, request_id: RequestId) -> None:
    """Set how the connection is to be treated."""
    del hub
    wanted = truth_of(frame, "cancel_on_disconnect")
    caller = caller_with(session, Permission.TRADE)
    await switches().set(session, account_id=caller.account_id, wanted=wanted)
    session.say(written_result(request_id, {"cancel_on_disconnect": wanted}))


async def answer_order(session: Session, hub: Hub, frame: Frame, request_id: RequestId) -> None:
    """Do what a frame of order entry wants; the engine's answer comes when it comes."""
    del hub
    done = await order_entry.prepare(session, frame["type"], frame.get("data"))
    await session.slots.acquire()
    session.start(_finish(session, done, request_id))


async def _finish(session: Session, done: order_entry.Done, request_id: RequestId) -> None:
    try:
        session.say(written_result(request_id, await done()))
    except Exception as error:  # noqa: BLE001 - each is told, and written down if unexpected
        session.say(written_refusal(request_id, await failure_or_unexpected(error)))
    finally:
        session.slots.release()


async def failure_or_unexpected(error: Exception) -> Failure:
    """Return what a client is told of an exception; one that nobody expected is written down."""
    if isinstance(error, DatabaseAway):
        await forget_connection()
    failure = failure_of(error)
    if failure is None:
        log.error("frame_failed", exc_info=error)
    return failure or UNEXPECTED


async def _bring(session: Session, hub: Hub, channels: Sequence[Channel]) -> None:
    """Bring snapshots; where they cannot be had, end: the client comes again."""
    try:
        for channel in channels:
            await hub.bring(session, channel)
    except Exception as error:  # noqa: BLE001 - written down there if unexpected
        failure = await failure_or_unexpected(error)
        log.warning("snapshot_not_sent", code=failure.code.value)
        session.close(Closing.UNAVAILABLE)


def _channel(session: Session, name: object, symbols: Collection[str]) -> Channel:
    """Return a channel that this session may hear; refuse any other."""
    channel = channel_of(name, symbols=symbols, account_id=session.account_id)
    if channel.is_private:
        caller_with(session, Permission.READ)
    return channel


def _check_room(session: Session, more: int) -> None:
    limit = session.allowance.subscriptions
    if len(session.heard) + more > limit:
        raise Failure(
            Code.RATE_LIMIT_EXCEEDED,
            "So many channels on one connection are more than the tier allows.",
            field="channels",
            extra={"subscriptions": limit},
        )


ANSWERS: Final[dict[str, Answerer]] = {
    "ping": answer_ping,
    "auth": answer_auth,
    "subscribe": answer_subscribe,
    "unsubscribe": answer_unsubscribe,
    "resume": answer_resume,
    "options": answer_options,
    **dict.fromkeys(order_entry.DOORS, answer_order),
}


def answerer_of(frame: Frame) -> Answerer:
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
