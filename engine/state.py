"""The state: accounts, markets, positions, open orders, funds, and the indexes over them.

Records are immutable; a change replaces one, and every replacement is its own inverse with
old and new exchanged. While `journal` is a list, replacements write themselves into it, so
that `decide` can rehearse on the state itself and take everything back (`roll_back`).
Nothing may depend on the order of a dict here: it tells history, not facts. What is not
here: what events do (`engine.evolve`).
"""

from typing import TYPE_CHECKING, Any

import msgspec

from engine.book import NEVER, Book
from engine.commands import MarketSpec, Protection, ReferenceMove, SubmitOrder
from engine.due import Due
from engine.margin import LIQUIDATION, WARNING, trigger_half_ticks
from engine.open_orders import OpenSide
from engine.orders import Order
from engine.units import PPB
from engine.vocabulary import MarketState, Side, TriggerKind

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_LEVERAGE = 10
BACKSTOP = "@backstop"


class Account(msgspec.Struct, frozen=True, gc=False):
    """An account's cash. Reserved and held cash is still its own; deposits not final too."""

    cash_micro: int = 0
    reserved_micro: int = 0
    held_micro: int = 0
    unfinal_micro: int = 0
    deposited_micro: int = 0
    withdrawn_micro: int = 0
    switch_at_ms: int | None = None

    @property
    def free_micro(self) -> int:
        """Cash that neither orders nor withdrawals have reserved."""
        return self.cash_micro - self.reserved_micro - self.held_micro

    @property
    def withdrawable_micro(self) -> int:
        """Free cash that does not rest on a deposit that may still vanish."""
        return max(0, self.free_micro - self.unfinal_micro)


class Position(msgspec.Struct, frozen=True, gc=False):
    """One account in one market: the setting, the net position, what its orders reserve.

    `size_lots` and `cost_micro` are negative when short. The two trigger prices are
    derived: the last half tick at which equity is below ceil(MM), and below 150% of it.
    """

    leverage: int = DEFAULT_LEVERAGE
    size_lots: int = 0
    cost_micro: int = 0
    collateral_micro: int = 0
    buy_reserve_micro: int = 0
    sell_reserve_micro: int = 0
    realized_pnl_micro: int = 0
    funding_micro: int = 0
    liquidation_half_ticks: int | None = None
    warning_half_ticks: int | None = None
    is_warned: bool = False
    is_pending: bool = False
    deferred_until_ms: int | None = None

    @property
    def reserve_micro(self) -> int:
        """What the orders of both sides reserve."""
        return self.buy_reserve_micro + self.sell_reserve_micro


class Transfer(msgspec.Struct, frozen=True, gc=False):
    """A deposit that is not final yet, or a withdrawal that is held."""

    account_id: str
    amount_micro: int


class Funding(msgspec.Struct, frozen=True, gc=False):
    """The samples of the running hour: sum and count of premiums, and missing ones."""

    premium_sum_ppb: int = 0
    samples: int = 0
    missing: int = 0
    paid_hour: int = 0


class Pair(msgspec.Struct, frozen=True, gc=False):
    """A position's take-profit and stop-loss."""

    take_profit: Protection | None
    stop_loss: Protection | None


NOBODY = Account()
NO_POSITION = Position()


