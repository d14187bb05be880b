"""Lines: one channel in this process, with its newest messages and whoever listens to it here.

Nothing here waits or reads. What is not here: how messages come (`hub`) and leave (`wire`).
"""

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final

from trading.consumers.wire import Frames
from trading.rings import KEPT

if TYPE_CHECKING:
    from trading.consumers.session import Session

OWED_AT_MOST: Final = 2_000


class Listener:
    """One session on one line.

    `name` is how the client calls the channel, `number` the last that was sent to it, `seen` the
    last that its own pings have said it has. Until it is `live` it gets nothing but what its
    joining sends.
    """

    __slots__ = ("is_live", "name", "number", "seen", "session")

    def __init__(self, session: "Session", *, name: str) -> None:
        self.session = session
        self.name = name
        self.number = 0
        self.seen: int | None = None
        self.is_live = False

    def owes_too_much(self) -> bool:
        """Tell whether it is further behind than it may be, by its own word."""
        return self.seen is not None and self.number - self.seen > OWED_AT_MOST


class Snapshot:
    """A public channel's snapshot, made once for all who come at about the same time."""

    __slots__ = ("at_seconds", "body", "lock", "number")

    def __init__(self) -> None:
        self.body = b""
        self.number = 0
        self.at_seconds = float("-inf")
        self.lock = asyncio.Lock()


class Line:
    """One channel here. Without a `number` it does not know yet where the channel stands."""

    __slots__ = ("early", "kept", "listeners", "number", "ring", "snapshot", "stands")

    def __init__(self, ring: str) -> None:
        self.ring = ring
        self.stands = asyncio.Event()
        self.snapshot = Snapshot()
        self.number: int | None = None
        self.kept: deque[bytes] = deque(maxlen=KEPT)
        self.early: list[tuple[int, bytes]] = []
        self.listeners: dict[Session, Listener] = {}

    def hear(self, number: int, body: bytes, /) -> bool:
        """Take the next message; False where some before it are missing.

        A message that was heard already is passed over, one that comes while the line does not
        know where it stands waits.
        """
        if self.number is None:
            self.early.append((number, body))
            return True
        if number == self.number + 1:
            self.number = number
            self.kept.append(body)
            return True
        return number <= self.number

    def stand_at(self, number: int, bodies: Sequence[bytes] = (), /, *, is_whole: bool) -> bool:
        """Know where the channel stands; `bodies` are the last up to there.

        `is_whole`: they follow on what is kept. False where, of what came meanwhile, some is
        missing again.
        """
        if not is_whole:
            self.kept.clear()
        self.kept.extend(bodies)
        self.number = number
        self.stands.set()
        early, self.early = self.early, []
        return all(self.hear(came, body) for came, body in early)

    def lose(self) -> None:
        """Forget where the channel stands: what comes from now on waits."""
        self.number = None
        self.stands.clear()

    def covers(self, number: int, /) -> bool:
        """Tell whether all that came after a number is kept here."""
        return self.number is not None and 0 <= self.number - number <= len(self.kept)

    def frames_since(self, number: int, /, *, name: str) -> Frames:
        """Return the frames after a number, under the name by which a client knows the channel."""
        if self.number is None or not self.covers(number):
            raise ValueError(f"{self.ring} does not keep what came after {number}")
        missing = self.number - number
        bodies = islice(self.kept, len(self.kept) - missing, None)
        return Frames([payload(name, at, body) for at, body in enumerate(bodies, number + 1)])

    def send_news(self) -> Iterator[Listener]:
        """Send every live listener what it has not got; yield each after it was sent to.

        Whoever stands at the same number and knows the channel by the same name gets the same
        bytes, which are made once.
        """
        made: dict[tuple[str, int, int], Frames] = {}
        for listener in list(self.listeners.values()):
            if not listener.is_live or self.number is None or listener.number >= self.number:
                continue
            key = (listener.name, listener.number, self.number)
            frames = made.get(key)
            if frames is None:
                frames = made[key] = self.frames_since(listener.number, name=listener.name)
            listener.session.wire.write(frames)
            listener.number = self.number
            yield listener


def payload(name: str, number: int, body: bytes, /) -> bytes:
    """Return a message's JSON; a name holds nothing that JSON would have to escape."""
    return b'{"channel":"%s","seq":%d,%s' % (name.encode(), number, body)
