"""The slow venue: commands in, outcomes told. Acceptance, settings, prices, triggers.

Written from the rules alone, where they are silent from what docs/ENGINE.md declares. What
is not here: liquidations (`liquidation`), funding (`funding`), settings and prices (`venue`).
"""

from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from engine import commands as c
from engine.reasons import Reason
from engine.vocabulary import MarketState, OrderType, SelfTrade, TimeInForce
from tests.engine.reference import carrying, margin, money
from tests.engine.reference.matcher import Matcher
from tests.engine.reference.money import ALL_MONEY, LARGEST, Impossible
from tests.engine.reference.records import Market, Order, Position

if TYPE_CHECKING:
    from collections.abc import Callable

TAKING = (MarketState.ACTIVE, MarketState.REDUCE_ONLY, MarketState.POST_ONLY)
IMMEDIATE = (TimeInForce.IOC, TimeInForce.FOK)
SWITCH, BREAKER = "@switch ", "@breaker "


class OrderDesk(Matcher):
    """Does commands one by one."""

    def __init__(self) -> None:
        super().__init__()
        self.sequence = 1
        self.seen: dict[str, str] = {}
        self.client_ids: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {}
        self.switches: dict[str, int] = {}
        self.tries: Counter[str] = Counter()

    def do(self, command: c.Command) -> list[tuple[object, ...]]:
        """Do a command; return what is told of it, in order."""
        self.at_ms = command.at_ms
        self.books.told = []
        self.tries.clear()
        before = self.books.copy()
        doer: Callable[[Any], None] = getattr(self, f"do_{type(command).__name__}")
        try:
            doer(command)
        except Impossible as refused:
            self.books = before
            self.books.told = [("refused", refused.reason.value)]
        return self.books.told

    def tell(self, *words: object) -> None:
        """Say that something happened."""
        self.books.told.append(words)

    # Orders.

    def do_SubmitOrder(self, terms: c.SubmitOrder) -> None:  # noqa: N802 -- named for the command
        """Answer an order."""
        body = self.body(terms)
        self.enter(terms, body)

    @staticmethod
    def body(command: c.Command) -> dict[str, Any]:
        """Return what a command asks for, whenever, under whatever id and tier."""
        apart = ("at_ms", "order_id", "fee_discount_percent", "probe_limit", "deposit_wait_ms")
        body = {f: getattr(command, f) for f in command.__struct_fields__ if f not in apart}
        return body | {"": type(command).__name__}

    def enter(self, terms: c.SubmitOrder, body: dict[str, Any]) -> None:
        """Answer an order whose body is this."""
        try:
            first = self.first_outcome(terms, body)
            if first is not None:
                self.tell("repeated", terms.order_id, first)
                return
            market = self.check_shape(terms)
            if terms.trigger is None:
                self.accept(terms, body)
                return
            self.wait(market, terms, body)
        except Impossible as refused:
            if refused.reason is Reason.INSUFFICIENT_COLLATERAL and self.may_wait(terms):
                self.wait(self.market(terms.market_id), terms, body)
                return
            self.seen.setdefault(terms.order_id, terms.order_id)
            self.tell("rejected", terms.order_id, refused.reason.value)

    @staticmethod
    def may_wait(terms: c.SubmitOrder) -> bool:
        """Tell whether an order that funds do not carry waits for a deposit."""
        is_plain = terms.trigger is None and not terms.reduce_only
        return is_plain and terms.time_in_force not in IMMEDIATE and terms.deposit_wait_ms > 0

    def wait(self, market: Market, terms: c.SubmitOrder, body: dict[str, Any]) -> None:
        """Let an order wait for the mark, or for its owner's deposit."""
        self.remember(terms, body)
        market.triggers[terms.order_id] = terms
        self.tell("waits", terms.order_id)

    def let_in(self, account_id: str) -> None:
        """Try an account's orders that wait for a deposit, the longest waiting first."""
        waiting = [
            (terms.at_ms, order_id, name)
            for name, market in self.books.markets.items()
            for order_id, terms in market.triggers.items()
            if terms.account_id == account_id and terms.trigger is None
        ]
        for _, order_id, name in sorted(waiting):
            if order_id not in self.market(name).triggers:
                continue
            before, sequence = self.books.copy(), self.sequence
            terms = self.market(name).triggers.pop(order_id)
            self.tell("fires", order_id)
            try:
                self.accept(msgspec.structs.replace(terms, at_ms=self.at_ms), None)
            except Impossible as refused:
                if refused.reason is Reason.INSUFFICIENT_COLLATERAL:
                    self.books, self.sequence = before, sequence
                else:
                    self.tell("rejected", order_id, refused.reason.value)

    def first_outcome(self, terms: c.SubmitOrder, body: dict[str, Any]) -> str | None:
        """Return the order that the same ids named before; another body is refused."""
        key = (terms.account_id, terms.client_order_id or "")
        if terms.client_order_id is None or key not in self.client_ids:
            return self.seen.get(terms.order_id)
        first, known = self.client_ids[key]
        if known != body:
            raise Impossible(Reason.DUPLICATE_CLIENT_ORDER_ID)
        return first

    def remember(self, terms: c.SubmitOrder, body: dict[str, Any]) -> None:
        """Remember an order's ids."""
        self.seen[terms.order_id] = terms.order_id
        if terms.client_order_id is not None:
            key = (terms.account_id, terms.client_order_id)
            self.client_ids.setdefault(key, (terms.order_id, body))

    def check_shape(self, terms: c.SubmitOrder) -> Market:
        """Refuse an order that contradicts itself."""
        market = self.books.markets.get(terms.market_id)
        if market is None:
            raise Impossible(Reason.NOT_FOUND)
        quantity = terms.quantity_lots
        if not (0 < quantity <= LARGEST and 0 <= terms.min_quantity_lots <= quantity):
            raise Impossible(Reason.INVALID_SIZE)
        limit = terms.limit_ticks
        must, must_not = terms.order_type is OrderType.LIMIT, terms.order_type is OrderType.MARKET
        if (must and limit is None) or (must_not and limit is not None):
            raise Impossible(Reason.INVALID_PRICE)
        legs = [leg for leg in (terms.take_profit, terms.stop_loss) if leg is not None]
        good = all(self.is_price(each) for each in (limit, terms.trigger_ticks))
        if not good or not all(self.is_protection(leg) for leg in legs):
            raise Impossible(Reason.INVALID_PRICE)
        immediate = terms.time_in_force in IMMEDIATE
        wrong = (must_not and not immediate) or (immediate and terms.post_only)
        wrong |= (terms.trigger is None) is not (terms.trigger_ticks is None)
        dated = terms.time_in_force is TimeInForce.GTD
        wrong |= dated is (terms.expires_at_ms is None)
        wrong |= dated and (terms.expires_at_ms or 0) <= terms.at_ms
        wrong |= terms.leverage is not None and terms.leverage not in range(1, 1_001)
        wrong |= terms.fee_discount_percent not in range(101) or terms.order_id.startswith("@")
        if wrong:
            raise Impossible(Reason.INVALID_ORDER)
        self.check_worth(market, terms, quantity, limit)
        return market

    @staticmethod
    def is_price(ticks: int | None) -> bool:
        """Tell whether this is a price, or none at all."""
        return ticks is None or 0 < ticks <= LARGEST

    def is_protection(self, leg: c.Protection) -> bool:
        """Tell whether the prices of a leg of a pair are prices."""
        return self.is_price(leg.trigger_ticks) and self.is_price(leg.limit_ticks)

    @staticmethod
    def check_worth(market: Market, terms: c.SubmitOrder, quantity: int, limit: int | None) -> None:
        """Refuse an order that is worth more than all money, unless it only reduces."""
        price = max(market.value_price(), 2 * (limit or 0))
        if not terms.reduce_only and quantity * price * market.unit > ALL_MONEY:
            raise Impossible(Reason.INVALID_SIZE)

    def accept(
        self, terms: c.SubmitOrder, body: dict[str, Any] | None, *, probes: bool = True
    ) -> None:
        """Check, open, match, rest or end."""
        name = terms.market_id
        market = self.market(name)
        self.check_state(market, terms, probes=probes)
        order = Order(
            terms, self.sequence, terms.quantity_lots, terms.quantity_lots, terms.limit_ticks
        )
        if self.must_reduce(name, order):
            room = self.room(name, terms.account_id, is_buy=order.is_buy)
            if room < min(self.least(order), order.leaves):
                raise Impossible(Reason.REDUCE_ONLY_REJECTED)
            order.leaves = min(order.leaves, room)
        self.check_risk(market, order, replaced=0)
        self.check_reserve(market, order)
        market.orders.append(order)
        before = self.reserves(market, terms.account_id)
        money.recompute_side(self.books, market, terms.account_id, is_buy=order.is_buy)
        try:
            carrying.check(self.books, market, order, matching=self.is_matching(market))
        except Impossible:
            market.orders.remove(order)
            held = market.position(terms.account_id)
            held.buys_reserve, held.sells_reserve = before
            raise
        self.sequence += 1
        if body is not None:
            self.remember(terms, body)
        self.tell("accepted", terms.order_id, order.leaves)
        if terms.reduce_only and self.books.free(terms.account_id) <= 0:
            self.carry(name, terms.account_id)
        self.match_or_rest(name, order.sequence)

    @staticmethod
    def reserves(market: Market, account_id: str) -> tuple[int, int]:
        """Return what both sides reserve."""
        held = market.position(account_id)
        return held.buys_reserve, held.sells_reserve

    def fired(self, terms: c.SubmitOrder) -> None:
        """Let a fired trigger become an order, with the checks of now.

        Own orders give way to one that only reduces; leverage and attempts do not refuse it.
        """
        plain = msgspec.structs.replace(terms, at_ms=self.at_ms, trigger=None, trigger_ticks=None)
        if terms.reduce_only:
            plain = msgspec.structs.replace(plain, leverage=None)
            if terms.self_trade is SelfTrade.EXPIRE_TAKER:
                plain = msgspec.structs.replace(plain, self_trade=SelfTrade.EXPIRE_MAKER)
        try:
            self.accept(plain, None, probes=not terms.reduce_only)
        except Impossible as refused:
            self.tell("rejected", terms.order_id, refused.reason.value)

    def check_state(self, market: Market, terms: c.SubmitOrder, *, probes: bool = True) -> None:
        """Refuse what state, reference, probing (of whoever probes) or leverage forbid."""
        immediate = terms.time_in_force in IMMEDIATE
        state = market.acting_state
        if state not in TAKING or (state is MarketState.POST_ONLY and immediate):
            raise Impossible(Reason.MARKET_CLOSED)
        if immediate and not self.is_matching(market):
            raise Impossible(Reason.NO_REFERENCE_PRICE)
        if probes and (immediate or terms.all_or_none):
            tried = market.attempts.get(terms.account_id, [])
            if sum(at > self.at_ms - 60_000 for at in tried) >= terms.probe_limit:
                raise Impossible(Reason.PROBING_LIMIT)
        held = market.positions.get(terms.account_id, Position())
        if terms.leverage not in (None, held.leverage):
            raise Impossible(Reason.LEVERAGE_MISMATCH)

    def check_risk(self, market: Market, order: Order, *, replaced: int) -> None:
        """Refuse what could lead beyond position limit, published interest or bracket."""
        terms = order.terms
        if terms.reduce_only or market.acting_state is MarketState.REDUCE_ONLY:
            return
        held = market.positions.get(terms.account_id, Position())
        reach = self.reach(market, terms.account_id, is_buy=order.is_buy) - replaced
        reach += order.leaves
        if reach <= 0:
            return
        if held.is_pending:
            raise Impossible(Reason.LIQUIDATION_PENDING)
        if reach > market.spec.position_limit_lots:
            raise Impossible(Reason.POSITION_SIZE_EXCEEDED)
        raised = reach - max(0, held.size if order.is_buy else -held.size)
        if market.published + raised > market.spec.open_interest_limit_lots:
            raise Impossible(Reason.OPEN_INTEREST_EXCEEDED)
        self.check_leverage(market, held.leverage, reach)

    @staticmethod
    def reach(market: Market, account_id: str, *, is_buy: bool) -> int:
        """Return the signed position of a direction with its raising orders filled."""
        size = market.positions.get(account_id, Position()).size
        lots = sum(
            order.leaves
            for order in market.orders
            if order.terms.account_id == account_id
            and order.is_buy is is_buy
            and not order.terms.reduce_only
        )
        return lots + (size if is_buy else -size)

    @staticmethod
    def check_leverage(market: Market, leverage: int, lots: int) -> None:
        """Refuse a leverage above the bracket of this many lots at the mark."""
        notional = lots * market.value_price() * market.unit
        if leverage > min(market.spec.max_leverage, margin.bracket(notional)[0]):
            raise Impossible(Reason.LEVERAGE_TOO_HIGH)

    def check_reserve(self, market: Market, order: Order) -> None:
        """Refuse what the free balance does not carry; who only reduces needs none."""
        account_id = order.terms.account_id
        if order.terms.reduce_only:
            return
        held = market.positions.get(account_id, Position())
        now = held.buys_reserve if order.is_buy else held.sells_reserve
        needed = money.needed_reserve(market, account_id, is_buy=order.is_buy, extra=order)
        if needed - now > max(0, self.books.free(account_id)):
            raise Impossible(Reason.INSUFFICIENT_COLLATERAL)

    def match_or_rest(self, name: str, sequence: int) -> None:
        """Let an open order take what it may; then it rests or ends."""
        order = self.find(name, sequence)
        assert order is not None
        terms = order.terms
        matching = self.is_matching(self.market(name))
        stop = None
        if matching and not terms.post_only:
            before = self.taken(name, sequence)
            stop = self.match(name, sequence)
            if (terms.all_or_none or order.is_immediate) and self.taken(name, sequence) == before:
                self.market(name).attempts.setdefault(terms.account_id, []).append(self.at_ms)
        order = self.find(name, sequence)
        if order is None:
            return
        if order.is_immediate:
            reason = stop or Reason.UNFILLED_REMAINDER
            self.cancel(name, order, Reason.WOULD_NOT_FILL if order.wants_all else reason)
        elif stop not in (None, Reason.WOULD_NOT_FILL):
            assert stop is not None
            self.cancel(name, order, stop)
        else:
            order.resting = True
            order.restless = not matching and not terms.post_only

    def do_AmendOrder(self, command: c.AmendOrder) -> None:  # noqa: N802 -- named for the command
        """Change size or limit; only a smaller size keeps the place."""
        name, order = self.own_order(command.order_id, command.account_id)
        quantity = order.quantity if command.quantity_lots is None else command.quantity_lots
        limit = order.limit if command.limit_ticks is None else command.limit_ticks
        leaves = order.leaves + quantity - order.quantity
        if leaves <= 0 or quantity > LARGEST:
            raise Impossible(Reason.INVALID_SIZE)
        if not self.is_price(limit):
            raise Impossible(Reason.INVALID_PRICE)
        keeps = limit == order.limit and quantity <= order.quantity
        market = self.market(name)
        self.check_worth(market, order.terms, quantity, limit)
        if not keeps:
            self.check_state(market, order.terms)
            replaced = 0 if order.terms.reduce_only else order.leaves
            bigger = Order(order.terms, order.sequence, quantity, leaves, limit)
            self.check_risk(market, bigger, replaced=replaced)
        self.change(market, order, quantity, leaves, limit, keeps=keeps)
        if self.books.free(command.account_id) <= 0:
            self.carry(name, command.account_id)
        after = self.find(name, order.sequence)
        if after is None:
            return
        if not keeps and self.must_reduce(name, after):
            after = self.clamp(name, after)
            if after is None:
                return
        if after.leaves < self.least(after):
            self.cancel(name, after, Reason.BELOW_MINIMUM)
        elif not keeps:
            self.match_or_rest(name, after.sequence)

    def change(
        self,
        market: Market,
        order: Order,
        quantity: int,
        leaves: int,
        limit: int | None,
        *,
        keeps: bool,
    ) -> None:
        """Make an amendment true, or refuse what the free balance does not carry."""
        account_id = order.terms.account_id
        held = market.position(account_id)
        now = held.buys_reserve if order.is_buy else held.sells_reserve
        order.quantity, order.leaves, order.limit = quantity, leaves, limit
        if keeps:
            order.restless = order.restless or order.resting
        else:
            market.orders.remove(order)
            order.sequence, order.resting, order.restless = self.sequence, False, False
            market.orders.append(order)
        needed = money.needed_reserve(market, account_id, is_buy=order.is_buy, extra=None)
        raises = not keeps and not order.terms.reduce_only
        if raises and needed - now > max(0, self.books.free(account_id)):
            raise Impossible(Reason.INSUFFICIENT_COLLATERAL)
        money.recompute_side(self.books, market, account_id, is_buy=order.is_buy)
        if not keeps:
            carrying.check(self.books, market, order, matching=self.is_matching(market))
        self.sequence += not keeps
        self.tell("amended", order.terms.order_id, quantity)

    def own_order(self, order_id: str, account_id: str) -> tuple[str, Order]:
        """Return an open order of the account and its market, or refuse."""
        for name, market in self.books.markets.items():
            for order in market.orders:
                if order.terms.order_id == order_id and order.terms.account_id == account_id:
                    return name, order
        raise Impossible(Reason.ORDER_NOT_OPEN)

    def do_CancelOrder(self, command: c.CancelOrder) -> None:  # noqa: N802 -- named for the command
        """Cancel an order or a waiting trigger."""
        for market in self.books.markets.values():
            waiting = market.triggers.get(command.order_id)
            if waiting is not None and waiting.account_id == command.account_id:
                self.end_trigger(market, command.order_id)
                return
        name, order = self.own_order(command.order_id, command.account_id)
        self.cancel(name, order, Reason.USER_REQUEST)

    def end_trigger(self, market: Market, order_id: str) -> None:
        """Let a waiting trigger go."""
        del market.triggers[order_id]
        self.tell("trigger gone", order_id)

    def do_CancelAll(self, command: c.CancelAll) -> None:  # noqa: N802 -- named for the command
        """Cancel all orders and triggers."""
        for name in sorted(self.books.markets):
            if command.market_id in (None, name):
                reason = Reason.CANCEL_ALL_AFTER if command.as_switch else Reason.USER_REQUEST
                self.cancel_all(name, command.account_id, reason, spare=command.as_switch)

    def cancel_all(self, name: str, account_id: str, reason: Reason, *, spare: bool) -> None:
        """Cancel an account's orders and triggers in a market, in order of entry."""
        for order in list(self.market(name).orders):
            still = self.find(name, order.sequence)
            if still is not None and still.terms.account_id == account_id:
                self.cancel(name, still, reason)
        waiting = self.market(name).triggers
        for order_id in sorted(waiting):
            terms = waiting[order_id]
            if terms.account_id == account_id and not (spare and terms.reduce_only):
                self.end_trigger(self.market(name), order_id)

    def do_ArmCancelAllAfter(self, command: c.ArmCancelAllAfter) -> None:  # noqa: N802 -- named for it
        """Arm or disarm the switch."""
        if command.timeout_ms and not 1_000 <= command.timeout_ms <= 300_000:
            raise Impossible(Reason.INVALID_AMOUNT)
        self.switches.pop(command.account_id, None)
        if command.timeout_ms:
            self.switches[command.account_id] = command.at_ms + command.timeout_ms

    def do_ExpireDue(self, command: c.ExpireDue) -> None:  # noqa: N802 -- named for the command
        """Do what is due, the earliest first, ties by name."""
        due = [(at, SWITCH + account_id) for account_id, at in self.switches.items()]
        for name, market in self.books.markets.items():
            if market.breaker_until is not None:
                due.append((market.breaker_until, BREAKER + name))
            terms = [order.terms for order in market.orders] + list(market.triggers.values())
            due += [
                (each.expires_at_ms, each.order_id)
                for each in terms
                if each.expires_at_ms is not None
            ]
            due += [
                (each.at_ms + each.deposit_wait_ms, each.order_id)
                for each in market.triggers.values()
                if each.trigger is None
            ]
        for at, name in sorted(due):
            if at > command.at_ms:
                break
            if name.startswith(SWITCH):
                self.fire(name.removeprefix(SWITCH))
            elif name.startswith(BREAKER):
                self.release(name.removeprefix(BREAKER))
            else:
                self.expire(name)

    def fire(self, account_id: str) -> None:
        """Fire an account's switch."""
        del self.switches[account_id]
        for name in sorted(self.books.markets):
            self.cancel_all(name, account_id, Reason.CANCEL_ALL_AFTER, spare=True)

    def release(self, name: str) -> None:
        """Let a market's breaker run out."""
        before = self.market(name).acting_state
        self.market(name).breaker_until = None
        self.follow_state(name, before)

    def follow_state(self, name: str, before: MarketState) -> None:
        """Cancel what the new state does not carry, uncross what it lets trade."""
        now = self.market(name).acting_state
        if now is before:
            return
        if now is MarketState.DELISTED:
            for order in list(self.market(name).orders):
                if self.find(name, order.sequence) is not None:
                    self.cancel(name, order, Reason.MARKET_DELISTED)
            for order_id in sorted(self.market(name).triggers):
                self.end_trigger(self.market(name), order_id)
        if now is MarketState.REDUCE_ONLY:
            for order in list(self.market(name).orders):
                if self.find(name, order.sequence) is None:
                    continue
                if not self.room(name, order.terms.account_id, is_buy=order.is_buy):
                    self.cancel(name, order, Reason.MARKET_REDUCE_ONLY)
        self.uncross(name)

    def expire(self, order_id: str) -> None:
        """Expire an order or trigger that is still there."""
        for name, market in self.books.markets.items():
            if order_id in market.triggers:
                terms = market.triggers[order_id]
                if terms.trigger is None and (terms.expires_at_ms or self.at_ms + 1) > self.at_ms:
                    del market.triggers[order_id]
                    self.tell("fires", order_id)
                    self.fired(terms)
                else:
                    self.end_trigger(market, order_id)
                return
            for order in market.orders:
                if order.terms.order_id == order_id:
                    self.cancel(name, order, Reason.EXPIRED)
                    return
