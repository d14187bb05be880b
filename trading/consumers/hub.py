"""The hub: one per process, between one subscription in Redis and all sockets of the process.

It hears what is told, keeps it by line, and sends each line's news to whoever listens; a message
is made into bytes once. What it missed itself (a gap in the numbers, Redis away, a doubt) it reads
from the ring, or gives everybody a new snapshot. A pass over all listeners takes as long as it
takes; what comes meanwhile goes out together in the next. What is not here: who may hear what
(`trading.feed`), and the frames of clients (`answers`).
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import redis.asyncio
import structlog
from asgiref.sync import sync_to_async
from django.conf import settings
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from godark import metrics
from trading.consumers.lines import Line, Listener, payload
from trading.consumers.session import Closing, Session
from trading.consumers.wire import Frames
from trading.feed import Channel, snapshot_body
from trading.rings import RingReader, decode_told, told_where

log = structlog.get_logger(__name__)

UNSENT_AT_MOST: Final = 4 * 1024 * 1024
SENT_AT_A_STRETCH: Final = 250
AWAY_SECONDS: Final = 0.5
STANDING_SECONDS: Final = 10.0
SNAPSHOT_SECONDS: Final = 1.0
LOOKS_AT_MOST: Final = 50
LOOK_AGAIN_SECONDS: Final = 0.01

ReadSnapshot = Callable[[Channel], Any]


class Hub:
    """All lines of one process (of one event loop)."""

    def __init__(self, read_snapshot: ReadSnapshot, *, url: str | None = None) -> None:
        """Hear this Redis; `read_snapshot` returns what a channel's snapshot holds, by a query."""
        self._read_snapshot = sync_to_async(read_snapshot)
        self._redis = redis.asyncio.Redis.from_url(url or settings.REDIS_URL, socket_timeout=None)
        self._rings = RingReader(self._redis)
        self._lines: dict[str, Line] = {}
        self._dirty: dict[str, Line] = {}
        self._something_told = asyncio.Event()
        self._is_hearing = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._start(self._hear_for_ever())
        self._start(self._send_for_ever())

    async def close(self) -> None:
        """Hear nothing more."""
        tasks, self._tasks = self._tasks, set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._redis.aclose()

    async def place(self, session: Session, channels: Sequence[Channel]) -> None:
        """Give a session its places on lines; they get nothing yet. RedisError: it has none."""
        for channel in channels:
            line = self._lines.get(channel.ring) or self._begin(channel.ring)
            line.listeners[session] = Listener(session, name=channel.name)
            session.heard[channel.ring] = channel
        try:
            async with asyncio.timeout(STANDING_SECONDS):
                for channel in channels:
                    await self._lines[channel.ring].stands.wait()
        except TimeoutError:
            for channel in channels:
                self.leave(session, channel)
            raise RedisTimeoutError("The feed is away.") from None

    async def bring(self, session: Session, channel: Channel) -> None:
        """Send a session the channel's snapshot, and from then on all that is told."""
        line = self._lines.get(channel.ring)
        listener = None if line is None else line.listeners.get(session)
        if line is not None and listener is not None:
            listener.is_live = False
            await self._send_snapshot(line, listener, channel)

    async def missed(
        self, session: Session, channel: Channel, since: int
    ) -> Callable[[], None] | None:
        """Return what sends a session all that it missed; None where not all of it is kept."""
        line = self._lines[channel.ring]
        listener = line.listeners[session]
        was_live, listener.is_live = listener.is_live, False
        try:
            return await self._missed(line, listener, since)
        except BaseException:
            listener.is_live = was_live
            self._mark(line)
            raise

    def leave(self, session: Session, channel: Channel) -> None:
        """Let a session hear a channel no longer."""
        session.heard.pop(channel.ring, None)
        line = self._lines.get(channel.ring)
        if line is None:
            return
        line.listeners.pop(session, None)
        if not line.listeners:
            del self._lines[channel.ring]

    def leave_all(self, session: Session) -> None:
        """Let a session hear nothing more."""
        for channel in list(session.heard.values()):
            self.leave(session, channel)

    def listener(self, session: Session, ring: str) -> Listener | None:
        """Return a session's place on a line."""
        line = self._lines.get(ring)
        return None if line is None else line.listeners.get(session)

    # Where a line stands.

    def _begin(self, ring: str) -> Line:
        line = self._lines[ring] = Line(ring)
        self._start(self._mend_line(line, None))
        return line

    def _mend(self, line: Line) -> None:
        """Find what a line has missed; until then what comes waits."""
        if line.number is None:
            return
        known = line.number
        line.lose()
        self._start(self._mend_line(line, known))

    async def _mend_line(self, line: Line, known: int | None) -> None:
        while True:
            await self._is_hearing.wait()
            try:
                missed = await self._rings.missed_since(line.ring, known)
                break
            except (RedisError, OSError):
                await asyncio.sleep(AWAY_SECONDS)
        is_sound = line.stand_at(missed.number, missed.bodies, is_whole=missed.is_whole)
        if not missed.is_whole and known is not None:
            metrics.SOCKET_GAPS.inc()
            self._send_snapshots_again(line)
        self._mark(line)
        if not is_sound:
            self._mend(line)

    def _send_snapshots_again(self, line: Line) -> None:
        for session, listener in line.listeners.items():
            channel = session.heard.get(line.ring)
            if listener.is_live and channel is not None:
                listener.is_live = False
                session.start(self._send_snapshot(line, listener, channel))

    # What a listener gets first.

    async def _missed(
        self, line: Line, listener: Listener, since: int
    ) -> Callable[[], None] | None:
        for _ in range(LOOKS_AT_MOST):
            if line.covers(since):
                return partial(self._go_live, line, listener, since, [])
            missed = await self._rings.missed_since(line.ring, since)
            if not missed.is_whole:
                return None
            await line.stands.wait()
            # The line may have heard more than was read, or less: they must meet.
            number = min(missed.number, line.number or 0)
            if number >= since and line.covers(number):
                bodies = missed.bodies[: number - since]
                frames = [
                    payload(listener.name, at, body) for at, body in enumerate(bodies, since + 1)
                ]
                return partial(self._go_live, line, listener, number, [Frames(frames)])
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        return None

    async def _send_snapshot(self, line: Line, listener: Listener, channel: Channel) -> None:
        while True:
            number, body = await self._snapshot(line, channel)
            if line.covers(number):
                break
            await line.stands.wait()
        frame = Frames([payload(listener.name, number, body)])
        self._go_live(line, listener, number, [frame])

    def _go_live(self, line: Line, listener: Listener, number: int, first: list[Frames]) -> None:
        """Send what comes first, and all that came after that number; without waiting."""
        for frames in first:
            listener.session.wire.write(frames)
        if line.number is not None and line.number > number:
            listener.session.wire.write(line.frames_since(number, name=listener.name))
        listener.number = line.number or number
        listener.is_live = True
        listener.seen = None

    async def _snapshot(self, line: Line, channel: Channel) -> tuple[int, bytes]:
        """Return a snapshot and the number that it is at least as new as."""
        if channel.is_private:
            return await self._new_snapshot(line, channel)
        kept = line.snapshot
        async with kept.lock:
            age = time.monotonic() - kept.at_seconds
            if age > SNAPSHOT_SECONDS or not line.covers(kept.number):
                kept.number, kept.body = await self._new_snapshot(line, channel)
                kept.at_seconds = time.monotonic()
            return kept.number, kept.body

    async def _new_snapshot(self, line: Line, channel: Channel) -> tuple[int, bytes]:
        # The number first: what is told was committed before, so the rows hold all up to there.
        await line.stands.wait()
        number = line.number or 0
        return number, snapshot_body(await self._read_snapshot(channel))

    # What is told.

    async def _hear_for_ever(self) -> None:
        while True:
            try:
                async with self._redis.pubsub() as hearing:
                    await hearing.subscribe(told_where())
                    async for message in hearing.listen():
                        self._hear(message)
            except (RedisError, OSError) as error:
                log.warning("feed_not_heard", kind=type(error).__name__)
            self._is_hearing.clear()
            await asyncio.sleep(AWAY_SECONDS)

    def _hear(self, message: dict[str, Any]) -> None:
        if message["type"] == "subscribe":
            self._is_hearing.set()
            self._doubt()
        elif message["type"] == "message":
            self._take(message["data"])

    def _take(self, data: bytes) -> None:
        told = decode_told(data)
        if not told:
            self._doubt()
        for channel, number, body in told:
            line = self._lines.get(channel)
            if line is None:
                continue
            if line.hear(number, body.encode()):
                self._mark(line)
            else:
                self._mend(line)

    def _doubt(self) -> None:
        """Look whether anything was missed, on every line."""
        for line in self._lines.values():
            self._mend(line)

    def _mark(self, line: Line) -> None:
        self._dirty[line.ring] = line
        self._something_told.set()

    async def _send_for_ever(self) -> None:
        """Send the news of all lines, and leave as much time to others as a pass has taken."""
        while True:
            await self._something_told.wait()
            self._something_told.clear()
            began = time.perf_counter()
            dirty, self._dirty = self._dirty, {}
            for line in dirty.values():
                await self._send_news(line)
            took = time.perf_counter() - began
            metrics.SOCKET_PASS.observe(took)
            await asyncio.sleep(took)

    async def _send_news(self, line: Line) -> None:
        for count, listener in enumerate(line.send_news(), start=1):
            if listener.owes_too_much():
                listener.session.close(Closing.BEHIND)
            elif listener.session.wire.unsent_bytes() > UNSENT_AT_MOST:
                listener.session.close(Closing.NOT_READING)
            if count % SENT_AT_A_STRETCH == 0:
                await asyncio.sleep(0)

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
