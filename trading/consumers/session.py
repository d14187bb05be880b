"""A session: whom a socket speaks for, what it hears, how much it may, and why it ends."""

import asyncio
from collections.abc import Coroutine
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from accounts.services.callers import Caller
from accounts.services.socket_callers import Admitted
from godark import metrics
from godark.limits import Allowance, Tier, allowance_of
from godark.sockets import Pacing, Seat
from trading.consumers.wire import Frames, Wire

if TYPE_CHECKING:
    import uuid

    from trading.feed import Channel

ORDERS_AT_ONCE: Final = 64


class Closing(Enum):
    """Why the venue ends a connection: HTTP's number, 4000 higher, and a sentence."""

    NO_LONGER_KNOWN = 4401, "What this connection was opened with holds no longer."
    TOO_LARGE = 4413, "A frame was too large."
    TOO_FAST = 4429, "Too many frames that were too fast."
    TOO_MANY = 4429, "Too many connections."
    BEHIND = 4408, "Over 2000 messages behind by its own pings."
    NOT_READING = 4409, "Over 4 MB were not read."
    UNAVAILABLE = 4503, "A part of the venue does not answer; connect again in a moment."

    def __init__(self, code: int, sentence: str) -> None:
        self.code = code
        self.sentence = sentence


class Session:
    """One connection as the hub and the answers know it."""

    def __init__(self, wire: Wire, *, address: str) -> None:
        self.wire = wire
        self.address = address
        self.admitted: Admitted | None = None
        self.heard: dict[str, Channel] = {}
        self.is_closing = False
        self.seat: Seat | None = None
        self.pacing = Pacing(Tier.FREE)
        self.slots = asyncio.Semaphore(ORDERS_AT_ONCE)
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def caller(self) -> Caller | None:
        """Return who it speaks for; None before it said so."""
        return None if self.admitted is None else self.admitted.caller

    @property
    def account_id(self) -> "uuid.UUID | None":
        """Return the account it speaks for."""
        return None if self.caller is None else self.caller.account_id

    @property
    def allowance(self) -> Allowance:
        """Return the figures of its tier."""
        return allowance_of(Tier.FREE if self.caller is None else self.caller.tier)

    def admit(self, admitted: Admitted) -> None:
        """Let it speak for somebody from now on, at the pace of their tier."""
        self.admitted = admitted
        self.pacing.tier = admitted.caller.tier

    def say(self, payload: bytes) -> None:
        """Send one frame after all that were sent before."""
        self.wire.write(Frames([payload]))

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Do something for as long as the connection lives."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def close(self, closing: Closing) -> None:
        """End the connection, saying why."""
        if not self.is_closing:
            self.is_closing = True
            metrics.SOCKETS_CUT.labels(closing.name).inc()
            self.wire.close(closing.code, closing.sentence)

    def end(self) -> None:
        """Do nothing more for it: it is gone."""
        self.is_closing = True
        for task in self._tasks:
            task.cancel()
