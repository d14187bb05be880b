"""Telling: events in a trader's words, and books, positions, balances and funds as facts.

`brief` leaves out what only counts; `full` loses nothing and can be read back. Facts are
joined by commas. What is not here: commands.
"""

from typing import TYPE_CHECKING, Any, cast

import msgspec

from engine import events as ev
from engine.evolve import TABLE
from engine.notation.numbers import (
    Notation,
    NotationError,
    write_amount,
    write_half_ticks,
    write_lots,
    write_rate,
    write_ticks,
)
from engine.orders import Order
from engine.reasons import Reason
from engine.state import BACKSTOP, NO_POSITION, Market, State
from engine.vocabulary import OrderType, TradeKind

if TYPE_CHECKING:
    from collections.abc import Callable

_TYPES = {kind.__name__: kind for kind in TABLE}


def full(event: ev.Event, /) -> str:
    """Write an event so that nothing is lost: its name and a JSON object."""
    return f"{type(event).__name__} {msgspec.json.encode(event).decode()}"


def read_full(text: str, /) -> ev.Event:
    """Read an event from its full form."""
    name, _, body = text.partition(" ")
    if name not in _TYPES:
        raise NotationError(f"no event is called {name!r}")
    try:
        return msgspec.json.decode(body, type=_TYPES[name])
    except msgspec.MsgspecError as wrong:
        raise NotationError(str(wrong)) from None


def brief(
    event: ev.Event, n: Notation, /, *, own_order_id: str | None = None, numbers: bool = False
) -> str:
    """Tell an event in few words; empty for one that only counts.

    `own_order_id` is the order of the command, whose id is left out. With `numbers` a
    rejection tells what was broken.
    """
    teller = _TELLERS.get(type(event))
    if teller is None:
        return ""
    text = teller(event, n)
    if own_order_id is not None:
        text = text.removeprefix(f"#{own_order_id} ")
    broken: dict[str, int] = getattr(event, "numbers", {})
    if numbers and broken:
        text += " (" + ", ".join(f"{name} {value}" for name, value in broken.items()) + ")"
    return text


def _reason(reason: Reason, /) -> str:
    return "" if reason is Reason.USER_REQUEST else f" ({reason.value})"


def _ended(order_id: str, reason: Reason, /) -> str:
    how = "expired" if reason is Reason.EXPIRED else f"canceled{_reason(reason)}"
    return f"#{order_id} {how}"


def _accepted(e: ev.OrderAccepted, n: Notation, /) -> str:
    cut = ""
    if e.canceled_lots:
        cut = f" reduced by {write_lots(e.canceled_lots, n.spec(e.terms.market_id))}"
    return f"#{e.terms.order_id} accepted{cut}"


def _amended(e: ev.OrderAmended, n: Notation, /) -> str:
    total = write_lots(e.quantity_lots, n.spec(e.market_id))
    lost = "" if e.sequence == e.old_sequence else ", place lost"
    return f"#{e.order_id} amended to {total}{lost}"


def _filled(e: ev.Filled, n: Notation, /) -> str:
    spec = n.spec(e.market_id)
    what = f"{write_lots(e.quantity_lots, spec)} @ {write_half_ticks(e.price_half_ticks, spec)}"
    taker = e.taker.account_id if e.taker.order_id is None else f"#{e.taker.order_id}"
    maker = e.maker.account_id if e.maker.order_id is None else f"#{e.maker.order_id}"
    if e.kind is TradeKind.TRADE:
        return f"{taker} filled {what} with {maker}"
    verb = {
        TradeKind.LIQUIDATION: "liquidated",
        TradeKind.BACKSTOP: "taken over",
        TradeKind.DELEVERAGE: "deleveraged",
        TradeKind.HAND_OVER: "handed over",
    }[e.kind]
    return f"{taker} {verb} {what} with {maker.removeprefix('@')}"


def _pair(e: ev.PositionTriggersSet, n: Notation, /) -> str:
    spec = n.spec(e.market_id)
    legs = [
        f"{word} {write_ticks(leg.trigger_ticks, spec)}"
        for word, leg in (("tp", e.take_profit), ("sl", e.stop_loss))
        if leg is not None
    ]
    return f"{e.account_id} protected {' '.join(legs)}" if legs else f"{e.account_id} unprotected"


def _armed(e: ev.CancelAllAfterArmed, _: Notation, /) -> str:
    return f"{e.account_id} {'disarmed' if e.deadline_ms is None else 'armed'}"


def _rejected(e: ev.OrderRejected, _: Notation, /) -> str:
    return f"#{e.order_id} rejected {e.reason.value}"


