"""What the slow venue knows: accounts, markets, positions, orders. Plain and mutable.

Written from the rules alone; only the vocabulary of commands is the engine's. What is not
here: what is done with it (`venue`, `matcher`, `money`).
"""

from dataclasses import dataclass, field
from typing import TypeVar

from engine.commands import MarketSpec, Protection, SubmitOrder
from engine.vocabulary import MarketState, OrderType, Side, TimeInForce

T = TypeVar("T")
Pair = tuple[Protection | None, Protection | None]
"""A position's take-profit and stop-loss."""


def twin(record: T) -> T:
    """Return another record with the same fields; `dataclasses.replace` takes ten times as long."""
    found = object.__new__(type(record))
    found.__dict__.update(record.__dict__)
    return found


@dataclass
class Order:
    """One open order."""

    terms: SubmitOrder
    sequence: int
    quantity: int
    leaves: int
    limit: int | None
    filled: int = 0
    taken: int = 0
    made: int = 0
    opened: int = 0
    resting: bool = False
    restless: bool = False

    @property
    def is_buy(self) -> bool:
        """Tell the side."""
        return self.terms.side is Side.BUY

    @property
    def wants_all(self) -> bool:
        """Tell whether only the whole will do."""
        return self.terms.all_or_none or self.terms.time_in_force is TimeInForce.FOK

    @property
    def is_immediate(self) -> bool:
        """Tell whether the order never rests."""
        return self.terms.time_in_force in (TimeInForce.IOC, TimeInForce.FOK)


@dataclass
class Position:
    """One account's setting, position and reservations in one market."""

    leverage: int = 10
    size: int = 0
    cost: int = 0
    collateral: int = 0
    buys_reserve: int = 0
    sells_reserve: int = 0
    is_warned: bool = False
    is_pending: bool = False
    deferred_until: int | None = None


@dataclass
class Market:
    """One market."""

    spec: MarketSpec
    state: MarketState
    fund: int
    bid: int | None = None
    ask: int | None = None
    quoted_at: int = 0
    index: int | None = None
    mark: int | None = None
    hours_closed: bool = False
    breaker_until: int | None = None
    grace_until: int | None = None
    dispersion: int = 0
    debt: int = 0
    pot: int = 0
    premiums: list[int | None] = field(default_factory=list)
    paid_hour: int = 0
    published: int = 0
    orders: list[Order] = field(default_factory=list)
    positions: dict[str, Position] = field(default_factory=dict)
    attempts: dict[str, list[int]] = field(default_factory=dict)
    triggers: dict[str, SubmitOrder] = field(default_factory=dict)
    pairs: dict[str, Pair] = field(default_factory=dict)

    @property
    def unit(self) -> int:
        """Value of one lot at one half tick."""
        return self.spec.tick_lot_micro // 2

    @property
    def acting_state(self) -> MarketState:
        """The strictest of the staff's state, the breaker, a debt and a missing index."""
        if self.index is None and self.state is not MarketState.DELISTED:
            return MarketState.HALTED
        stopped = self.breaker_until is not None or self.debt > 0
        if stopped and self.state is MarketState.ACTIVE:
            return MarketState.REDUCE_ONLY
        return self.state

    @property
    def stands_still(self) -> bool:
        """Tell whether marks stand still: halted, delisted, or out of hours."""
        closed = self.state is MarketState.CANCEL_ONLY and self.hours_closed
        return closed or self.state in (MarketState.HALTED, MarketState.DELISTED)

    def copy(self) -> "Market":
        """Copy it with everything in it."""
        found = twin(self)
        found.orders = [twin(order) for order in self.orders]
        found.positions = {name: twin(held) for name, held in self.positions.items()}
        found.attempts = {name: list(at) for name, at in self.attempts.items()}
        found.triggers, found.pairs = dict(self.triggers), dict(self.pairs)
        found.premiums = list(self.premiums)
        return found

    def position(self, account_id: str) -> Position:
        """Return an account's position, made if it has none."""
        return self.positions.setdefault(account_id, Position())

    def value_price(self) -> int:
        """Return the mark, else the index, in half ticks."""
        return self.mark or self.index or 0

    def effective_limit(self, order: Order) -> int | None:
        """Return the worst half tick that an order admits now; None: any."""
        found = [] if order.limit is None else [2 * order.limit]
        bid, ask = self.bid, self.ask
        if bid is not None and ask is not None:
            pegs = {
                OrderType.PEG_BID: 2 * bid,
                OrderType.PEG_MID: bid + ask,
                OrderType.PEG_ASK: 2 * ask,
            }
            if order.terms.order_type in pegs:
                found.append(pegs[order.terms.order_type])
        if not found:
            return None
        return min(found) if order.is_buy else max(found)

    def points(self) -> tuple[int, ...]:
        """Return mid, bid and ask in half ticks."""
        assert self.bid is not None
        assert self.ask is not None
        return self.bid + self.ask, 2 * self.bid, 2 * self.ask

    def admitted(self, order: Order) -> set[int]:
        """Return the points of the reference that an order admits; none without one."""
        if self.bid is None:
            return set()
        limit = self.effective_limit(order)
        if limit is None:
            return set(self.points())
        return {p for p in self.points() if (p <= limit if order.is_buy else p >= limit)}


@dataclass
class Account:
    """One account's money."""

    cash: int = 0
    held: int = 0
    unfinal: int = 0


@dataclass
class Books:
    """Everything that a plan may change and must be able to take back."""

    accounts: dict[str, Account] = field(default_factory=dict)
    markets: dict[str, Market] = field(default_factory=dict)
    told: list[tuple[object, ...]] = field(default_factory=list)
    fees: int = 0
    global_fund: int = 0

    def copy(self) -> "Books":
        """Copy all of it."""
        found = twin(self)
        found.accounts = {name: twin(account) for name, account in self.accounts.items()}
        found.markets = {name: market.copy() for name, market in self.markets.items()}
        found.told = list(self.told)
        return found

    def account(self, account_id: str) -> Account:
        """Return an account, made if there is none."""
        return self.accounts.setdefault(account_id, Account())

    def free(self, account_id: str) -> int:
        """Return cash that nothing reserves or holds."""
        account = self.account(account_id)
        reserved = sum(
            held.buys_reserve + held.sells_reserve
            for market in self.markets.values()
            for name, held in market.positions.items()
            if name == account_id
        )
        return account.cash - account.held - reserved