class Market:
    """One market: constants, prices, funds, orders, positions and their indexes."""

    __slots__ = (
        "attempts",
        "book",
        "breaker_until_ms",
        "debt_micro",
        "fund_micro",
        "funding",
        "funding_pot_micro",
        "grace_until_ms",
        "hours_closed",
        "lifts",
        "liquidations",
        "long_lots",
        "open_sides",
        "orders",
        "pairs",
        "pending",
        "positions",
        "prices",
        "published_lots",
        "restless",
        "spec",
        "state",
        "stress_lots_ppb",
        "triggers",
        "triggers_of",
        "unit_micro",
        "waiting",
        "warnings",
    )

    def __init__(self, *, spec: MarketSpec, state: MarketState, fund_micro: int) -> None:
        self.spec = spec
        self.unit_micro = spec.tick_lot_micro // 2
        self.state = state
        self.hours_closed = False
        self.grace_until_ms: int | None = None
        self.breaker_until_ms: int | None = None
        self.prices = ReferenceMove(
            market_id=spec.market_id,
            bid_ticks=None,
            ask_ticks=None,
            quoted_at_ms=0,
            index_half_ticks=None,
            mark_half_ticks=None,
        )
        self.fund_micro = fund_micro
        self.debt_micro = 0
        self.funding = Funding()
        self.funding_pot_micro = 0
        self.published_lots = 0
        self.orders: dict[int, Order] = {}
        self.book = Book(orders=self.orders)
        self.restless: dict[int, bool] = {}
        self.open_sides: dict[tuple[str, bool], OpenSide] = {}
        self.positions: dict[str, Position] = {}
        self.triggers: dict[str, SubmitOrder] = {}
        self.triggers_of: dict[str, dict[str, bool]] = {}
        self.pairs: dict[str, Pair] = {}
        self.attempts: dict[str, tuple[int, ...]] = {}
        self.pending: dict[str, bool] = {}
        self.long_lots = 0
        self.stress_lots_ppb = [0, 0]
        self.liquidations = (Due(), Due())
        self.warnings = (Due(), Due())
        self.lifts = (Due(), Due())
        self.waiting = (Due(), Due())


class Seen(msgspec.Struct, frozen=True, gc=False):
    """An id that was used, when, for what: the order or transfer, and its body's digest."""

    at_ms: int
    subject_id: str
    body: bytes | None = None


class State:
    """Everything the engine knows."""

    __slots__ = (
        "accounts",
        "client_ids",
        "deposits",
        "external_micro",
        "fees_micro",
        "global_fund_micro",
        "journal",
        "markets",
        "next_sequence",
        "next_trade",
        "order_places",
        "seen",
        "timers",
        "trigger_places",
        "withdrawals",
    )

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.markets: dict[str, Market] = {}
        self.order_places: dict[str, tuple[Market, int]] = {}
        self.trigger_places: dict[str, Market] = {}
        self.seen: dict[str, Seen] = {}
        self.client_ids: dict[tuple[str, str], Seen] = {}
        self.deposits: dict[str, Transfer] = {}
        self.withdrawals: dict[str, Transfer] = {}
        self.timers = Due()
        self.fees_micro = 0
        self.global_fund_micro = 0
        self.external_micro = 0
        self.next_sequence = 1
        self.next_trade = 1
        self.journal: list[tuple[Callable[..., None], Any, Any, Any, Any]] | None = None

    def account(self, account_id: str, /) -> Account:
        """Return an account; one that nobody funded is empty."""
        return self.accounts.get(account_id, NOBODY)


def roll_back(state: State, /, *, to: int = 0) -> None:
    """Take back the journaled replacements down to a mark, the last first."""
    journal = state.journal
    assert journal is not None, "only a rehearsal can be taken back"
    state.journal = None
    while len(journal) > to:
        undo, first, second, old, new = journal.pop()
        undo(state, first, second, old, new)
    state.journal = journal


def set_field(state: State, owner: Any, name: str, value: Any, /) -> None:
    """Assign one field of the state or of a market."""
    if state.journal is not None:
        state.journal.append((_exchange_field, owner, name, value, getattr(owner, name)))
    setattr(owner, name, value)


def _exchange_field(state: State, owner: Any, name: str, _: Any, new: Any, /) -> None:
    set_field(state, owner, name, new)


def put(state: State, table: dict[Any, Any], key: Any, value: Any, /) -> None:
    """Set one entry of a table, or remove it with None."""
    if state.journal is not None:
        state.journal.append((_exchange_entry, table, key, value, table.get(key)))
    if value is None:
        table.pop(key, None)
    else:
        table[key] = value


def _exchange_entry(state: State, table: dict[Any, Any], key: Any, _: Any, new: Any, /) -> None:
    put(state, table, key, new)


