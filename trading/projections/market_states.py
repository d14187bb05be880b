"""What each market lets happen, and why: the engine's effective state on the market's row.

The events are followed one by one, so that `state_changed_at` is the moment of the change
whatever a step is made of. What is not here: the rule (`engine.decision.effective_state`).
"""

from datetime import UTC, datetime
from typing import Final, Self

import msgspec

from engine import events as ev
from engine.commands import ReferenceMove
from engine.decision import effective_state
from engine.state import State
from engine.vocabulary import MarketState
from trading.projections.names import Names
from trading.projections.rows import MarketStateRow
from trading.recording import Hand

SENTENCES: Final = {
    MarketState.ACTIVE: "",
    MarketState.POST_ONLY: "Orders may only rest.",
    MarketState.REDUCE_ONLY: "Positions may only be reduced.",
    MarketState.CANCEL_ONLY: "Orders may only be canceled.",
    MarketState.HALTED: "Trading is halted.",
    MarketState.DELISTED: "The market is delisted.",
}
CLOSED: Final = "The market is outside of its hours."
NO_INDEX: Final = "There is no index price."
BREAKER: Final = "The price moved too fast: positions may only be reduced for now."
DEBT: Final = "The venue owes in this market: positions may only be reduced until it is repaid."
WRITE: Final = """
UPDATE trading_market AS market
SET state = fresh.state, state_reason = fresh.reason, state_changed_at = fresh.changed_at
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::timestamptz[])
    AS fresh (id, state, reason, changed_at)
WHERE market.id = fresh.id
"""


class Mode(msgspec.Struct):
    """What the state of a market follows from, as the engine's rule asks for it."""

    state: MarketState
    prices: ReferenceMove
    hours_closed: bool = False
    breaker_until_ms: int | None = None
    debt_micro: int = 0


def told(mode: Mode, /) -> tuple[str, str]:
    """Return a market's effective state and the sentence that explains it."""
    state = effective_state(mode)
    if state is MarketState.HALTED and mode.state is not MarketState.HALTED:
        return state.value, CLOSED if mode.hours_closed else NO_INDEX
    if state is MarketState.REDUCE_ONLY and mode.state is MarketState.ACTIVE:
        return state.value, DEBT if mode.debt_micro else BREAKER
    if mode.hours_closed and state in (MarketState.CANCEL_ONLY, MarketState.HALTED):
        return state.value, CLOSED
    return state.value, SENTENCES[state]


def no_prices(symbol: str, /) -> ReferenceMove:
    """Return the prices of a market that has none."""
    return ReferenceMove(
        market_id=symbol,
        bid_ticks=None,
        ask_ticks=None,
        quoted_at_ms=0,
        index_half_ticks=None,
        mark_half_ticks=None,
    )


class MarketStates:
    """The modes of all markets, and those that this step has changed."""

    def __init__(self, names: Names) -> None:
        self._markets = names.markets
        self._modes: dict[str, Mode] = {}
        self._told: dict[str, tuple[str, str]] = {}
        self._changed: dict[str, MarketStateRow] = {}

    def load(self, state: State, /) -> Self:
        """Learn the modes that stand; their rows say them already."""
        for symbol, market in state.markets.items():
            mode = self._modes[symbol] = Mode(
                market.state,
                market.prices,
                market.hours_closed,
                market.breaker_until_ms,
                market.debt_micro,
            )
            self._told[symbol] = told(mode)
        return self

    def listed(self, _: int, event: ev.MarketListed, /) -> None:
        """Begin a market."""
        symbol = event.spec.market_id
        self._modes[symbol] = Mode(event.state, no_prices(symbol))
        self._tell(symbol, event.at_ms)

    def set_by_staff(self, _: int, event: ev.MarketStateChanged, /) -> None:
        """Follow what staff or hours set."""
        mode = self._modes[event.market_id]
        mode.state, mode.hours_closed = event.state, event.hours_closed
        self._tell(event.market_id, event.at_ms)

    def moved(self, _: int, event: ev.ReferenceMoved, /) -> None:
        """Follow whether there is an index."""
        move = event.move
        mode = self._modes[move.market_id]
        had_index = mode.prices.index_half_ticks is not None
        mode.prices = move
        if had_index is not (move.index_half_ticks is not None):
            self._tell(move.market_id, event.at_ms)

    def tripped(self, _: int, event: ev.BreakerTripped, /) -> None:
        """Follow the breaker."""
        self._modes[event.market_id].breaker_until_ms = event.until_ms
        self._tell(event.market_id, event.at_ms)

    def released(self, _: int, event: ev.BreakerReleased, /) -> None:
        """Follow the breaker's end."""
        self._modes[event.market_id].breaker_until_ms = None
        self._tell(event.market_id, event.at_ms)

    def owed(self, _: int, event: ev.VenueDebtBooked, /) -> None:
        """Follow the venue's debt."""
        self._owe(event.market_id, event.amount_micro, event.at_ms)

    def repaid(self, _: int, event: ev.VenueDebtRepaid, /) -> None:
        """Follow the venue's debt."""
        self._owe(event.market_id, -event.amount_micro, event.at_ms)

    def contributed(self, _: int, event: ev.InsuranceContributed, /) -> None:
        """Follow the venue's debt."""
        if event.market_id is not None:
            self._owe(event.market_id, -event.debt_repaid_micro, event.at_ms)

    def covered(self, _: int, event: ev.ShortfallCovered, /) -> None:
        """Follow the venue's debt."""
        self._owe(event.market_id, event.debt_micro, event.at_ms)

    def delisted(self, _: int, event: ev.DelistingSettled, /) -> None:
        """Follow the venue's debt."""
        self._owe(event.market_id, event.debt_micro, event.at_ms)

    def _owe(self, symbol: str, by_micro: int, at_ms: int, /) -> None:
        if by_micro:
            self._modes[symbol].debt_micro += by_micro
            self._tell(symbol, at_ms)

    def _tell(self, symbol: str, at_ms: int, /) -> None:
        """Note a market whose state or reason is another now."""
        now = told(self._modes[symbol])
        if self._told.get(symbol) != now:
            self._told[symbol] = now
            self._changed[symbol] = MarketStateRow(self._markets[symbol], *now, at_ms)

    def write(self, cursor: Hand, /) -> list[MarketStateRow]:
        """Write the states that this step changed; return them."""
        changed = list(self._changed.values())
        if changed:
            cursor.execute(
                WRITE,
                [
                    [row.market_id for row in changed],
                    [row.state for row in changed],
                    [row.state_reason for row in changed],
                    [datetime.fromtimestamp(row.changed_at_ms / 1_000, tz=UTC) for row in changed],
                ],
            )
            self._changed = {}
        return changed
