"""The slow matcher: every resting order is looked at, every plan runs on a copy.

Written from the rules alone. What is not here: acceptance and commands (`venue`).
"""

from fractions import Fraction
from math import ceil, floor

from engine.reasons import Reason
from engine.vocabulary import MarketState, MinQuantityMode, Pricing, SelfTrade
from tests.engine.reference import money
from tests.engine.reference.money import Impossible, Side
from tests.engine.reference.records import Books, Market, Order, Pair, Position

MATCHING = (MarketState.ACTIVE, MarketState.REDUCE_ONLY)


class Matcher:
    """Matches on books that it may copy and bring back."""

    def __init__(self) -> None:
        self.books = Books()
        self.at_ms = 0

    def market(self, name: str) -> Market:
        """Return a market as it is now; plans may have replaced the object."""
        return self.books.markets[name]

    def find(self, name: str, sequence: int) -> Order | None:
        """Return an open order as it is now."""
        for order in self.market(name).orders:
            if order.sequence == sequence:
                return order
        return None

    def is_matching(self, market: Market) -> bool:
        """Tell whether anything may execute."""
        fresh = market.bid is not None and self.at_ms - market.quoted_at <= 1_500
        return fresh and market.acting_state in MATCHING

    def is_over(self, order: Order) -> bool:
        """Tell whether an order's moment has come, so that it trades no more."""
        return order.terms.expires_at_ms is not None and order.terms.expires_at_ms <= self.at_ms

    # Ends.

    def cancel(self, name: str, order: Order, reason: Reason) -> None:
        """End an order, and others that cash no longer carries."""
        market, account_id = self.market(name), order.terms.account_id
        self.books.told.append(("canceled", order.terms.order_id, order.leaves, reason.value))
        market.orders.remove(order)
        money.recompute_side(self.books, market, account_id, is_buy=order.is_buy)
        if self.books.free(account_id) <= 0:
            self.carry(name, account_id)

    def reduce(self, name: str, order: Order, lots: int, reason: Reason) -> Order | None:
        """Cancel some lots of an order, or all."""
        if lots >= order.leaves:
            self.cancel(name, order, reason)
            return None
        order.leaves -= lots
        self.books.told.append(("reduced", order.terms.order_id, lots, reason.value))
        market = self.market(name)
        money.recompute_side(self.books, market, order.terms.account_id, is_buy=order.is_buy)
        return order

    def must_reduce(self, name: str, order: Order) -> bool:
        """Tell whether an order may only reduce now."""
        state = self.market(name).acting_state
        return order.terms.reduce_only or state is MarketState.REDUCE_ONLY

    def room(self, name: str, account_id: str, *, is_buy: bool) -> int:
        """Return the lots that a direction could close."""
        size = self.market(name).positions.get(account_id, Position()).size
        return max(0, -size if is_buy else size)

    def clamp(self, name: str, order: Order) -> Order | None:
        """Clamp a reducing order to the position; below its minimum it ends."""
        room = self.room(name, order.terms.account_id, is_buy=order.is_buy)
        if room >= order.leaves:
            return order
        if room < self.least(order):
            self.cancel(name, order, Reason.REDUCE_ONLY)
            return None
        return self.reduce(name, order, order.leaves - room, Reason.REDUCE_ONLY)

    @staticmethod
    def least(order: Order) -> int:
        """Return the fewest lots for which an order stands."""
        terms = order.terms
        least = terms.min_quantity_lots
        if terms.min_quantity_mode is MinQuantityMode.FIRST:
            least = min(least, order.leaves)
        return max(least, order.leaves if terms.all_or_none else 1)

    def tradable(self, name: str, order: Order) -> int:
        """Return the lots that an order may trade now: what it may reduce, if it must."""
        if not self.must_reduce(name, order):
            return order.leaves
        room = self.room(name, order.terms.account_id, is_buy=order.is_buy)
        return min(room, order.leaves)

    def end_reducing(self, name: str, account_id: str, *, is_buy: bool) -> None:
        """After a decrease end what could only reduce, and not so little."""
        room = self.room(name, account_id, is_buy=is_buy)
        closed = room == 0 and self.market(name).acting_state is MarketState.REDUCE_ONLY
        for sequence in [order.sequence for order in self.market(name).orders]:
            order = self.find(name, sequence)
            if order is None or order.terms.account_id != account_id or order.is_buy is not is_buy:
                continue
            if closed or (order.terms.reduce_only and self.least(order) > room):
                self.cancel(name, order, Reason.REDUCE_ONLY)

    def carry(self, name: str, account_id: str) -> None:
        """Cancel the youngest reserving orders here until cash carries the rest."""
        while True:
            market = self.market(name)
            held = market.position(account_id)
            needs = [
                money.needed_reserve(market, account_id, is_buy=side, extra=None)
                for side in (True, False)
            ]
            room = held.buys_reserve + held.sells_reserve + self.books.free(account_id)
            if sum(needs) <= max(0, room):
                held.buys_reserve, held.sells_reserve = needs
                return
            found = [
                order
                for order in market.orders
                if order.terms.account_id == account_id
                and not order.terms.reduce_only
                and needs[0 if order.is_buy else 1] > 0
            ]
            youngest = max(found, key=lambda order: order.sequence)
            self.cancel(name, youngest, Reason.INSUFFICIENT_COLLATERAL)

    # Prices.

    def price(self, market: Market, taker: Order, maker: Order) -> int | None:
        """Return the price of an execution, or None for no trade."""
        if market.spec.pricing is Pricing.LIMIT_MIDPOINT:
            return self.midpoint(market, taker, maker)
        both = market.admitted(taker) & market.admitted(maker)
        for point in market.points():
            if point in both:
                return point
        return None

    @staticmethod
    def midpoint(market: Market, taker: Order, maker: Order) -> int | None:
        """Return the average of two limits, to the half tick towards the maker's."""
        assert market.bid is not None
        assert market.ask is not None
        taken, made = market.effective_limit(taker), market.effective_limit(maker)
        if made is None:
            return None
        buy = taken if taker.is_buy else made
        sell = made if taker.is_buy else taken
        if buy is not None and sell is not None and buy < sell:
            return None
        exact = Fraction(made if taken is None else made + taken, 1 if taken is None else 2)
        price = floor(exact) if taker.is_buy else ceil(exact)
        collar = Fraction(market.spec.collar_ppb, 10**9)
        price = max(price, ceil(2 * market.bid * (1 - collar)))
        price = min(price, floor(2 * market.ask * (1 + collar)))
        if (buy is not None and price > buy) or (sell is not None and price < sell):
            return None
        buyer, seller = (taker, maker) if taker.is_buy else (maker, taker)
        if buyer.terms.nbbo_protection and price > 2 * market.ask:
            return None
        if seller.terms.nbbo_protection and price < 2 * market.bid:
            return None
        return price

    def makers(self, name: str, taker: Order, *, fresh: bool) -> list[tuple[int, int]]:
        """List (sequence, price) of all older opposite orders, the best for the taker first."""
        market = self.market(name)
        found = []
        for maker in market.orders:
            if maker.is_buy is taker.is_buy or not maker.resting or (fresh and not maker.restless):
                continue
            if maker.sequence >= taker.sequence or market.bid is None:
                continue
            price = self.price(market, taker, maker)
            if price is not None:
                best = price
                if market.spec.pricing is Pricing.LIMIT_MIDPOINT:
                    best = market.effective_limit(maker) or 0
                found.append((best if taker.is_buy else -best, maker.sequence, price))
        return [(sequence, price) for _, sequence, price in sorted(found)]

    # Matching.

    def match(self, name: str, sequence: int, *, fresh: bool = False) -> Reason | None:
        """Let an order take (with `fresh` from restless ones only); say why its rest must end."""
        order = self.find(name, sequence)
        assert order is not None
        if self.is_over(order):
            return None
        least = 1
        if order.wants_all:
            least = order.leaves
        elif order.terms.min_quantity_mode is MinQuantityMode.FIRST:
            least = min(order.terms.min_quantity_lots, order.leaves)
        before, so_far = self.books.copy(), self.taken(name, sequence)
        stop = self.take(name, sequence, fresh=fresh)
        if self.taken(name, sequence) - so_far >= least or least <= 1:
            return stop
        self.books = before
        return Reason.WOULD_NOT_FILL

    def taken(self, name: str, sequence: int) -> int:
        """Sum what an order took so far, by what was told."""
        del name
        return sum(told[4] for told in self.books.told if told[0] == "fill" and told[6] == sequence)  # type: ignore[misc] # a told tuple's places have the types of its kind

    def take(self, name: str, sequence: int, *, fresh: bool) -> Reason | None:
        """Meet makers one by one, the list made anew after each."""
        met: set[int] = set()
        while True:
            taker = self.find(name, sequence)
            if taker is None:
                return None
            rest = [each for each in self.makers(name, taker, fresh=fresh) if each[0] not in met]
            if not rest:
                return None
            met.add(rest[0][0])
            stop = self.meet(name, taker, rest[0])
            if stop is not None:
                return stop

    def meet(self, name: str, taker: Order, at: tuple[int, int]) -> Reason | None:
        """Try one maker."""
        maker = self.find(name, at[0])
        assert maker is not None
        if self.is_over(maker):
            return None
        lots = min(self.tradable(name, taker), self.tradable(name, maker))
        if lots < self.least(maker) or (
            taker.terms.min_quantity_mode is MinQuantityMode.EACH
            and lots < taker.terms.min_quantity_lots
        ):
            return None
        if maker.terms.account_id == taker.terms.account_id:
            return self.prevent_self_trade(name, taker, maker)
        return self.trade(name, taker, maker, lots, at[1])

    def prevent_self_trade(self, name: str, taker: Order, maker: Order) -> Reason | None:
        """Do what the newer order's mode says."""
        newer = max(taker, maker, key=lambda order: order.sequence)
        mode = newer.terms.self_trade
        if mode is SelfTrade.DECREMENT and (taker.wants_all or maker.wants_all):
            mode = SelfTrade.EXPIRE_TAKER
        if mode is SelfTrade.EXPIRE_TAKER:
            return Reason.SELF_TRADE
        if mode is SelfTrade.DECREMENT:
            common = min(taker.leaves, maker.leaves)
            for sequence in (maker.sequence, taker.sequence):
                order = self.find(name, sequence)
                if order is not None:
                    self.reduce(name, order, common, Reason.SELF_TRADE)
            return None
        self.cancel(name, maker, Reason.SELF_TRADE)
        return Reason.SELF_TRADE if mode is SelfTrade.EXPIRE_BOTH else None

    def trade(self, name: str, taker: Order, maker: Order, lots: int, price: int) -> Reason | None:
        """Plan both sides and do it, or say who fails."""
        market = self.market(name)
        if self.breaks_a_limit(market, taker, maker, lots):
            return None
        value = lots * price * market.unit
        rate = ceil(
            Fraction(market.spec.taker_fee_ppb * (100 - taker.terms.fee_discount_percent), 100)
        )
        fee = ceil(Fraction((taker.taken + value) * rate, 10**9))
        fee -= ceil(Fraction(taker.taken * rate, 10**9))
        try:
            taking = money.planned_side(self.books, market, taker, lots, price, fee)
        except Impossible as failed:
            return None if failed.reason is Reason.FILL_WORSENS_POSITION else failed.reason
        rate = market.spec.maker_rebate_ppb
        rebate = floor(Fraction((maker.made + value) * rate, 10**9))
        rebate = min(rebate - floor(Fraction(maker.made * rate, 10**9)), taking.fee)
        try:
            making = money.planned_side(self.books, market, maker, lots, price, -rebate)
        except Impossible as failed:
            if failed.reason is not Reason.FILL_WORSENS_POSITION:
                self.cancel(name, maker, failed.reason)
            return None
        self.books.fees += taking.fee + making.fee
        ids = (taker.terms.order_id, maker.terms.order_id)
        fees = (taking.fee, making.fee)
        self.books.told.append(("fill", *ids, price, lots, fees, taker.sequence))
        taker.taken += value
        maker.made += value
        turned = [self.settle(name, side, lots) for side in (taking, making)]
        for side, turns in ((making, turned[1]), (taking, turned[0])):
            self.follow(name, side, lots, turns=turns)
        return self.end_below_minimum(name, taker.sequence, maker.sequence)

    def follow(self, name: str, side: Side, lots: int, *, turns: bool) -> None:
        """Do what a fill leads to for one side: orders that end, triggers that go or come."""
        market, terms = self.market(name), side.order.terms
        if self.books.free(terms.account_id) <= 0:
            self.carry(name, terms.account_id)
        if turns and terms.account_id in market.pairs:
            self.set_pair(name, terms.account_id, (None, None))
        before = side.after.size - (lots if side.order.is_buy else -lots)
        if before < 0 if side.order.is_buy else before > 0:
            self.end_reducing(name, terms.account_id, is_buy=side.order.is_buy)
        if side.opened and (terms.take_profit is not None or terms.stop_loss is not None):
            self.set_pair(name, terms.account_id, (terms.take_profit, terms.stop_loss))

    def set_pair(self, name: str, account_id: str, pair: Pair) -> None:
        """Set or clear a position's take-profit and stop-loss."""
        pairs = self.market(name).pairs
        pairs.pop(account_id, None)
        if pair != (None, None):
            pairs[account_id] = pair
        prices = [None if leg is None else leg.trigger_ticks for leg in pair]
        self.books.told.append(("pair", account_id, *prices))

    def breaks_a_limit(self, market: Market, taker: Order, maker: Order, lots: int) -> bool:
        """Tell whether a trade would pass the market's open interest or stress limit."""
        sizes = {key: held.size for key, held in market.positions.items()}
        weights = {key: self.weight(market, held) for key, held in market.positions.items()}
        after = dict(sizes)
        for order in (taker, maker):
            account_id = order.terms.account_id
            after[account_id] = after.get(account_id, 0) + (lots if order.is_buy else -lots)
            weights.setdefault(account_id, self.weight(market, Position()))
        longs = sum(max(0, size) for size in sizes.values())
        then = sum(max(0, size) for size in after.values())
        if then > longs and then > market.spec.open_interest_limit_lots:
            return True
        for sign in (1, -1):
            was = sum(max(0, sign * size) * weights[key] for key, size in sizes.items())
            now = sum(max(0, sign * size) * weights[key] for key, size in after.items())
            if now > was and now * market.value_price() * market.unit > market.fund:
                return True
        return False

    @staticmethod
    def weight(market: Market, held: Position) -> Fraction:
        """Return max(0, gap - 1/leverage) of a position."""
        gap = Fraction(market.spec.stress_gap_ppb, 10**9)
        return max(Fraction(0), gap - Fraction(10**9 // held.leverage, 10**9))

    def settle(self, name: str, side: Side, lots: int) -> bool:
        """Make one side true; tell whether the position closed or turned around."""
        market = self.market(name)
        order = side.order
        account_id = order.terms.account_id
        held = market.position(account_id)
        turns = held.size != 0 and held.size * side.after.size <= 0
        held.size, held.cost = side.after.size, side.after.cost
        held.collateral = side.after.collateral
        if held.size == 0:
            held.is_warned, held.is_pending, held.deferred_until = False, False, None
        self.books.account(account_id).cash += side.cash
        order.leaves -= lots
        order.filled += lots
        order.opened += side.opened
        if order.leaves == 0:
            market.orders.remove(order)
        money.recompute_both(self.books, market, account_id)
        return turns

    def end_below_minimum(self, name: str, taker: int, maker: int) -> Reason | None:
        """Cancel leaves below the minimum; say whether the taker's are."""
        left = self.find(name, maker)
        if left is not None and self.fell_below(left):
            self.cancel(name, left, Reason.BELOW_MINIMUM)
        left = self.find(name, taker)
        return Reason.BELOW_MINIMUM if left is not None and self.fell_below(left) else None

    @staticmethod
    def fell_below(order: Order) -> bool:
        """Tell whether leaves are below the minimum of each execution."""
        terms = order.terms
        each = terms.min_quantity_mode is MinQuantityMode.EACH
        return each and order.leaves < terms.min_quantity_lots

    def uncross(self, name: str) -> None:
        """Let orders that may act take from older ones, until nothing trades."""
        market = self.market(name)
        by_limits = market.spec.pricing is Pricing.LIMIT_MIDPOINT
        if not self.is_matching(market):
            return
        while True:
            traded = len([told for told in self.books.told if told[0] == "fill"])
            for sequence in [order.sequence for order in self.market(name).orders]:
                order = self.find(name, sequence)
                if order is None or not order.resting or order.terms.post_only:
                    continue
                if by_limits or self.may_act(name, order):
                    self.act(name, order, fresh=not (by_limits or order.restless))
            if traded == len([told for told in self.books.told if told[0] == "fill"]):
                break
        for order in self.market(name).orders:
            order.restless = False

    def may_act(self, name: str, order: Order) -> bool:
        """Tell whether an order is restless, or an older opposite one that it can meet is."""
        if order.restless:
            return True
        market = self.market(name)
        return any(
            other.restless
            and other.is_buy is not order.is_buy
            and other.sequence < order.sequence
            and market.admitted(other) & market.admitted(order)
            for other in market.orders
        )

    def act(self, name: str, order: Order, *, fresh: bool) -> None:
        """Let one resting order take, and end it if it must end."""
        if not self.makers(name, order, fresh=fresh):
            return
        stop = self.match(name, order.sequence, fresh=fresh)
        left = self.find(name, order.sequence)
        if stop not in (None, Reason.WOULD_NOT_FILL) and left is not None:
            assert stop is not None
            self.cancel(name, left, stop)