def put_timer(state: State, due_ms: int, name: str, /) -> None:
    """Let time make something due; timers that are no longer true are dropped unseen."""
    state.timers.add(due_ms, name)


def replace_order(
    state: State, market: Market, _: None, old: Order | None, new: Order | None, /
) -> None:
    """Exchange an order's record, in the book and among its account's open orders."""
    if state.journal is not None:
        state.journal.append((replace_order, market, None, new, old))
    if old is not None and new is not None and old.sequence == new.sequence:
        _change_order(market, old, new)
        return
    if old is not None:
        _drop_order(state, market, old)
    if new is not None:
        _add_order(state, market, new)


def _change_order(market: Market, old: Order, new: Order, /) -> None:
    """Exchange the record of an order that keeps its sequence and limit."""
    market.orders[new.sequence] = new
    if new.leaves_lots != old.leaves_lots:
        side = market.open_sides[new.terms.account_id, new.is_buy]
        side.resize(new, new.leaves_lots - old.leaves_lots)
    if new.is_resting is not old.is_resting:
        side_of_book = market.book.buys if new.is_buy else market.book.sells
        if new.is_resting:
            side_of_book.add(new)
        else:
            side_of_book.remove(old)


def _drop_order(state: State, market: Market, order: Order, /) -> None:
    terms = order.terms
    if order.is_resting:
        (market.book.buys if order.is_buy else market.book.sells).remove(order)
    del market.orders[order.sequence]
    del state.order_places[terms.order_id]
    key = (terms.account_id, order.is_buy)
    side = market.open_sides[key]
    side.remove(order)
    if not side.sequences:
        del market.open_sides[key]


def _add_order(state: State, market: Market, order: Order, /) -> None:
    terms = order.terms
    market.orders[order.sequence] = order
    state.order_places[terms.order_id] = (market, order.sequence)
    key = (terms.account_id, order.is_buy)
    side = market.open_sides.get(key)
    if side is None:
        side = market.open_sides[key] = OpenSide()
    side.add(order)
    if order.is_resting:
        (market.book.buys if order.is_buy else market.book.sells).add(order)
    if terms.expires_at_ms is not None:
        put_timer(state, terms.expires_at_ms, terms.order_id)


