"""Laws of the book: where, at what price, between whom and how much is traded.

`Orders` keeps an order's account of itself from the events alone. What is not here: money
and margin (`tests.engine.laws.money`, `tests.engine.laws.risk`).
"""

from dataclasses import dataclass, field
from itertools import groupby, pairwise

from engine import events as ev
from engine.commands import SubmitOrder
from engine.events import Filled, Leg
from engine.orders import Order
from engine.reasons import Reason
from engine.units import PPB
from engine.vocabulary import MinQuantityMode, OrderType, Pricing, SelfTrade, TimeInForce, TradeKind
from tests.engine.laws.facts import Happening, MarketFacts, Step
from tests.engine.laws.risk import trades

IN_BOOK = (TradeKind.TRADE, TradeKind.LIQUIDATION)


def effective_limit(order: Order, market: MarketFacts) -> int | None:
    """Return the worst price in half ticks that an order admits; None: any."""
    bid, ask = market.prices.bid_ticks or 0, market.prices.ask_ticks or 0
    pegs = {OrderType.PEG_BID: 2 * bid, OrderType.PEG_MID: bid + ask, OrderType.PEG_ASK: 2 * ask}
    found = [] if order.limit_ticks is None else [2 * order.limit_ticks]
    if order.terms.order_type in pegs:
        found.append(pegs[order.terms.order_type])
    if not found:
        return None
    return min(found) if order.is_buy else max(found)


def admits(order: Order, market: MarketFacts, price: int) -> bool:
    """Tell whether a price is not beyond an order's effective limit."""
    limit = effective_limit(order, market)
    if limit is None:
        return True
    return price <= limit if order.is_buy else price >= limit


def fills_are_at_public_points(step: Step) -> None:
    """I10: at the mid if both admit it, else at a quote that both admit; never beyond a limit."""
    for happening, event in trades(step, *IN_BOOK):
        market = happening.before.markets[event.market_id]
        bid, ask = market.prices.bid_ticks, market.prices.ask_ticks
        assert bid is not None, event
        assert ask is not None, event
        orders = [
            market.orders[leg.sequence]
            for leg in (event.taker, event.maker)
            if leg.order_id is not None
        ]
        price = event.price_half_ticks
        assert all(admits(order, market, price) for order in orders), event
        if market.spec.pricing is Pricing.THREE_POINTS:
            assert price in (2 * bid, bid + ask, 2 * ask), event
            if event.kind is TradeKind.TRADE and price != bid + ask:
                assert not all(admits(order, market, bid + ask) for order in orders), event
        else:
            _is_in_collar(market, orders, price)
        if event.kind is TradeKind.LIQUIDATION:
            index = market.prices.index_half_ticks or 0
            assert 95 * index <= 100 * price <= 105 * index, event


def _is_in_collar(market: MarketFacts, orders: list[Order], price: int) -> None:
    bid, ask = 2 * (market.prices.bid_ticks or 0), 2 * (market.prices.ask_ticks or 0)
    collar = market.spec.collar_ppb
    assert bid * (PPB - collar) <= price * PPB <= ask * (PPB + collar), orders
    for order in orders:
        if order.terms.nbbo_protection:
            assert price <= ask if order.is_buy else price >= bid, order


def better_price_then_age(step: Step) -> None:
    """I11: one taker's makers come by better price, then by sequence; all are older."""
    for _, group in groupby(_book_trades(step), key=lambda event: event.taker.sequence):
        events = list(group)
        for event in events:
            assert event.maker.sequence < event.taker.sequence or not event.taker.sequence, event
        if step_pricing(step, events[0]) is Pricing.LIMIT_MIDPOINT:
            continue
        sign = 1 if events[0].taker.lots > 0 else -1
        keys = [(sign * e.price_half_ticks, e.maker.sequence) for e in events]
        passes = sum(later < earlier for earlier, later in pairwise(keys))
        assert passes == 0 or _has_passes(step), events


def _has_passes(step: Step) -> bool:
    """Tell whether uncrossing may have let one order act in several passes."""
    return not isinstance(step.command, SubmitOrder)


def step_pricing(step: Step, event: Filled) -> Pricing:
    """Return how the market of a trade prices."""
    return step.after.markets[event.market_id].spec.pricing


