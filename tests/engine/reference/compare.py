"""Engine and slow venue side by side on one stream: outcomes and records must be equal.

Compared are what each command leads to, in order, and after each command every open order,
position, balance and fund. What is not here: either of the two.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from engine import commands as c
from engine import events as ev
from engine.exchange import apply
from engine.state import NO_POSITION, State
from engine.state import Position as EnginePosition
from engine.vocabulary import TradeKind
from tests.engine.laws.public import NUMBERED
from tests.engine.laws.record import commands_of
from tests.engine.laws.stream import Stream
from tests.engine.reference import margin
from tests.engine.reference.records import Position
from tests.engine.reference.venue import Venue

UNORDERED = ("warned", "safe")
"""What is told of many positions at once, in no order that means anything."""


def unnumbered(words: tuple[object, ...]) -> tuple[object, ...]:
    """Take the number off ids that a venue made itself."""
    return tuple(
        NUMBERED.sub(r"\1", word) if type(word) is str and ":" in word else word for word in words
    )


def told(events: list[ev.Event]) -> list[tuple[object, ...]]:
    """Return events in the slow venue's words; what it does not tell is left out."""
    words = [WORDS[type(event)](event) for event in events if type(event) in WORDS]
    return [tuple(each) for each in words]


def in_no_order(words: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Sort neighbors that are told in no order that means anything."""
    found: list[tuple[object, ...]] = []
    for kind, group in groupby(words, key=lambda each: each[0]):
        neighbors = [*group]
        found += sorted(neighbors, key=repr) if kind in UNORDERED else neighbors
    return found


def _filled(event: ev.Filled) -> list[object]:
    fees = (event.taker.fee_micro, event.maker.fee_micro)
    ids = [event.taker.order_id, event.maker.order_id]
    at = [event.price_half_ticks, event.quantity_lots]
    loser, lots, fee = event.taker.account_id, event.quantity_lots, event.taker.fee_micro
    match event.kind:
        case TradeKind.TRADE:
            return ["fill", *ids, *at, fees, event.taker.sequence]
        case TradeKind.LIQUIDATION:
            return ["liquidated", loser, ids[1], *at, *fees]
        case TradeKind.BACKSTOP:
            return ["taken over", loser, *at, fee, -event.maker.fee_micro]
        case TradeKind.DELEVERAGE:
            winner = event.maker.account_id
            return ["deleveraged", loser, winner, lots, event.notional_micro]
        case TradeKind.HAND_OVER:
            return ["handed over", loser, *at, fee]


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
    ev.LiquidationWarned: lambda e: ["warned", e.account_id],
    ev.WarningLifted: lambda e: ["safe", e.account_id],
    ev.LiquidationDeferred: lambda e: ["deferred", e.account_id, e.until_ms],
    ev.LiquidationStarted: lambda e: [
        "below",
        e.account_id,
        e.equity_micro,
        e.maintenance_micro,
    ],
    ev.LiquidationPended: lambda e: ["pending", e.account_id, e.pending],
    ev.InsurancePaid: lambda e: [
        "insured",
        e.account_id,
        e.insurance_micro,
        e.global_insurance_micro,
    ],
    ev.VenueDebtBooked: lambda e: ["owed", e.account_id, e.amount_micro],
    ev.VenueDebtRepaid: lambda e: ["repaid", e.amount_micro],
    ev.BackstopFunded: lambda e: ["topped up", e.amount_micro],
    ev.FundingRateSet: lambda e: ["rate", e.market_id, e.rate_ppb],
    ev.FundingPaid: lambda e: ["pays", e.account_id, e.amount_micro, e.to_cash],
    ev.FundingSettled: lambda e: ["residue", e.residue_micro],
    ev.DepositDropped: lambda e: ["dropped", e.cash_micro],
    ev.ShortfallCovered: lambda e: [
        "covered",
        e.market_id,
        e.collateral_micro,
        e.global_insurance_micro,
        e.debt_micro,
    ],
    ev.DelistingSettled: lambda e: [
        "settled",
        e.price_half_ticks,
        e.insurance_micro,
        e.global_insurance_micro,
        e.debt_micro,
    ],
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
        funds = (market.fund_micro, market.debt_micro, market.funding_pot_micro)
        if funds != (slow.fund, slow.debt, slow.pot):
            return f"{name}: engine {funds}, reference {slow.fund, slow.debt, slow.pot}"
        for account_id in sorted({*market.positions, *slow.positions}):
            held = market.positions.get(account_id, NO_POSITION)
            mine = slow.positions.get(account_id, Position())
            first, second = engines(held), references(mine, slow.unit)
            if first != second:
                return f"{account_id} in {name}: engine {first}, reference {second}"
    return differs_in_cash(state, venue)


def engines(held: EnginePosition) -> list[object]:
    """Return what is compared of a position, as the engine has it."""
    return [
        *(held.leverage, held.size_lots, held.cost_micro, held.collateral_micro),
        *(held.buy_reserve_micro, held.sell_reserve_micro),
        *(held.is_warned, held.is_pending, held.deferred_until_ms),
        held.liquidation_half_ticks,
    ]


def references(held: Position, unit: int) -> list[object]:
    """Return the same of a position, as the slow venue has it."""
    return [
        *(held.leverage, held.size, held.cost, held.collateral),
        *(held.buys_reserve, held.sells_reserve),
        *(held.is_warned, held.is_pending, held.deferred_until),
        margin.liquidation_price(held.size, held.cost, held.collateral, unit),
    ]


def differs_in_cash(state: State, venue: Venue) -> str | None:
    """Say where cash, fees or the global fund differ, if they do."""
    for account_id, account in state.accounts.items():
        slow = venue.books.account(account_id)
        fast = (account.cash_micro, account.held_micro, account.unfinal_micro)
        if fast != (slow.cash, slow.held, slow.unfinal):
            return f"cash of {account_id}: engine {fast}, reference {slow}"
    totals = (state.fees_micro, state.global_fund_micro)
    if totals != (venue.books.fees, venue.books.global_fund):
        return f"funds: engine {totals}, reference {venue.books.fees, venue.books.global_fund}"
    return None


@dataclass
class Comparison:
    """One world in both; what was compared so far."""

    state: State = field(default_factory=State)
    venue: Venue = field(default_factory=Venue)
    done: list[c.Command] = field(default_factory=list)

    def step(self, command: c.Command) -> str | None:
        """Do a command in both; say the difference."""
        self.done.append(command)
        fast = in_no_order([unnumbered(each) for each in told(apply(self.state, command))])
        slow = in_no_order([unnumbered(each) for each in self.venue.do(command)])
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
            return Outcome(found, comparison.done)
    return Outcome(None, comparison.done)


def run(*, seed: int, length: int) -> Outcome:
    """Compare one world, drawn as it goes, from its opening to the end of its markets.

    Two of three are wild, with jumps of the mark and leverage without bounds.
    """
    stream = Stream(seed=seed, liquidations=seed % 3 != 0)
    comparison = Comparison()
    for command in commands_of(stream, comparison, length=length):
        found = comparison.step(command)
        if found is not None:
            return Outcome(found, comparison.done)
    return Outcome(None, comparison.done)