def stress_weight_ppb(*, gap_ppb: int, leverage: int) -> int:
    """Return max(0, stress gap - 1/leverage), rounded up."""
    return max(0, gap_ppb - PPB // leverage)


def with_triggers(position: Position, unit_micro: int, /) -> Position:
    """Derive the trigger prices of a position anew."""
    size, cost, collateral = position.size_lots, position.cost_micro, position.collateral_micro
    return msgspec.structs.replace(
        position,
        liquidation_half_ticks=trigger_half_ticks(size, cost, collateral, unit_micro, LIQUIDATION),
        warning_half_ticks=trigger_half_ticks(size, cost, collateral, unit_micro, WARNING),
    )


def replace_position(
    state: State, market: Market, account_id: str, old: Position | None, new: Position | None, /
) -> None:
    """Exchange a position's record, in the sums and in the indexes by trigger price."""
    if state.journal is not None:
        state.journal.append((replace_position, market, account_id, new, old))
    if new is None:
        _count(market, old or NO_POSITION, -1)
        del market.positions[account_id]
        return
    market.positions[account_id] = new
    was = NO_POSITION if old is None else old
    size = new.size_lots
    if was.size_lots != size or was.leverage != new.leverage:
        _count(market, was, -1)
        _count(market, new, 1)
    if size:
        _index_position(market, account_id, was, new)


def _index_position(market: Market, account_id: str, was: Position, new: Position, /) -> None:
    """Index the trigger prices that a position did not have before, or not on that side."""
    size = new.size_lots
    turned = was.size_lots * size <= 0
    price = new.liquidation_half_ticks
    if price is not None and (turned or was.liquidation_half_ticks != price):
        _index(market.liquidations, size, price, account_id)
    price = new.warning_half_ticks
    if turned or was.warning_half_ticks != price or was.is_warned is not new.is_warned:
        if new.is_warned:
            market.lifts[0 if size > 0 else 1].add(lift_key(new), account_id)
        elif price is not None:
            _index(market.warnings, size, price, account_id)


def lift_key(position: Position, /) -> int:
    """Return the key at which a warning is lifted: a mark beyond the price, negative for shorts.

    Without a price to warn at, any mark lifts it.
    """
    price = position.warning_half_ticks
    if price is None:
        return -NEVER
    return price + 1 if position.size_lots > 0 else 1 - price


def _index(dues: tuple[Due, Due], size_lots: int, price: int, account_id: str, /) -> None:
    if size_lots > 0:
        dues[0].add(-price, account_id)
    else:
        dues[1].add(price, account_id)


def _count(market: Market, position: Position, sign: int, /) -> None:
    size = position.size_lots
    if size == 0:
        return
    if size > 0:
        market.long_lots += sign * size
    weight = market.spec.stress_gap_ppb - PPB // position.leverage
    if weight > 0:
        market.stress_lots_ppb[0 if size > 0 else 1] += sign * abs(size) * weight


def place_trigger(
    state: State, market: Market, order_id: str, old: SubmitOrder | None, new: SubmitOrder | None, /
) -> None:
    """Exchange a waiting trigger order, or one that waits for its deposit."""
    if state.journal is not None:
        state.journal.append((place_trigger, market, order_id, new, old))
    if new is None:
        _disown(market, market.triggers.pop(order_id))
        del state.trigger_places[order_id]
        return
    market.triggers[order_id] = new
    market.triggers_of.setdefault(new.account_id, {})[order_id] = True
    state.trigger_places[order_id] = market
    if new.trigger is not None:
        assert new.trigger_ticks is not None, "a trigger order has a trigger price"
        rises = fires_when_rising(is_buy=new.side is Side.BUY, kind=new.trigger)
        _wait(market, new.trigger_ticks, "o" + order_id, rises=rises)
    ends_at_ms = waits_until_ms(new)
    if ends_at_ms is not None:
        put_timer(state, ends_at_ms, order_id)


def waits_until_ms(terms: SubmitOrder, /) -> int | None:
    """Return when a waiting order waits no longer: a trigger's own end, or its deposit's."""
    if terms.trigger is not None:
        return terms.expires_at_ms
    ends_at_ms = terms.at_ms + terms.deposit_wait_ms
    return ends_at_ms if terms.expires_at_ms is None else min(ends_at_ms, terms.expires_at_ms)


def _disown(market: Market, terms: SubmitOrder, /) -> None:
    """Take a trigger order from those of its account."""
    owned = market.triggers_of[terms.account_id]
    del owned[terms.order_id]
    if not owned:
        del market.triggers_of[terms.account_id]


def place_pair(
    state: State, market: Market, account_id: str, old: Pair | None, new: Pair | None, /
) -> None:
    """Exchange a position's triggers; the position says on which side they wait."""
    if state.journal is not None:
        state.journal.append((place_pair, market, account_id, new, old))
    if new is None:
        market.pairs.pop(account_id, None)
        return
    market.pairs[account_id] = new
    if new.take_profit is not None:
        _wait(market, new.take_profit.trigger_ticks, "p" + account_id, rises=True)
        _wait(market, new.take_profit.trigger_ticks, "p" + account_id, rises=False)
    if new.stop_loss is not None:
        _wait(market, new.stop_loss.trigger_ticks, "p" + account_id, rises=True)
        _wait(market, new.stop_loss.trigger_ticks, "p" + account_id, rises=False)


def fires_when_rising(*, is_buy: bool, kind: TriggerKind | None) -> bool:
    """Tell whether a trigger fires at a mark at or above its price (else at or below)."""
    return is_buy is (kind is TriggerKind.STOP)


def _wait(market: Market, trigger_ticks: int, name: str, /, *, rises: bool) -> None:
    if rises:
        market.waiting[1].add(2 * trigger_ticks, name)
    else:
        market.waiting[0].add(-2 * trigger_ticks, name)
