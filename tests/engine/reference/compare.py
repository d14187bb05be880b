"""Engine and slow venue side by side on one stream: outcomes and records must be equal.

A world ends where the slow venue's rules end: at the first liquidation, warning apart. What
is not here: either of the two.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from engine import commands as c
from engine import events as ev
from engine.exchange import apply
from engine.state import NO_POSITION, State
from tests.engine.laws.public import NUMBERED
from tests.engine.laws.stream import Stream
from tests.engine.reference import margin
from tests.engine.reference.records import Position
from tests.engine.reference.venue import Venue

LEFT_OUT = (
    c.SampleFunding,
    c.PayFunding,
    c.FundBackstop,
    c.DropDeposit,
    c.ReserveWithdrawal,
    c.ConfirmWithdrawal,
    c.ReturnWithdrawal,
    c.SetMarketLimits,
    c.SettleDelisting,
)
BEYOND = (ev.LiquidationStarted, ev.LiquidationDeferred, ev.VenueDebtRepaid)


def unnumbered(words: tuple[object, ...]) -> tuple[object, ...]:
    """Take the number off ids that a venue made itself."""
    return tuple(NUMBERED.sub(r"\1", word) if isinstance(word, str) else word for word in words)


def told(events: list[ev.Event]) -> list[tuple[object, ...]]:
    """Return events in the slow venue's words; what it does not tell is left out."""
    words = [WORDS[type(event)](event) for event in events if type(event) in WORDS]
    return [tuple(each) for each in words]


def _filled(event: ev.Filled) -> list[object]:
    fees = (event.taker.fee_micro, event.maker.fee_micro)
    ids = [event.taker.order_id, event.maker.order_id]
    at = [event.price_half_ticks, event.quantity_lots]
    return ["fill", *ids, *at, fees, event.taker.sequence]


WORDS: dict[type[ev.Event], Callable[[Any], list[object]]] = {
    ev.OrderAccepted: lambda e: [
        "accepted",
        e.terms.order_id,
        e.quantity_lots - e.canceled_lots,
    ],
    ev.OrderRejected: lambda e: ["rejected", e.order_id, e.reason.value],
    ev.OrderRepeated: lambda e: ["repeated", e.order_id, e.first_order_id],
    ev.OrderCanceled: lambda e: ["canceled", e.order_id, e.canceled_lots, e.reason.value],
    ev.OrderReduced: lambda e: ["reduced", e.order_id, e.canceled_lots, e.reason.value],
    ev.OrderAmended: lambda e: ["amended", e.order_id, e.quantity_lots],
    ev.PositionTriggersSet: lambda e: [
        "pair",
        e.account_id,
        None if e.take_profit is None else e.take_profit.trigger_ticks,
        None if e.stop_loss is None else e.stop_loss.trigger_ticks,
    ],
    ev.PositionTriggerFired: lambda e: ["pair fires", e.account_id],
    ev.TriggerPlaced: lambda e: ["waits", e.terms.order_id],
    ev.TriggerFired: lambda e: ["fires", e.order_id],
    ev.TriggerCanceled: lambda e: ["trigger gone", e.order_id],
    ev.CommandRejected: lambda e: ["refused", e.reason.value],
    ev.Filled: _filled,
}


def differs(state: State, venue: Venue) -> str | None:
    """Say where the records of engine and slow venue differ, if they do."""
    for name, market in state.markets.items():
        slow = venue.market(name)
        fast = [
            unnumbered((o.terms.order_id, o.leaves_lots, o.is_resting))
            for _, o in sorted(market.orders.items())
        ]
        seen = [unnumbered((o.terms.order_id, o.leaves, o.resting)) for o in slow.orders]
        if fast != seen:
            return f"open orders of {name}: engine {fast}, reference {seen}"
        for account_id in sorted({*market.positions, *slow.positions}):
            held = market.positions.get(account_id, NO_POSITION)
            mine = slow.positions.get(account_id, Position())
            price = margin.liquidation_price(mine.size, mine.cost, mine.collateral, slow.unit)
            first = [held.leverage, held.size_lots, held.cost_micro, held.collateral_micro]
            first += [held.buy_reserve_micro, held.sell_reserve_micro]
            second = [mine.leverage, mine.size, mine.cost, mine.collateral]
            second += [mine.buys_reserve, mine.sells_reserve]
            if (first, held.liquidation_half_ticks) != (second, price):
                where = f"{account_id} in {name}"
                return f"{where}: engine {first}, reference {second}, liquidation {price}"
    for account_id, account in state.accounts.items():
        if (
            not account_id.startswith("@")
            and account.cash_micro != venue.books.account(account_id).cash
        ):
            slow_cash = venue.books.account(account_id).cash
            return f"cash of {account_id}: engine {account.cash_micro}, reference {slow_cash}"
    return None


@dataclass
class Comparison:
    """One world in both; what was compared so far."""

    state: State = field(default_factory=State)
    venue: Venue = field(default_factory=Venue)
    done: list[c.Command] = field(default_factory=list)

    def step(self, command: c.Command) -> str | None:
        """Do a command in both; say the difference, or "end" where the comparison ends."""
        if isinstance(command, LEFT_OUT):
            return None
        self.done.append(command)
        events = apply(self.state, command)
        if any(isinstance(event, BEYOND) for event in events):
            return "end"
        slow = [unnumbered(each) for each in self.venue.do(command)]
        fast = [unnumbered(each) for each in told(events)]
        if fast != slow:
            return f"told: engine {fast}, reference {slow}"
        return differs(self.state, self.venue)


@dataclass(frozen=True)
class Outcome:
    """How many commands were compared, their first difference, and the commands."""

    difference: str | None
    commands: list[c.Command]


def replay(commands: list[c.Command]) -> Outcome:
    """Compare these commands from an empty state on."""
    comparison = Comparison()
    for command in commands:
        found = comparison.step(command)
        if found is not None:
            return Outcome(None if found == "end" else found, comparison.done)
    return Outcome(None, comparison.done)


def run(*, seed: int, length: int) -> Outcome:
    """Compare one world, drawn as it goes; every third is a wild one, until it liquidates."""
    stream = Stream(seed=seed, liquidations=seed % 3 == 0)
    comparison = Comparison()
    found = None
    for command in stream.opening():
        found = found or comparison.step(command)
    for _ in range(length):
        if found is not None:
            break
        found = comparison.step(stream.next(comparison.state))
    return Outcome(None if found == "end" else found, comparison.done)
