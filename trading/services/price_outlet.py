"""Where the newest prices go: into the inbox, as references, breakers and wishes of states.

A slow database never holds the prices up: what is not written when newer ones come is passed
over, but for breakers and wishes, which wait. What is not here: prices as commands
(`trading.services.engine_prices`), and the thread in which `send` runs.
"""

import threading
from collections.abc import Mapping, Sequence

import structlog
from django.db import Error, connection

from engine.commands import Command, ReferenceMove, TripBreaker
from prices.board import SMALL_STEP_BACK_MS, MarketPrices
from prices.hours import Phase
from prices.records import Advice
from prices.screening import LARGEST_AGE_MS
from trading.inbox import put_many, put_references
from trading.models import Wisher
from trading.services.engine_prices import (
    TellingMoves,
    move_references,
    trip_breakers,
    without_reference,
)
from trading.services.market_states import Wish, wish_states
from trading.services.price_wishes import PriceWishes

WARM_UP_MS = 5_000
"""So long after a start a market is not judged by the sources that have not spoken yet."""
STALLED_MS = LARGEST_AGE_MS
"""After a pause or a leap of the clock in which every quote grew too old, all start anew."""

log = structlog.get_logger(__name__)


class InboxOutlet:
    """Writes every step's prices to the inbox, the newest only.

    A restart of the price service, a pause of its process or a clock that was set must neither
    halt markets nor cancel their raising orders only because sources come one by one: until then
    the engine keeps what it had, which grows too old to trade on.
    """

    def __init__(self, made: Mapping[str, Wish]) -> None:
        """Start with the wishes of before, by symbol."""
        self._newest: Sequence[MarketPrices] = ()
        self._at_ms = 0
        self._began_ms: int | None = None
        self._trips: list[TripBreaker] = []
        self._lock = threading.Lock()
        self._wishes = PriceWishes(made)
        self._telling = TellingMoves()

    def take(self, prices: Sequence[MarketPrices], *, at_ms: int) -> None:
        """Take the newest prices of all markets."""
        with self._lock:
            if self._began_ms is None or begins_anew(at_ms, before_ms=self._at_ms):
                self._began_ms = at_ms
            is_warm = at_ms - self._began_ms >= WARM_UP_MS
            self._newest = [one for one in prices if is_warm or has_its_sources(one)]
            self._at_ms = at_ms
            self._trips.extend(trip_breakers(prices))

    def send(self) -> None:
        """Write what is newest and what waits; what fails is tried again with the next."""
        with self._lock:
            prices, at_ms = self._newest, self._at_ms
            trips = [trip for trip in self._trips if trip.until_ms > at_ms]
        try:
            moves = self._send_states(prices, trips=trips)
            news = self._telling.choose(moves, at_ms=at_ms)
            if news:
                put_references(news)
            self._telling.told(news, at_ms=at_ms)
        except Error as error:
            log.warning("references_not_written", kind=type(error).__name__)
            connection.close()

    def _send_states(
        self, prices: Sequence[MarketPrices], *, trips: list[TripBreaker]
    ) -> list[ReferenceMove]:
        """Write wishes and breakers; return the moves that may follow them.

        Prices come first within the engine's step: a market whose wish is only now on its way
        gets no reference with it, so that nothing trades on what the wish is about.
        """
        wishes = self._wishes.find(prices)
        if wishes:
            wish_states(wishes, wisher=Wisher.PRICES)
            self._wishes.made(wishes)
            log.info("states_wished", count=len(wishes))
        if trips:
            commands: list[tuple[Command, str | None]] = [
                (trip, f"breaker:{trip.market_id}:{trip.until_ms}") for trip in trips
            ]
            put_many(commands)
        with self._lock:
            self._trips = [trip for trip in self._trips if trip not in trips]
        changing = set(wishes) | {trip.market_id for trip in trips}
        return [
            without_reference(move) if move.market_id in changing else move
            for move in move_references(prices, at_ms=0).moves
        ]


def begins_anew(at_ms: int, *, before_ms: int) -> bool:
    """Tell whether so much time passed since the last step, or went back, that no quote holds."""
    return not -SMALL_STEP_BACK_MS <= at_ms - before_ms <= STALLED_MS


def has_its_sources(one: MarketPrices) -> bool:
    """Tell whether a market needs no more sources to be as good as ever."""
    return one.advice is Advice.TRADE or one.phase is Phase.CLOSED
