"""What every adapter offers and needs: a place for quotes, a visible state, patience.

An adapter's `run` hears its sources until it is canceled and never raises for what the
outside does: it says so in its connections' states, waits, and tries again. What is not
here: any venue.
"""

import random
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from prices.records import MarketSources, OracleQuote, Quote, Trade

SILENCE_MS = 10_000


class Sink(Protocol):
    """Where an adapter puts what it heard; the board is one."""

    def take_quote(self, *, market_id: str, source: str, quote: Quote) -> None:
        """Take a spot venue's quote."""

    def take_oracle(self, *, market_id: str, source: str, quote: OracleQuote) -> None:
        """Take an oracle's price."""

    def take_perpetual(self, *, market_id: str, source: str, quote: Quote) -> None:
        """Take an outside perpetual's quote."""

    def take_trade(self, *, market_id: str, trade: Trade) -> None:
        """Take an outside trade."""


class Status(StrEnum):
    """How a connection to a source is."""

    CONNECTING = "CONNECTING"
    LIVE = "LIVE"
    WAITING = "WAITING"
    ENDED = "ENDED"


class ConnectionState(msgspec.Struct, frozen=True, kw_only=True):
    """A connection as health, metrics and the operations page show it.

    `skew_ms` is how far the source's clock is ahead of ours, by its last dated message.
    """

    source: str
    status: Status
    messages: int
    connects: int
    gaps: int
    garbage: int
    last_heard_ms: int | None
    skew_ms: int | None
    detail: str

    def is_up(self, at_ms: int) -> bool:
        """Tell whether the source was heard lately."""
        heard = self.last_heard_ms is not None and at_ms - self.last_heard_ms <= SILENCE_MS
        return self.status is Status.LIVE and heard


class Connection:
    """The running account that an adapter keeps of one source."""

    def __init__(self, source: str) -> None:
        """Start unconnected."""
        self.source = source
        self.status = Status.CONNECTING
        self.messages = 0
        self.connects = 0
        self.gaps = 0
        self.garbage = 0
        self.last_heard_ms: int | None = None
        self.skew_ms: int | None = None
        self.detail = ""

    def opened(self) -> None:
        """Note that the source answered a new connection."""
        self.status = Status.LIVE
        self.connects += 1
        self.detail = ""

    def heard(self, *, at_ms: int, sent_at_ms: int | None = None) -> None:
        """Note a message, and the source's own clock if the message is dated."""
        self.status = Status.LIVE
        self.messages += 1
        self.last_heard_ms = at_ms
        if sent_at_ms is not None:
            self.skew_ms = sent_at_ms - at_ms

    def heard_garbage(self, detail: str) -> None:
        """Note a message that could not be read."""
        self.garbage += 1
        self.detail = detail

    def missed(self) -> None:
        """Note a gap in the source's own numbering."""
        self.gaps += 1

    def lost(self, detail: str) -> None:
        """Note that the connection is gone and another attempt will come."""
        self.status = Status.WAITING
        self.detail = detail

    def ended(self, detail: str) -> None:
        """Note that nothing more will come."""
        self.status = Status.ENDED
        self.detail = detail

    def state(self) -> ConnectionState:
        """Return the account as it stands."""
        return ConnectionState(
            source=self.source,
            status=self.status,
            messages=self.messages,
            connects=self.connects,
            gaps=self.gaps,
            garbage=self.garbage,
            last_heard_ms=self.last_heard_ms,
            skew_ms=self.skew_ms,
            detail=self.detail,
        )


class Adapter(Protocol):
    """A way for quotes to reach a sink."""

    async def run(self, sink: Sink) -> None:
        """Hear the sources until canceled, or until there is nothing more to hear."""

    def markets(self, catalogue: Iterable[MarketSources]) -> list[MarketSources]:
        """Return the catalogue with the source lists that this adapter can serve."""

    def states(self) -> Sequence[ConnectionState]:
        """Return how each connection is."""


class Backoff:
    """Waits that double from half a second to half a minute, with a seeded scatter."""

    FIRST_S = 0.5
    LONGEST_S = 30.0

    def __init__(self, *, seed: int = 0, first_s: float = FIRST_S) -> None:
        """Start with the shortest wait."""
        self._random = random.Random(seed)  # noqa: S311 - scatter, no secret
        self._first_s = first_s
        self._next_s = first_s

    def next_s(self) -> float:
        """Return how long to wait now, and double what comes next."""
        wait_s = self._next_s
        self._next_s = min(2 * wait_s, self.LONGEST_S)
        return wait_s * self._random.uniform(0.8, 1.2)

    def reset(self) -> None:
        """Forget the failures: the source has answered."""
        self._next_s = self._first_s


class SequenceCheck:
    """Watches a source's own numbering, which must rise, or at least not fall.

    After a run of lower numbers it is the high one that was wrong, or the source has begun to
    count anew: one message from the year 2100 must not silence a venue for good.
    """

    LONGEST_RUN = 10

    def __init__(self, *, allows_repeats: bool = False) -> None:
        """Start with any number; say whether the same number may come twice."""
        self._allows_repeats = allows_repeats
        self._last: int | None = None
        self._lower = 0

    def admit(self, number: int | None) -> bool:
        """Tell whether a message is news; one without a number always is."""
        if number is None or self._last is None:
            self._last = number
            return True
        if number < self._last:
            self._lower += 1
            if self._lower < self.LONGEST_RUN:
                return False
            self._last, self._lower = number, 0
            return True
        is_news = number > self._last or self._allows_repeats
        self._last, self._lower = number, 0
        return is_news

    def restart(self) -> None:
        """Forget the numbering, as after a new connection."""
        self._last, self._lower = None, 0
