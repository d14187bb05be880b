"""Facts: what is true of a state at one moment, kept while the state goes on.

Records of the engine are immutable, so a shallow copy of each table is a whole picture.
What is not here: any judgement (`tests.engine.laws.money` and its neighbors).
"""

from dataclasses import dataclass

from engine.commands import Command, MarketSpec, ReferenceMove
from engine.events import Event
from engine.orders import Order
from engine.state import BACKSTOP, Account, Market, Position, State
from engine.vocabulary import MarketState
from tests.engine.reference import margin

NOBODY = Account()
NO_POSITION = Position()


@dataclass(frozen=True, slots=True)
class MarketFacts:
    """One market at one moment."""

    spec: MarketSpec
    state: MarketState
    prices: ReferenceMove
    fund: int
    debt: int
    pot: int
    long_lots: int
    positions: dict[str, Position]
    orders: dict[int, Order]

    @property
    def unit(self) -> int:
        """Value of one lot at one half tick."""
        return self.spec.tick_lot_micro // 2

    @property
    def mark(self) -> int | None:
        """The mark in half ticks."""
        return self.prices.mark_half_ticks

    def position(self, account_id: str) -> Position:
        """Return an account's position, or the empty one."""
        return self.positions.get(account_id, NO_POSITION)

    def equity(self, account_id: str) -> int:
        """Return a position's equity at the mark."""
        held = self.position(account_id)
        return margin.equity(
            held.size_lots, held.cost_micro, held.collateral_micro, self.mark or 0, self.unit
        )

    def maintenance(self, account_id: str) -> int:
        """Return a position's maintenance margin at the mark."""
        size = abs(self.position(account_id).size_lots)
        return margin.maintenance(size * (self.mark or 0) * self.unit)

    def is_liquidatable(self, account_id: str) -> bool:
        """Tell whether a position's equity is below maintenance at the mark."""
        if account_id == BACKSTOP or not self.position(account_id).size_lots:
            return False
        return self.equity(account_id) < self.maintenance(account_id)


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything at one moment."""

    accounts: dict[str, Account]
    markets: dict[str, MarketFacts]
    fees: int
    global_fund: int

    def account(self, account_id: str) -> Account:
        """Return an account, or the empty one."""
        return self.accounts.get(account_id, NOBODY)

    def total(self) -> int:
        """Sum all money inside, positions at cost."""
        total = self.fees + self.global_fund
        total += sum(account.cash_micro for account in self.accounts.values())
        for market in self.markets.values():
            total += market.fund + market.pot - market.debt
            total += sum(p.collateral_micro - p.cost_micro for p in market.positions.values())
        return total


@dataclass(frozen=True, slots=True)
class Happening:
    """One event between what was true before it and after it."""

    event: Event
    before: Facts
    after: Facts


@dataclass(frozen=True, slots=True)
class Step:
    """One command and all that it led to."""

    command: Command
    before: Facts
    happenings: tuple[Happening, ...]

    @property
    def after(self) -> Facts:
        """What is true when the command is done."""
        return self.happenings[-1].after if self.happenings else self.before

    @property
    def events(self) -> list[Event]:
        """The events alone."""
        return [happening.event for happening in self.happenings]


def facts_of(state: State, known: Facts | None = None, touched: str | None = None) -> Facts:
    """Take a picture; where an event names its market, the other markets are as known."""
    if known is None or touched not in state.markets:
        markets = {name: market_facts(market) for name, market in state.markets.items()}
    else:
        markets = {**known.markets, touched: market_facts(state.markets[touched])}
    return Facts(
        accounts=dict(state.accounts),
        markets=markets,
        fees=state.fees_micro,
        global_fund=state.global_fund_micro,
    )


def market_facts(market: Market) -> MarketFacts:
    """Take a picture of one market."""
    return MarketFacts(
        spec=market.spec,
        state=market.state,
        prices=market.prices,
        fund=market.fund_micro,
        debt=market.debt_micro,
        pot=market.funding_pot_micro,
        long_lots=market.long_lots,
        positions=dict(market.positions),
        orders=dict(market.orders),
    )