def _book_trades(step: Step) -> list[Filled]:
    return [event for _, event in trades(step, *IN_BOOK)]


def nobody_trades_with_itself(step: Step) -> None:
    """I14: both sides of every trade are different accounts."""
    for _, event in trades(step, *TradeKind):
        assert event.taker.account_id != event.maker.account_id, event


def stale_references_trade_nothing(step: Step) -> None:
    """I17: whatever executes in the book does so at a reference at most 1.5 s old."""
    for happening, event in trades(step, *IN_BOOK):
        prices = happening.before.markets[event.market_id].prices
        assert prices.bid_ticks is not None, event
        assert event.at_ms - prices.quoted_at_ms <= 1_500, event


def constraints_hold_on_both_sides(step: Step) -> None:
    """I13: minima, all-or-none, fill-or-kill, reduce-only and post-only are kept."""
    for happening, event in trades(step, *IN_BOOK):
        market = happening.before.markets[event.market_id]
        for leg in (event.taker, event.maker):
            if leg.order_id is not None:
                order = market.orders[leg.sequence]
                _execution_is_allowed(order, leg, event, market)
    _plans_are_whole(step)


def _execution_is_allowed(order: Order, leg: Leg, event: Filled, market: MarketFacts) -> None:
    terms, is_maker = order.terms, leg is event.maker
    quantity = event.quantity_lots
    assert 0 < quantity <= order.leaves_lots, event
    if terms.min_quantity_mode is MinQuantityMode.EACH:
        assert quantity >= terms.min_quantity_lots, event
    elif is_maker:
        assert quantity >= min(terms.min_quantity_lots, order.leaves_lots), event
    if terms.all_or_none and is_maker:
        assert quantity == order.leaves_lots, event
    if terms.post_only:
        assert is_maker, event
    if terms.reduce_only:
        held = market.position(leg.account_id).size_lots
        assert held * leg.lots < 0, event
        assert abs(leg.lots) <= abs(held), event


def _plans_are_whole(step: Step) -> None:
    """Assert that what one taker took in one go is all, or at least its first minimum."""
    for _, group in groupby(trades(step, TradeKind.TRADE), key=lambda t: t[1].taker.sequence):
        found = list(group)
        happening, event = found[0]
        order = happening.before.markets[event.market_id].orders[event.taker.sequence]
        taken = sum(each.quantity_lots for _, each in found)
        terms = order.terms
        if terms.all_or_none or terms.time_in_force is TimeInForce.FOK:
            assert taken == order.leaves_lots, [e for _, e in found]
        elif terms.min_quantity_mode is MinQuantityMode.FIRST:
            assert taken >= min(terms.min_quantity_lots, order.leaves_lots), event


def ended_by_self_trade_says_its_mode(step: Step) -> None:
    """I13: lots that end as SELF_TRADE belong to an account that stood on both sides."""
    for happening in step.happenings:
        event = happening.event
        if isinstance(event, ev.OrderReduced) and event.reason is Reason.SELF_TRADE:
            order = happening.before.markets[event.market_id].orders[event.sequence]
            assert not order.terms.all_or_none, event
            assert order.terms.time_in_force is not TimeInForce.FOK, event
            modes = [
                each.terms.self_trade
                for each in happening.before.markets[event.market_id].orders.values()
                if each.terms.account_id == order.terms.account_id
            ]
            assert SelfTrade.DECREMENT in modes, event


MOVES: dict[str | None, tuple[str, ...]] = {
    None: ("OPEN", "REJECTED"),
    "OPEN": ("PARTIALLY_FILLED", "FILLED", "CANCELED", "EXPIRED"),
    "PARTIALLY_FILLED": ("PARTIALLY_FILLED", "FILLED", "CANCELED", "EXPIRED"),
}


@dataclass
class Told:
    """What events told about one order."""

    quantity: int
    canceled: int
    filled: int = 0
    status: str = "OPEN"

    @property
    def leaves(self) -> int:
        """Return what may still be filled."""
        return self.quantity - self.filled - self.canceled

    def move(self, status: str) -> None:
        """Go on to a status that the table allows."""
        assert status in MOVES.get(self.status, ()), (self.status, status)
        self.status = status