def _refused(e: ev.CommandRejected, _: Notation, /) -> str:
    return f"rejected {e.reason.value}"


def _reduced(e: ev.OrderReduced, n: Notation, /) -> str:
    by = write_lots(e.canceled_lots, n.spec(e.market_id))
    return f"#{e.order_id} reduced by {by}{_reason(e.reason)}"


def _margin(e: ev.MarginMoved, _: Notation, /) -> str:
    verb = "took" if e.amount_micro < 0 else "added"
    return f"{e.account_id} {verb} {write_amount(abs(e.amount_micro))} margin"


def _paid(e: ev.FundingPaid, _: Notation, /) -> str:
    verb = "pays" if e.amount_micro < 0 else "receives"
    return f"{e.account_id} {verb} funding {write_amount(abs(e.amount_micro))}"


def _rate(e: ev.FundingRateSet, _: Notation, /) -> str:
    return "no funding" if e.rate_ppb is None else f"funding rate {write_rate(e.rate_ppb)}"


def _contributed(e: ev.InsuranceContributed, _: Notation, /) -> str:
    repaid = f", debt repaid {write_amount(e.debt_repaid_micro)}" if e.debt_repaid_micro else ""
    return f"contributed {write_amount(e.amount_micro)}{repaid}"


def _insured(e: ev.InsurancePaid, _: Notation, /) -> str:
    total = e.insurance_micro + e.global_insurance_micro
    return f"insurance pays {write_amount(total)} for {e.account_id}"


def _delisted(e: ev.DelistingSettled, n: Notation, /) -> str:
    price = write_half_ticks(e.price_half_ticks, n.spec(e.market_id))
    paid = e.insurance_micro + e.global_insurance_micro
    return (
        f"settled {len(e.settlements)} positions @ {price}; funds bear {write_amount(paid)}"
        f"; venue owes {write_amount(e.debt_micro)}"
    )


_TELLERS = cast(
    "dict[type[ev.Event], Callable[[Any, Notation], str]]",
    {
        ev.CommandRejected: _refused,
        ev.OrderRejected: _rejected,
        ev.OrderRepeated: lambda e, _: f"#{e.order_id} repeated #{e.first_order_id}",
        ev.OrderAccepted: _accepted,
        ev.OrderReduced: _reduced,
        ev.OrderAmended: _amended,
        ev.OrderCanceled: lambda e, _: _ended(e.order_id, e.reason),
        ev.Filled: _filled,
        ev.CancelAllAfterArmed: _armed,
        ev.CancelAllAfterFired: lambda e, _: f"{e.account_id} switched off",
        ev.TriggerPlaced: lambda e, _: f"#{e.terms.order_id} waits",
        ev.TriggerCanceled: lambda e, _: _ended(e.order_id, e.reason),
        ev.TriggerFired: lambda e, _: f"#{e.order_id} fires",
        ev.PositionTriggersSet: _pair,
        ev.PositionTriggerFired: lambda e, _: f"{e.account_id} fires #{e.order_id}",
        ev.LeverageChanged: lambda e, _: f"{e.account_id} at {e.leverage}x",
        ev.MarginMoved: _margin,
        ev.DepositCredited: lambda e, _: f"credited {write_amount(e.amount_micro)}",
        ev.DepositFinalized: lambda e, _: f"finalized {write_amount(e.amount_micro)}",
        ev.DepositDropped: lambda e, _: f"dropped {write_amount(e.amount_micro)}",
        ev.ShortfallCovered: lambda e, _: (
            f"covered {write_amount(e.collateral_micro)} from collateral,"
            f" {write_amount(e.global_insurance_micro)} from the fund,"
            f" {write_amount(e.debt_micro)} by venue"
        ),
        ev.WithdrawalReserved: lambda e, _: f"held {write_amount(e.amount_micro)}",
        ev.WithdrawalConfirmed: lambda e, _: f"released {write_amount(e.amount_micro)}",
        ev.WithdrawalReturned: lambda e, _: f"returned {write_amount(e.amount_micro)}",
        ev.MarketListed: lambda e, _: f"listed {e.spec.market_id}",
        ev.MarketStateChanged: lambda e, _: f"{e.market_id} {e.state.value}",
        ev.MarketLimitsChanged: lambda e, _: f"{e.spec.market_id} limits changed",
        ev.BreakerTripped: lambda e, _: f"{e.market_id} breaker tripped",
        ev.BreakerReleased: lambda e, _: f"{e.market_id} breaker released",
        ev.OpenInterestPublished: lambda e, n: (
            f"{e.market_id} open interest {write_lots(e.open_interest_lots, n.spec(e.market_id))}"
        ),
        ev.InsuranceContributed: _contributed,
        ev.BackstopFunded: lambda e, _: f"backstop funded {write_amount(e.amount_micro)}",
        ev.VenueDebtRepaid: lambda e, _: f"debt repaid {write_amount(e.amount_micro)}",
        ev.VenueDebtBooked: lambda e, _: f"venue owes {write_amount(e.amount_micro)}",
        ev.FundingRateSet: _rate,
        ev.FundingPaid: _paid,
        ev.FundingSettled: lambda e, _: f"residue {write_amount(e.residue_micro)}",
        ev.LiquidationWarned: lambda e, _: f"{e.account_id} warned",
        ev.WarningLifted: lambda e, _: f"{e.account_id} safe again",
        ev.LiquidationDeferred: lambda e, _: f"{e.account_id} deferred",
        ev.LiquidationStarted: lambda e, _: f"{e.account_id} below maintenance",
        ev.LiquidationPended: lambda e, _: (
            f"{e.account_id} {'pending' if e.pending else 'no longer pending'}"
        ),
        ev.InsurancePaid: _insured,
        ev.DelistingSettled: _delisted,
    },
)


