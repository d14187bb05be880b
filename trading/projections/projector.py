"""The projector: observes events in memory and writes what they changed in one go."""

from typing import Any, NamedTuple

import psycopg

from engine import events as ev
from engine.decision import effective_state
from engine.events import Event
from engine.state import State

MARKET_STATES = """
    UPDATE trading_market AS market SET
        state = told.state, state_reason = '', state_changed_at = now()
    FROM unnest(%s::text[], %s::text[]) AS told (symbol, state)
    WHERE market.symbol = told.symbol AND market.state <> told.state
"""
CHANGES_STATE = (
    ev.MarketListed,
    ev.MarketStateChanged,
    ev.ReferenceMoved,
    ev.BreakerTripped,
    ev.BreakerReleased,
    ev.VenueDebtBooked,
    ev.VenueDebtRepaid,
    ev.InsuranceContributed,
    ev.DelistingSettled,
)


class Written(NamedTuple):
    """What a step changed, as the feed tells it: channels and messages."""

    news: list[tuple[str, bytes]]


class Projector:
    """Keeps what it needs of the rows in memory; one per runner."""

    def __init__(self, states: dict[str, str]) -> None:
        self._states = states
        self._changed: dict[str, str] = {}

    @classmethod
    def load(cls, connection: psycopg.Connection[Any], /) -> "Projector":
        """Read what must be known of the rows before the first event."""
        return cls(dict(connection.execute("SELECT symbol, state FROM trading_market").fetchall()))

    def observe(self, sequence: int, event: Event, state: State) -> None:
        """Note an event; `state` is as it stands after the command that made it."""
        del sequence
        if isinstance(event, CHANGES_STATE):
            self._note_state(event, state)

    def write(self, cursor: psycopg.Cursor[Any], /) -> Written:
        """Write everything observed since the last time."""
        if self._changed:
            cursor.execute(MARKET_STATES, [list(self._changed), list(self._changed.values())])
            self._changed = {}
        return Written(news=[])

    def _note_state(self, event: Event, state: State) -> None:
        market_id = _market_of(event)
        market = state.markets.get(market_id or "")
        if market is None or market_id is None:
            return
        now = effective_state(market).value
        if self._states.get(market_id) != now:
            self._states[market_id] = self._changed[market_id] = now


def _market_of(event: Event) -> str | None:
    if isinstance(event, ev.MarketListed):
        return event.spec.market_id
    if isinstance(event, ev.ReferenceMoved):
        return event.move.market_id
    found: str | None = getattr(event, "market_id", None)
    return found