@dataclass
class Orders:
    """Every order's life as the events tell it (I12, I15)."""

    told: dict[str, Told] = field(default_factory=dict)

    def follow(self, step: Step) -> None:
        """Follow one step and compare with the engine's records at every event."""
        for happening in step.happenings:
            self._hear(happening.event)
            self._compare(happening)

    def _hear(self, event: ev.Event) -> None:
        match event:
            case ev.OrderAccepted():
                name = event.terms.order_id
                assert name not in self.told, event
                self.told[name] = Told(event.quantity_lots, event.canceled_lots)
            case ev.OrderAmended():
                self._open(event.order_id).quantity = event.quantity_lots
            case ev.OrderReduced():
                self._open(event.order_id).canceled += event.canceled_lots
            case ev.OrderCanceled():
                order = self._open(event.order_id)
                order.canceled += event.canceled_lots
                assert order.leaves == 0, event
                order.move("EXPIRED" if event.reason is Reason.EXPIRED else "CANCELED")
            case ev.Filled():
                for leg in (event.taker, event.maker):
                    if leg.order_id is not None:
                        self._fill(leg.order_id, event.quantity_lots)

    def _open(self, order_id: str) -> Told:
        order = self.told[order_id]
        assert order.status in MOVES, (order_id, order)
        return order

    def _fill(self, order_id: str, lots: int) -> None:
        order = self._open(order_id)
        order.filled += lots
        assert order.leaves >= 0, (order_id, order)
        order.move("FILLED" if order.leaves == 0 else "PARTIALLY_FILLED")

    def _compare(self, happening: Happening) -> None:
        name = getattr(happening.event, "market_id", None)
        for market in happening.after.markets.values():
            if name not in (None, market.spec.market_id):
                continue
            for order in market.orders.values():
                told = self.told[order.terms.order_id]
                assert order.leaves_lots == told.leaves > 0, (order, told)
                assert order.filled_lots == told.filled, (order, told)
                assert order.canceled_lots == told.canceled, (order, told)
                assert order.status.value == told.status, (order, told)


@dataclass
class ClientIds:
    """What each client order id was first used for (I16)."""

    first: dict[tuple[str, str], SubmitOrder] = field(default_factory=dict)

    def follow(self, step: Step) -> None:
        """Follow one step: the same body is repeated, another is refused."""
        for event in step.events:
            if isinstance(event, ev.IdentifiersForgotten):
                self.first.clear()
            if isinstance(event, ev.OrderAccepted | ev.TriggerPlaced):
                self._remember(event.terms)
        if isinstance(step.command, SubmitOrder) and step.command.client_order_id is not None:
            self._judge(step.command, step.events)

    def _remember(self, terms: SubmitOrder) -> None:
        if terms.client_order_id is not None:
            key = (terms.account_id, terms.client_order_id)
            first = self.first.setdefault(key, terms)
            assert first.order_id == terms.order_id, (first, terms)

    def _judge(self, command: SubmitOrder, events: list[ev.Event]) -> None:
        first = self.first.get((command.account_id, command.client_order_id or ""))
        if first is None or first.order_id == command.order_id:
            return
        if same_body(first, command):
            assert [type(e) for e in events] == [ev.OrderRepeated], events
            repeated = events[0]
            assert isinstance(repeated, ev.OrderRepeated)
            assert repeated.first_order_id == first.order_id, events
        else:
            assert [getattr(e, "reason", None) for e in events] == [
                Reason.DUPLICATE_CLIENT_ORDER_ID
            ], events


def same_body(first: SubmitOrder, second: SubmitOrder) -> bool:
    """Tell whether two orders ask for the same, whenever, under whatever id, tier and patience."""
    apart = (
        *("at_ms", "order_id", "fee_discount_percent", "probe_limit", "deposit_wait_ms"),
        *("trigger", "trigger_ticks"),
    )
    return all(
        getattr(first, name) == getattr(second, name)
        for name in first.__struct_fields__
        if name not in apart
    ) and (first.trigger, first.trigger_ticks) == (second.trigger, second.trigger_ticks)
