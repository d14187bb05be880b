"""The slow waterfall: every position is looked at on every mark, every step is searched for.

Written from the rules alone, where they are silent from what docs/ENGINE.md declares. What
is not here: funding (`funding`), prices (`venue`).
"""

from dataclasses import replace
from fractions import Fraction
from math import ceil, floor

from engine import commands as c
from engine.reasons import Reason
from engine.state import BACKSTOP
from engine.vocabulary import MarketState, OrderType, Pricing, Side, TimeInForce
from tests.engine.reference import margin, money
from tests.engine.reference.money import Impossible
from tests.engine.reference.orders import OrderDesk
from tests.engine.reference.records import Market, Order, Position

BY_BOOK = (MarketState.ACTIVE, MarketState.REDUCE_ONLY)
BY_BACKSTOP = (MarketState.POST_ONLY, MarketState.CANCEL_ONLY)
PPB = 10**9


class Liquidator(OrderDesk):
    """Liquidates what the mark asks for."""

    # What there is.

    def stands(self, market: Market) -> list[tuple[str, Position]]:
        """List the open positions but the backstop's, by name."""
        return [
            (name, held)
            for name, held in sorted(market.positions.items())
            if held.size and name != BACKSTOP
        ]

    @staticmethod
    def health(market: Market, held: Position) -> tuple[int, int, int]:
        """Return notional, equity and maintenance margin at the mark."""
        return (
            abs(held.size) * (market.mark or 0) * market.unit,
            money.equity(market, held),
            money.maintenance(market, held),
        )

    def is_short(self, market: Market, held: Position) -> bool:
        """Tell whether equity is below maintenance."""
        _, equity, needed = self.health(market, held)
        return equity < needed

    # Step by step.

    def after_mark(self, name: str) -> None:
        """Liquidate, then repay debts, follow the state, top up and unwind the backstop."""
        before = self.market(name).acting_state
        self.run(name)
        market = self.market(name)
        repaid = min(market.debt, self.books.fees)
        if repaid > 0:
            market.debt -= repaid
            self.books.fees -= repaid
            self.tell("repaid", repaid)
        self.follow_state(name, before)
        self.top_up(name)
        self.unwind(name)

    def run(self, name: str) -> None:
        """Lift, warn, and liquidate the worst first."""
        market = self.market(name)
        state = market.acting_state
        in_grace = market.grace_until is not None and self.at_ms < market.grace_until
        if market.mark is None or in_grace or state not in BY_BOOK + BY_BACKSTOP:
            return
        self.warn(market)
        short = [each for each in self.stands(market) if self.is_short(market, each[1])]
        for account_id, held in self.stands(market):
            if held.is_pending and (account_id, held) not in short:
                self.pend(market, account_id, waits=False)

        def ratio(each: tuple[str, Position]) -> tuple[Fraction, str]:
            _, equity, needed = self.health(market, each[1])
            return Fraction(equity, max(1, needed)), each[0]

        for account_id, _ in sorted(short, key=ratio):
            held = self.market(name).position(account_id)
            if not held.size:
                continue
            if not self.is_short(self.market(name), held):
                self.settle_pending(name, account_id)
            elif not self.is_deferred(self.market(name), account_id, held):
                self.liquidate(name, account_id)

    def warn(self, market: Market) -> None:
        """Warn at 150% of maintenance, once per crossing."""
        for lifted in (True, False):
            for account_id, held in self.stands(market):
                _, equity, needed = self.health(market, held)
                is_near = 2 * equity < 3 * needed
                if lifted and held.is_warned and not is_near:
                    held.is_warned, held.deferred_until = False, None
                    self.tell("safe", account_id)
                if not lifted and is_near and not held.is_warned:
                    held.is_warned = True
                    self.tell("warned", account_id)

    def pend(self, market: Market, account_id: str, *, waits: bool) -> None:
        """Let a position wait for its liquidation, or no longer."""
        market.position(account_id).is_pending = waits
        self.tell("pending", account_id, waits)

    def settle_pending(self, name: str, account_id: str) -> None:
        """Say whether the position still waits."""
        market = self.market(name)
        held = market.position(account_id)
        if held.size and self.is_short(market, held) is not held.is_pending:
            self.pend(market, account_id, waits=not held.is_pending)

    def is_deferred(self, market: Market, account_id: str, held: Position) -> bool:
        """Tell whether a liquidation above 100x waits for the venues to agree."""
        notional, equity, needed = self.health(market, held)
        rate = margin.bracket(notional)[1]
        far_apart = Fraction(market.dispersion, PPB) > rate / 2
        if held.leverage <= 100 or not far_apart or not equity > Fraction(needed, 4):
            return False
        if held.deferred_until is None:
            held.deferred_until = self.at_ms + 3_000
            self.tell("deferred", account_id, held.deferred_until)
            return True
        return self.at_ms < held.deferred_until

    def liquidate(self, name: str, account_id: str) -> None:
        """Run the waterfall for one position."""
        market = self.market(name)
        held = market.position(account_id)
        notional, equity, needed = self.health(market, held)
        rate = min(5_000_000, floor(Fraction(needed * PPB, 2 * notional)))
        book = self.is_matching(market) and 2 * equity >= needed
        book = book and bool(self.takers_makers(name, account_id))
        if book and self.tries[name] >= 10:
            return
        if not held.is_pending:
            self.tell("below", account_id, equity, needed)
        for order in list(market.orders):
            if order.terms.account_id == account_id and self.find(name, order.sequence):
                self.cancel(name, order, Reason.LIQUIDATION)
        if book:
            self.tries[name] += 1
            self.sell_into_book(name, account_id, rate)
        lots = self.fewest(name, account_id, rate)
        if lots:
            self.take_over(name, account_id, lots, rate)
        self.settle_pending(name, account_id)

    def fewest(self, name: str, account_id: str, rate: int) -> int:
        """Count up to the first number of lots after which what remains is healthy, else all."""
        market = self.market(name)
        held = market.position(account_id)
        whole, lot = abs(held.size), (market.mark or 0) * market.unit
        equity = money.equity(market, held)
        for closed in range(whole):
            fee = -(-closed * lot * rate // PPB)
            if 2 * (equity - fee) >= 3 * margin.maintenance((whole - closed) * lot):
                return closed
        return whole

    # The book.

    def bound(self, market: Market, held: Position) -> int:
        """Return the worst half tick: bankruptcy towards safety, and five percent of index."""
        per_lot = Fraction(held.cost - held.collateral, held.size * market.unit)
        index = market.index or 0
        if held.size > 0:
            return max(1, ceil(per_lot), ceil(Fraction(index * 95, 100)))
        return max(1, min(floor(per_lot), floor(Fraction(index * 105, 100))))

    def takers_makers(self, name: str, account_id: str) -> list[tuple[int, int]]:
        """List whom the liquidation's order may meet, the best first."""
        market = self.market(name)
        held = market.position(account_id)
        is_buy = held.size < 0
        bound = self.bound(market, held)
        limit = bound // 2 if is_buy else -(-bound // 2)
        terms = c.SubmitOrder(
            at_ms=self.at_ms,
            order_id="",
            account_id=account_id,
            market_id=name,
            side=Side.BUY if is_buy else Side.SELL,
            order_type=OrderType.LIMIT,
            quantity_lots=1,
            limit_ticks=limit,
            time_in_force=TimeInForce.IOC,
        )
        taker = Order(terms, 1 << 62, 1, 1, limit)
        if market.spec.pricing is Pricing.THREE_POINTS:
            taker = Order(terms, 1 << 62, 1, 1, Fraction(bound, 2))  # type: ignore[arg-type] # half a tick
        found = self.makers(name, taker, fresh=False)
        return [
            each
            for each in found
            if getattr(self.find(name, each[0]), "terms", terms).account_id != account_id
        ]

    def sell_into_book(self, name: str, account_id: str, rate: int) -> None:
        """Close lots against resting orders, counting anew after each."""
        met: set[int] = set()
        first = self.takers_makers(name, account_id)
        for sequence, price in first:
            lots = self.fewest(name, account_id, rate)
            if not lots:
                return
            maker = self.find(name, sequence)
            if maker is None or sequence in met or self.is_over(maker):
                continue
            met.add(sequence)
            lots = min(lots, self.tradable(name, maker))
            market = self.market(name)
            held = market.position(account_id)
            bound = self.bound(market, held)
            if lots >= self.least(maker) and (price >= bound if held.size > 0 else price <= bound):
                self.fill(name, account_id, maker, lots, price, rate)

    def fill(
        self, name: str, account_id: str, maker: Order, lots: int, price: int, rate: int
    ) -> None:
        """Trade with one maker: half of the fee for the fund, its rebate out of the other."""
        market = self.market(name)
        held = market.position(account_id)
        value = lots * price * market.unit
        fee = min(floor(Fraction(value * rate, PPB)), self.above_bankruptcy(held, lots, value))
        made = Fraction(market.spec.maker_rebate_ppb, PPB)
        rebate = floor((maker.made + value) * made) - floor(maker.made * made)
        rebate = 0 if self.fund_is_low(market) else min(rebate, fee // 2)
        taker = replace(maker, terms=self.named(maker.terms, account_id, is_buy=held.size < 0))
        if self.breaks_a_limit(market, taker, maker, lots):
            return
        try:
            side = money.planned_side(self.books, market, maker, lots, price, -rebate)
        except Impossible as failed:
            if failed.reason is not Reason.FILL_WORSENS_POSITION:
                self.cancel(name, maker, failed.reason)
            return
        self.tell("liquidated", account_id, maker.terms.order_id, price, lots, fee, side.fee)
        market.fund += fee - rebate
        is_buy = held.size < 0
        closed = self.close(market, account_id, lots, value, fee)
        maker.made += value
        turns = self.settle(name, side, lots)
        self.follow(name, side, lots, turns=turns)
        self.follow_closing(name, account_id, closed=closed, is_buy=is_buy)
        left = self.find(name, maker.sequence)
        if left is not None and self.fell_below(left):
            self.cancel(name, left, Reason.BELOW_MINIMUM)

    @staticmethod
    def named(terms: c.SubmitOrder, account_id: str, *, is_buy: bool) -> c.SubmitOrder:
        """Return terms of an order of this account and side."""
        return c.SubmitOrder(
            at_ms=terms.at_ms,
            order_id="",
            account_id=account_id,
            market_id=terms.market_id,
            side=Side.BUY if is_buy else Side.SELL,
            order_type=OrderType.MARKET,
            quantity_lots=1,
        )

    @staticmethod
    def above_bankruptcy(held: Position, lots: int, value: int) -> int:
        """Return what some lots have left when they are closed for a value."""
        share = Fraction(lots, abs(held.size))
        cost = money.towards_zero(held.cost * share)
        value = value if held.size > 0 else -value
        return max(0, floor(held.collateral * share) + value - cost)

    @staticmethod
    def fund_is_low(market: Market) -> bool:
        """Tell whether the fund is below half a percent of the open interest."""
        longs = sum(max(0, held.size) for held in market.positions.values())
        return market.fund < Fraction(longs * (market.mark or 0) * market.unit, 200)

    def close(self, market: Market, account_id: str, lots: int, value: int, fee: int) -> bool:
        """Close lots and keep what they release inside; tell whether nothing is left."""
        held = market.position(account_id)
        cost = money.towards_zero(held.cost * Fraction(lots, abs(held.size)))
        profit = (value if held.size > 0 else -value) - cost
        held.size += -lots if held.size > 0 else lots
        held.cost -= cost
        held.collateral += profit - fee
        if held.size:
            return False
        self.books.account(account_id).cash += held.collateral
        held.collateral = 0
        held.is_warned, held.is_pending, held.deferred_until = False, False, None
        return True

    def follow_closing(self, name: str, account_id: str, *, closed: bool, is_buy: bool) -> None:
        """End what a forced decrease, by buying or selling, leaves without a use."""
        market = self.market(name)
        if self.books.free(account_id) <= 0:
            self.carry(name, account_id)
        if closed and account_id in market.pairs:
            self.set_pair(name, account_id, (None, None))
        self.end_reducing(name, account_id, is_buy=is_buy)

    # What the book did not take.

    def take_over(self, name: str, account_id: str, lots: int, rate: int) -> None:
        """Let the backstop take lots; deleverage what it cannot of a deficit, owe the rest."""
        market = self.market(name)
        held = market.position(account_id)
        equity = money.equity(market, held)
        if equity >= 0:
            self.give(name, account_id, min(lots, self.backstops_room(name, held.size)), rate)
            return
        whole = abs(held.size)
        there = market.fund + self.books.global_fund
        most = min(whole, floor(Fraction(there * whole, -equity)))
        taken = min(most, self.backstops_room(name, held.size))
        needed = ceil(Fraction(-equity * taken, whole))
        if needed:
            paid = min(needed, market.fund)
            market.fund -= paid
            self.books.global_fund -= needed - paid
            held.collateral += needed
            self.tell("insured", account_id, paid, needed - paid)
        self.give(name, account_id, taken, 0)
        if taken < whole:
            self.deleverage(name, account_id)
            self.owe(name, account_id)

    def backstops_room(self, name: str, lots: int) -> int:
        """Return the most lots in a direction that keep its notional within five equities."""
        here = self.market(name)
        size = here.positions.get(BACKSTOP, Position()).size
        notional, equity = self.exposure()
        lot = (here.mark or 0) * here.unit
        opposite = abs(size) if size * lots < 0 else 0
        spare = 5 * equity - (notional - opposite * lot)
        return opposite + max(0, floor(Fraction(spare, lot)))

    def exposure(self) -> tuple[int, int]:
        """Return the backstop's notional and equity at the marks that there are."""
        notional, equity = 0, self.books.account(BACKSTOP).cash
        for market in self.books.markets.values():
            held = market.positions.get(BACKSTOP, Position())
            if held.size and market.mark is not None:
                notional += abs(held.size) * market.mark * market.unit
                equity += money.equity(market, held)
        return notional, equity

    def give(self, name: str, account_id: str, lots: int, rate: int) -> None:
        """Give lots to the backstop at the mark, and half of the fee with them."""
        if not lots:
            return
        market = self.market(name)
        held = market.position(account_id)
        value = lots * (market.mark or 0) * market.unit
        fee = min(floor(Fraction(value * rate, PPB)), self.above_bankruptcy(held, lots, value))
        reward = 0 if self.fund_is_low(market) else fee // 2
        self.tell("taken over", account_id, market.mark, lots, fee, reward)
        mine = market.position(BACKSTOP)
        is_long, before = held.size > 0, mine.size
        after, cash = money.in_cash(mine, lots if is_long else -lots, value)
        closed = self.close(market, account_id, lots, value, fee)
        mine.size, mine.cost, mine.collateral = after.size, after.cost, after.collateral
        self.books.account(BACKSTOP).cash += cash + reward
        market.fund += fee - reward
        self.follow_closing(name, account_id, closed=closed, is_buy=not is_long)
        if before * (lots if is_long else -lots) < 0:
            self.end_reducing(name, BACKSTOP, is_buy=is_long)

    def deleverage(self, name: str, account_id: str) -> None:
        """Close against the winners at exactly the bankruptcy, each within its profit."""
        is_long = self.market(name).position(account_id).size > 0
        for winner_id in self.queue(self.market(name), self.market(name).mark or 0, not is_long):
            market = self.market(name)
            held, winner = market.position(account_id), market.position(winner_id)
            if not held.size:
                return
            lots = min(abs(held.size), abs(winner.size))
            share = Fraction(lots, abs(held.size))
            signed = money.towards_zero(held.cost * share)
            signed -= money.towards_zero(held.collateral * share)
            value = signed if is_long else -signed
            cost = money.towards_zero(winner.cost * Fraction(lots, abs(winner.size)))
            profit = (value if winner.size > 0 else -value) - cost
            if value <= 0 or profit < 0:
                continue
            self.tell("deleveraged", account_id, winner_id, lots, value)
            closed = self.close(market, account_id, lots, value, 0)
            released = floor(winner.collateral * Fraction(lots, abs(winner.size)))
            winner.size += -lots if winner.size > 0 else lots
            winner.cost -= cost
            winner.collateral -= released
            self.books.account(winner_id).cash += released + profit
            if not winner.size:
                winner.is_warned, winner.is_pending, winner.deferred_until = False, False, None
            self.follow_closing(name, account_id, closed=closed, is_buy=not is_long)
            self.follow_closing(name, winner_id, closed=not winner.size, is_buy=is_long)
            self.carry(name, winner_id)

    @staticmethod
    def queue(market: Market, price: int, longs: bool) -> list[str]:  # noqa: FBT001 -- a side
        """List the winners of a side, by (mark / entry or entry / mark) x (notional / equity)."""
        ranked = []
        for name, held in market.positions.items():
            value = held.size * price * market.unit
            profit = value - held.cost
            equity = held.collateral + profit
            if name == BACKSTOP or not held.size or (held.size > 0) is not longs:
                continue
            if profit > 0 and equity > 0 and held.cost:
                gain = Fraction(value, held.cost) if longs else Fraction(held.cost, value)
                ranked.append((-gain * Fraction(abs(value), equity), name))
        return [name for _, name in sorted(ranked)]

    def owe(self, name: str, account_id: str) -> None:
        """Book a rest to the venue, and let the backstop take the lots whatever its limit."""
        market = self.market(name)
        held = market.position(account_id)
        if not held.size:
            return
        deficit = -money.equity(market, held)
        held.collateral += deficit
        market.debt += deficit
        self.tell("owed", account_id, deficit)
        self.give(name, account_id, abs(held.size), 0)

    # The backstop.

    def top_up(self, name: str) -> None:
        """Let the global fund fill the backstop up to zero, as far as it reaches."""
        there = self.books.account(BACKSTOP).cash
        if BACKSTOP in self.market(name).positions:
            there = min(there, self.exposure()[1])
        amount = min(-there, self.books.global_fund)
        if amount > 0:
            self.books.account(BACKSTOP).cash += amount
            self.books.global_fund -= amount
            self.tell("topped up", amount)

    def unwind(self, name: str) -> None:
        """Rest a reduce-only mid peg for what no order of the backstop covers."""
        market = self.market(name)
        size = market.position(BACKSTOP).size if BACKSTOP in market.positions else 0
        if not size or market.acting_state not in BY_BOOK:
            return
        covered = sum(
            order.leaves
            for order in market.orders
            if order.terms.account_id == BACKSTOP and order.is_buy is (size < 0)
        )
        if abs(size) > covered:
            self.fired(
                c.SubmitOrder(
                    at_ms=self.at_ms,
                    order_id=f"{BACKSTOP}:{name}:{self.sequence}",
                    account_id=BACKSTOP,
                    market_id=name,
                    side=Side.BUY if size < 0 else Side.SELL,
                    order_type=OrderType.PEG_MID,
                    quantity_lots=abs(size) - covered,
                    reduce_only=True,
                )
            )
