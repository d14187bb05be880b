"""Which accounts, positions and funds an event touches, so that their rows follow the state.

One table of events. Their rows are read from the state at the end of the step, so however
often a step touches one, it is written once. What is not here: the rows themselves.
"""

from collections.abc import Callable
from typing import Any, Final, cast

from engine import events as ev
from engine.state import BACKSTOP
from trading.projections.orders import Orders


class Touched:
    """What this step has touched, each with the moment at which it was touched last."""

    def __init__(self, *, orders: Orders) -> None:
        self._orders = orders
        self.clear()

    def clear(self) -> None:
        """Begin the next step."""
        self.balances: dict[str, int] = {}
        self.positions: dict[tuple[str, str], int] = {}
        self.funds: dict[str, int] = {}
        self.venue_at_ms: int | None = None

    def observe(self, event: ev.Event, /) -> None:
        """Note what an event touches."""
        touch = TOUCHES.get(type(event))
        if touch is not None:
            touch(self, event)

    def seat(self, account: str, market: str, at_ms: int, /) -> None:
        """Touch an account's position and its balance."""
        self.balances[account] = at_ms
        self.positions[account, market] = at_ms

    def by_order(self, event: ev.OrderReduced | ev.OrderAmended, /) -> None:
        """Touch the owner of an open order."""
        self.seat(self._orders.owner_of(event.order_id), event.market_id, event.at_ms)


def _seat(touched: Touched, event: Any, /) -> None:
    touched.seat(event.account_id, event.market_id, event.at_ms)


def _balance(touched: Touched, event: Any, /) -> None:
    touched.balances[event.account_id] = event.at_ms


def _position(touched: Touched, event: Any, /) -> None:
    touched.positions[event.account_id, event.market_id] = event.at_ms


def _funds(touched: Touched, event: Any, /) -> None:
    touched.funds[event.market_id] = event.at_ms


def _venue(touched: Touched, event: Any, /) -> None:
    touched.venue_at_ms = event.at_ms


def _accepted(touched: Touched, event: ev.OrderAccepted, /) -> None:
    touched.seat(event.terms.account_id, event.terms.market_id, event.at_ms)


def _filled(touched: Touched, event: ev.Filled, /) -> None:
    at_ms, market = event.at_ms, event.market_id
    touched.seat(event.taker.account_id, market, at_ms)
    touched.seat(event.maker.account_id, market, at_ms)
    touched.funds[market] = at_ms
    touched.venue_at_ms = at_ms


def _listed(touched: Touched, event: ev.MarketListed, /) -> None:
    touched.funds[event.spec.market_id] = touched.venue_at_ms = event.at_ms


def _contributed(touched: Touched, event: ev.InsuranceContributed, /) -> None:
    if event.market_id is not None:
        touched.funds[event.market_id] = event.at_ms
    touched.venue_at_ms = event.at_ms


def _backstop(touched: Touched, event: ev.BackstopFunded, /) -> None:
    touched.balances[BACKSTOP] = touched.venue_at_ms = event.at_ms


def _delisted(touched: Touched, event: ev.DelistingSettled, /) -> None:
    for settled in event.settlements:
        touched.seat(settled.account_id, event.market_id, event.at_ms)
    touched.funds[event.market_id] = touched.venue_at_ms = event.at_ms


def _all(*touches: Callable[[Touched, Any], None]) -> Callable[[Touched, Any], None]:
    def touch(touched: Touched, event: Any, /) -> None:
        for each in touches:
            each(touched, event)

    return touch


TOUCHES: Final = cast(
    "dict[type[ev.Event], Callable[[Touched, Any], None]]",
    {
        ev.OrderAccepted: _accepted,
        ev.OrderReduced: Touched.by_order,
        ev.OrderAmended: Touched.by_order,
        ev.OrderCanceled: _seat,
        ev.ReservationCut: _seat,
        ev.Filled: _filled,
        ev.CancelAllAfterArmed: _balance,
        ev.CancelAllAfterFired: _balance,
        ev.PositionTriggersSet: _position,
        ev.PositionTriggerFired: _position,
        ev.LeverageChanged: _seat,
        ev.MarginMoved: _seat,
        ev.DepositCredited: _all(_balance, _venue),
        ev.DepositFinalized: _balance,
        ev.DepositDropped: _all(_balance, _venue),
        ev.ShortfallCovered: _all(_position, _funds, _venue),
        ev.WithdrawalReserved: _balance,
        ev.WithdrawalConfirmed: _all(_balance, _venue),
        ev.WithdrawalReturned: _balance,
        ev.MarketListed: _listed,
        ev.BreakerTripped: _funds,
        ev.BreakerReleased: _funds,
        ev.OpenInterestPublished: _funds,
        ev.InsuranceContributed: _contributed,
        ev.BackstopFunded: _backstop,
        ev.VenueDebtRepaid: _all(_funds, _venue),
        ev.VenueDebtBooked: _all(_position, _funds),
        ev.FundingRateSet: _funds,
        ev.FundingPaid: _all(_seat, _funds),
        ev.FundingSettled: _funds,
        ev.LiquidationWarned: _position,
        ev.WarningLifted: _position,
        ev.LiquidationPended: _position,
        ev.InsurancePaid: _all(_position, _funds, _venue),
        ev.DelistingSettled: _delisted,
    },
)
