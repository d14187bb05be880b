"""A world of colluders, alone or among honest traders, and prices that move gently.

Marks move by less than the thinnest maintenance margin per step, while the reference may
stand off the mark and jump about. What the friends own together, at the mark, may then
never exceed what they brought; and whatever they win from others, the venue's own money
never pays for it. When a mark leaps over a whole margin, the market's fund pays, which the
stress gap is there for: no more than it holds. What is not here: two leaps in a row.
"""

from random import Random

import msgspec

from engine import commands as c
from engine.events import Event
from engine.exchange import apply
from engine.state import BACKSTOP, State
from engine.vocabulary import OrderType, Side, TimeInForce
from tests.engine.laws.facts import Facts, facts_of

FRIENDS = ("ann", "ben", "cid")
MARKET = "BTC"
HONEST = ("hon", "ida")
START_MICRO = 50_000_000
FUND_MICRO = 100_000_000_000


class Collusion:
    """Draws what friends may try: trades off the mark, leverage and margin back and forth."""

    def __init__(
        self,
        *,
        seed: int,
        honest: tuple[str, ...] = (),
        fund_micro: int = FUND_MICRO,
        step_half_ticks: int = 20,
    ) -> None:
        self.names = (*FRIENDS, *honest)
        self.random = Random(seed)  # noqa: S311 -- a seeded world, no secret
        self.state = State()
        self.at_ms = 1_000_000
        self.mark = 200_000
        self.count = 0
        self.trades = 0
        self.step_half_ticks = step_half_ticks
        spec = c.MarketSpec(market_id=MARKET, tick_size="0.01", lot_size="0.01", tick_lot_micro=100)
        opening: list[c.Command] = [
            c.ListMarket(at_ms=1, spec=spec, insurance_micro=fund_micro),
            c.ContributeInsurance(at_ms=1, contribution_id="f", amount_micro=FUND_MICRO),
            c.FundBackstop(at_ms=1, transfer_id="b", amount_micro=FUND_MICRO // 2),
        ]
        opening += [
            c.CreditDeposit(at_ms=1, deposit_id=name, account_id=name, amount_micro=START_MICRO)
            for name in self.names
        ]
        for command in (*opening, self.prices()):
            apply(self.state, command)

    def prices(self) -> c.MoveReferences:
        """Move the mark by a hair and the reference by up to one percent off it."""
        r = self.random
        self.mark += r.randint(-self.step_half_ticks, self.step_half_ticks)
        mid = self.mark // 2 + r.choice((0, 0, r.randint(-1_000, 1_000)))
        width = r.choice((1, 2, 50, 600))
        move = c.ReferenceMove(
            market_id=MARKET,
            bid_ticks=mid - width,
            ask_ticks=mid + width,
            quoted_at_ms=self.at_ms,
            index_half_ticks=self.mark,
            mark_half_ticks=self.mark,
        )
        return c.MoveReferences(at_ms=self.at_ms, moves=(move,))

    def draw(self) -> c.Command:
        """Draw the friends' next command."""
        r = self.random
        self.at_ms += 10
        self.count += 1
        name = r.choice(self.names)
        pick = r.random()
        if pick < 0.3:
            return self.prices()
        if pick < 0.4:
            leverage = r.choice((1, 10, 100, 1_000))
            return c.SetLeverage(
                at_ms=self.at_ms, account_id=name, market_id=MARKET, leverage=leverage
            )
        if pick < 0.5:
            amount = r.choice((1, -1)) * r.choice((1, 10_000, 1_000_000, 40_000_000))
            return c.MoveMargin(
                at_ms=self.at_ms,
                transfer_id=f"m{self.count}",
                account_id=name,
                market_id=MARKET,
                amount_micro=amount,
            )
        order = c.SubmitOrder(
            at_ms=self.at_ms,
            order_id=f"o{self.count}",
            account_id=name,
            market_id=MARKET,
            side=r.choice((Side.BUY, Side.SELL)),
            order_type=OrderType.LIMIT,
            quantity_lots=r.choice((1, 3, 40, 400)),
            limit_ticks=self.mark // 2 + r.choice((-1_500, -600, 0, 600, 1_500)),
            fee_discount_percent=20,
        )
        if r.random() < 0.2:
            return msgspec.structs.replace(order, time_in_force=TimeInForce.IOC, probe_limit=10**6)
        return order

    def leap(self, percent: int) -> list[Event]:
        """Let all prices leap at once; return what follows."""
        self.mark += self.mark * percent // 100
        return apply(self.state, self.prices())

    def step(self) -> Facts:
        """Do one thing and return what is true then."""
        events = apply(self.state, self.draw())
        self.trades += sum(type(event).__name__ == "Filled" for event in events)
        return facts_of(self.state)


def wealth_micro(facts: Facts) -> int:
    """Return what the friends own together: cash and equity at the mark."""
    return sum(owned_micro(facts, name) for name in FRIENDS)


def owned_micro(facts: Facts, account_id: str) -> int:
    """Return one account's cash and equity at the mark."""
    return facts.account(account_id).cash_micro + facts.markets[MARKET].equity(account_id)


def lost_by_backstop_micro(facts: Facts) -> int:
    """Return what the backstop lost to the friends in fills at mark and reference."""
    return FUND_MICRO // 2 - owned_micro(facts, BACKSTOP)


def deepest_hole_micro(facts: Facts) -> int:
    """Return the worst equity of any friend's position: a debt that could be left behind."""
    return min(facts.markets[MARKET].equity(name) for name in FRIENDS)


def venue_micro(state: State) -> int:
    """Return the venue's own money: fees, funds and pots, less what it owes."""
    markets = state.markets.values()
    own = sum(each.fund_micro + each.funding_pot_micro - each.debt_micro for each in markets)
    return own + state.fees_micro + state.global_fund_micro