def tell_order(order: Order, n: Notation, /) -> str:
    """Tell an open order: id, leaves, price."""
    spec = n.spec(order.terms.market_id)
    kind = order.terms.order_type
    limit = None if order.limit_ticks is None else write_ticks(order.limit_ticks, spec)
    if kind in (OrderType.LIMIT, OrderType.MARKET):
        price = "market" if limit is None else f"limit {limit}"
    else:
        price = kind.value.lower().replace("_", " ") + (f" cap {limit}" if limit else "")
    return f"#{order.terms.order_id} {write_lots(order.leaves_lots, spec)} {price}"


def tell_book(market: Market, n: Notation, /) -> list[str]:
    """Tell the resting orders in order of entry: `buys #1 5 limit 101`."""
    facts: list[str] = []
    for word, side in (("buys", market.book.buys), ("sells", market.book.sells)):
        facts += [f"{word} {tell_order(market.orders[s], n)}" for s in side.all()]
    return facts or ["empty"]


def tell_position(market: Market, account_id: str, n: Notation, /) -> list[str]:
    """Tell a position: size, cost, entry, collateral, trigger prices, reserves."""
    spec = n.spec(market.spec.market_id)
    position = market.positions.get(account_id, NO_POSITION)
    size = position.size_lots
    facts = ["flat"]
    if size:
        entry = abs(position.cost_micro) // (abs(size) * market.unit_micro)
        liquidation = position.liquidation_half_ticks
        facts = [
            f"{'long' if size > 0 else 'short'} {write_lots(abs(size), spec)}",
            f"cost {write_amount(abs(position.cost_micro))}",
            f"entry {write_half_ticks(entry, spec)}",
            f"collateral {write_amount(position.collateral_micro)}",
            f"liquidation {'none' if liquidation is None else write_half_ticks(liquidation, spec)}",
        ]
    return [
        *facts,
        f"leverage {position.leverage}",
        f"realized {write_amount(position.realized_pnl_micro)}",
        f"funding {write_amount(position.funding_micro)}",
        f"buy reserve {write_amount(position.buy_reserve_micro)}",
        f"sell reserve {write_amount(position.sell_reserve_micro)}",
        *(["pending"] if position.is_pending else []),
        *(["warned"] if position.is_warned else []),
    ]


def tell_balance(state: State, account_id: str, /) -> list[str]:
    """Tell an account's cash: free, reserved, held, withdrawable, total."""
    account = state.account("@backstop" if account_id == "backstop" else account_id)
    return [
        f"free {write_amount(account.free_micro)}",
        f"reserved {write_amount(account.reserved_micro)}",
        f"held {write_amount(account.held_micro)}",
        f"withdrawable {write_amount(account.withdrawable_micro)}",
        f"cash {write_amount(account.cash_micro)}",
        f"withdrawn {write_amount(account.withdrawn_micro)}",
    ]


def tell_funds(state: State, market: Market, /) -> list[str]:
    """Tell what the venue holds: the market's fund, the global one, fees, debt, backstop."""
    return [
        f"fund {write_amount(market.fund_micro)}",
        f"global {write_amount(state.global_fund_micro)}",
        f"fees {write_amount(state.fees_micro)}",
        f"debt {write_amount(market.debt_micro)}",
        f"backstop {write_amount(state.account(BACKSTOP).cash_micro)}",
    ]
