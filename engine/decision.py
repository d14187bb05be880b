"""A decision in the making: the state, the events so far, and what every rule asks of it.

Each event is made true in the state as soon as it is decided, so that the next rule sees
it; the caller takes everything back afterwards, or keeps it (`engine.exchange`). What is
not here: rules.
"""

from collections.abc import Iterator
from typing import Protocol

from engine.commands import ReferenceMove
from engine.deleverage_queue import DeleverageQueue
from engine.events import Event
from engine.evolve import TABLE
from engine.reasons import Reason
from engine.state import Market, State, replace_position, roll_back
from engine.units import LARGEST_NUMBER, REFERENCE_MAX_AGE_MS
from engine.vocabulary import MarketState


class Refusal(Exception):  # noqa: N818 -- it is an answer, not an error
    """A rule says no, with the numbers that were broken."""

    def __init__(self, reason: Reason, **numbers: int) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.numbers = {name: within_64_bits(number) for name, number in numbers.items()}


def within_64_bits(number: int, /) -> int:
    """Cut a number of a refusal to what events can carry; nobody means one so great."""
    return max(-LARGEST_NUMBER, min(LARGEST_NUMBER, number))


class Decision:
    """The events that one command leads to, in order.

    `last_words` come after all others; no rule looks at what they change, so a mere
    decision does not even rehearse them.
    """

    __slots__ = ("_heard", "_queues", "at_ms", "books_tried", "events", "last_words", "state")

    def __init__(self, *, state: State, at_ms: int) -> None:
        self.state = state
        self.at_ms = at_ms
        self.events: list[Event] = []
        self.last_words: list[Event] = []
        self.books_tried: dict[str, int] = {}
        self._queues: dict[tuple[str, int, bool], DeleverageQueue] = {}
        self._heard = 0

    def emit(self, event: Event, /) -> None:
        """Add an event and make it true."""
        TABLE[type(event)](self.state, event)
        self.events.append(event)

    def conclude(self, event: Event, /) -> None:
        """Add an event after which this command decides nothing more."""
        self.last_words.append(event)

    def deleverage_queue(
        self, market: Market, price_half_ticks: int, /, *, longs: bool
    ) -> Iterator[str]:
        """Yield the winners of one side of a market, ranked at a price, as they stand now."""
        self._hear_of_positions()
        key = (market.spec.market_id, price_half_ticks, longs)
        if key not in self._queues:
            self._queues[key] = DeleverageQueue(market, price_half_ticks, longs=longs)
        return self._queues[key].account_ids()

    def _hear_of_positions(self) -> None:
        """Tell the queues of all positions that were changed since they were told last."""
        journal = self.state.journal
        assert journal is not None, "decisions are rehearsed"
        if self._queues:
            for undo, market, account_id, _, _ in journal[self._heard :]:
                if undo is replace_position:
                    for queue in self._queues.values():
                        if queue.market is market:
                            queue.doubt(account_id)
        self._heard = len(journal)

    def mark(self) -> tuple[int, int]:
        """Remember this point, to come back to it."""
        journal = self.state.journal
        assert journal is not None, "decisions are rehearsed"
        return len(journal), len(self.events)

    def take_back(self, mark: tuple[int, int], /) -> None:
        """Undo everything since a mark: a plan that is not carried out."""
        self._hear_of_positions()
        roll_back(self.state, to=mark[0])
        self._heard = mark[0]
        del self.events[mark[1] :]


class Mode(Protocol):
    """What the effective state of a market follows from."""

    @property
    def state(self) -> MarketState:
        """What staff or hours set."""

    @property
    def prices(self) -> ReferenceMove:
        """The newest prices."""

    @property
    def breaker_until_ms(self) -> int | None:
        """When the breaker ends, if it has tripped."""

    @property
    def debt_micro(self) -> int:
        """What the venue owes there."""


def effective_state(market: Mode, /) -> MarketState:
    """Return the strictest of the staff's state, the breaker, debt and a missing index."""
    state = market.state
    if market.prices.index_half_ticks is None and state is not MarketState.DELISTED:
        return MarketState.HALTED
    if (market.breaker_until_ms is not None or market.debt_micro > 0) and (
        state is MarketState.ACTIVE
    ):
        return MarketState.REDUCE_ONLY
    return state


def stands_still(market: Market, /) -> bool:
    """Tell whether marks, funding and triggers stand still: halted, delisted, out of hours."""
    return market.state in (MarketState.HALTED, MarketState.DELISTED) or (
        market.state is MarketState.CANCEL_ONLY and market.hours_closed
    )


def is_matching(market: Market, at_ms: int, /) -> bool:
    """Tell whether orders may execute: the state lets them and the reference is fresh."""
    prices = market.prices
    if prices.bid_ticks is None or at_ms - prices.quoted_at_ms > REFERENCE_MAX_AGE_MS:
        return False
    return effective_state(market) in (MarketState.ACTIVE, MarketState.REDUCE_ONLY)
