"""The slow venue's other commands: settings, prices, states.

What is not here: orders (`orders`), money (`funding`), liquidations (`liquidation`).
"""

from fractions import Fraction
from math import ceil

from engine import commands as c
from engine.reasons import Reason
from engine.state import BACKSTOP
from engine.vocabulary import MarketState, OrderType, Side, TimeInForce, TriggerKind
from tests.engine.reference import margin, money
from tests.engine.reference.funding import Treasury
from tests.engine.reference.money import ALL_MONEY, ALL_WORTH, LARGEST, Impossible
from tests.engine.reference.records import Market, Position


class Venue(Treasury):
    """Everything that the comparison needs."""

    def do_SetLeverage(self, command: c.SetLeverage) -> None:  # noqa: N802 -- named for the command
        """Set the leverage if position and orders pass."""
        market = self.known(command.market_id)
        leverage, who = command.leverage, command.account_id
        if not 1 <= leverage <= 1_000:
            raise Impossible(Reason.INVALID_AMOUNT)
        held = market.position(who)
        ordered = any(order.terms.account_id == who for order in market.orders)
        if market.mark is None and (held.size or ordered):
            raise Impossible(Reason.MARKET_CLOSED)
        reach = max(
            abs(held.size),
            self.reach(market, who, is_buy=True),
            self.reach(market, who, is_buy=False),
        )
        self.check_leverage(market, leverage, reach)
        if held.size:
            self.check_margin(market, held, leverage, 0)
            self.check_stress(market, held, leverage)
        held.leverage = leverage
        money.recompute_both(self.books, market, who)
        self.carry(command.market_id, who)

    def check_stress(self, market: Market, held: Position, leverage: int) -> None:
        """Refuse a leverage that takes a side's stress loss beyond the fund."""
        side = [p for p in market.positions.values() if p.size * held.size > 0]
        was = sum(self.weight(market, p) * abs(p.size) for p in side)
        new = Position(leverage, held.size)
        now = was + (self.weight(market, new) - self.weight(market, held)) * abs(held.size)
        risk = now * market.value_price() * market.unit
        if now > was and risk > market.fund:
            raise Impossible(Reason.STRESS_LIMIT_EXCEEDED)

    @staticmethod
    def check_margin(market: Market, held: Position, leverage: int, taken: int) -> None:
        """Refuse if collateral or equity falls below initial margin at the mark."""
        if held.is_pending:
            raise Impossible(Reason.LIQUIDATION_PENDING)
        after = with_less(held, taken)
        notional = abs(held.size) * market.value_price() * market.unit
        needed = margin.initial(notional, min(leverage, margin.bracket(notional)[0]))
        if min(after.collateral, money.equity(market, after)) < needed:
            raise Impossible(Reason.INSUFFICIENT_COLLATERAL)

    def do_MoveMargin(self, command: c.MoveMargin) -> None:  # noqa: N802 -- named for the command
        """Move margin in or out."""
        market = self.known(command.market_id)
        held = market.position(command.account_id)
        amount = command.amount_micro
        self.check_id(command.transfer_id)
        if amount == 0 or abs(amount) > ALL_MONEY or not held.size:
            raise Impossible(Reason.INVALID_AMOUNT)
        if amount > 0 and amount > self.books.free(command.account_id):
            raise Impossible(Reason.INSUFFICIENT_FUNDS)
        if amount < 0:
            if market.acting_state in (MarketState.HALTED, MarketState.DELISTED):
                raise Impossible(Reason.MARKET_CLOSED)
            self.check_margin(market, held, held.leverage, -amount)
        self.used.add(command.transfer_id)
        held.collateral += amount
        self.books.account(command.account_id).cash -= amount

    def do_ClosePosition(self, command: c.ClosePosition) -> None:  # noqa: N802 -- named for the command
        """Close by a reduce-only order."""
        market = self.books.markets.get(command.market_id)
        held = Position() if market is None else market.position(command.account_id)
        is_limit = command.limit_ticks is not None
        quantity = abs(held.size) if command.quantity_lots is None else command.quantity_lots
        terms = c.SubmitOrder(
            at_ms=command.at_ms,
            order_id=command.order_id,
            account_id=command.account_id,
            market_id=command.market_id,
            side=Side.SELL if held.size > 0 else Side.BUY,
            order_type=OrderType.LIMIT if is_limit else OrderType.MARKET,
            quantity_lots=quantity,
            limit_ticks=command.limit_ticks,
            time_in_force=TimeInForce.GTC if is_limit else TimeInForce.IOC,
            reduce_only=True,
            client_order_id=command.client_order_id,
            fee_discount_percent=command.fee_discount_percent,
            probe_limit=command.probe_limit,
        )
        if held.size == 0 and command.order_id not in self.seen:
            self.seen[command.order_id] = command.order_id
            self.tell("rejected", command.order_id, Reason.REDUCE_ONLY_REJECTED.value)
            return
        self.enter(terms, self.body(command))

    def do_HandOverPosition(self, command: c.HandOverPosition) -> None:  # noqa: N802 -- named for the command
        """Let the backstop take what a leaver holds, for the taker's fee."""
        name, who = command.market_id, command.account_id
        market = self.known(name)
        held = market.positions.get(who, Position())
        if not held.size or who == BACKSTOP:
            raise Impossible(Reason.REDUCE_ONLY_REJECTED)
        if market.acting_state in (MarketState.HALTED, MarketState.DELISTED):
            raise Impossible(Reason.MARKET_CLOSED)
        if self.at_ms - market.quoted_at > 1_500 and not market.stands_still:
            raise Impossible(Reason.NO_REFERENCE_PRICE)
        if self.is_short(market, held):
            raise Impossible(Reason.LIQUIDATION_PENDING)
        lots = min(abs(held.size), self.backstops_room(name, held.size))
        if lots == 0:
            raise Impossible(Reason.POSITION_SIZE_EXCEEDED)
        value = lots * (market.mark or 0) * market.unit
        fee = ceil(Fraction(value * market.spec.taker_fee_ppb, 10**9))
        money.check_decrease(market, held, money.decreased(held, lots, value, fee)[0])
        for order in list(market.orders):
            if order.terms.account_id == who and self.find(name, order.sequence):
                self.cancel(name, order, Reason.USER_REQUEST)
        self.hand_over(name, who, lots, fee)
        self.top_up(name)
        self.unwind(name)

    def hand_over(self, name: str, who: str, lots: int, fee: int) -> None:
        """Move lots from a leaver to the backstop at the mark."""
        market = self.market(name)
        held, mine = market.position(who), market.position(BACKSTOP)
        is_long, before = held.size > 0, mine.size
        value = lots * (market.mark or 0) * market.unit
        left, freed, paid = money.decreased(held, lots, value, fee)
        taken, cash = money.in_cash(mine, lots if is_long else -lots, value)
        self.tell("handed over", who, market.mark, lots, paid)
        held.size, held.cost, held.collateral = left.size, left.cost, left.collateral
        mine.size, mine.cost, mine.collateral = taken.size, taken.cost, taken.collateral
        self.books.account(who).cash += freed
        self.books.account(BACKSTOP).cash += cash
        self.books.fees += paid
        if not held.size:
            held.is_warned, held.is_pending, held.deferred_until = False, False, None
        self.follow_closing(name, who, closed=not held.size, is_buy=not is_long)
        if before * (lots if is_long else -lots) < 0:
            self.end_reducing(name, BACKSTOP, is_buy=is_long)

    # The venue.

    def do_ListMarket(self, command: c.ListMarket) -> None:  # noqa: N802 -- named for the command
        """List a market."""
        self.check_spec(command.spec)
        if command.spec.market_id in self.books.markets:
            raise Impossible(Reason.DUPLICATE_ID)
        if command.insurance_micro < 0:
            raise Impossible(Reason.INVALID_AMOUNT)
        self.bring(command.insurance_micro)
        self.books.markets[command.spec.market_id] = Market(
            command.spec, command.state, command.insurance_micro
        )

    @staticmethod
    def check_spec(spec: c.MarketSpec) -> None:
        """Refuse a market whose constants are out of their bounds."""
        rates = (spec.maker_rebate_ppb, spec.taker_fee_ppb, spec.stress_gap_ppb, spec.collar_ppb)
        limits = (spec.position_limit_lots, spec.open_interest_limit_lots)
        good = spec.tick_lot_micro in range(2, LARGEST + 1, 2)
        good &= all(rate in range(10**9) for rate in rates)
        good &= spec.maker_rebate_ppb <= spec.taker_fee_ppb
        good &= all(limit in range(LARGEST + 1) for limit in limits)
        if not good or spec.max_leverage not in range(1, 1_001):
            raise Impossible(Reason.INVALID_AMOUNT)

    def do_PublishOpenInterest(self, command: c.PublishOpenInterest) -> None:  # noqa: N802 -- for it
        """Publish the open interest."""
        self.at_ms = command.at_ms
        for market in self.books.markets.values():
            market.published = self.open_interest(market)

    # States and prices.

    def do_SetMarketState(self, command: c.SetMarketState) -> None:  # noqa: N802 -- named for it
        """Open, pause or close a market."""
        market = self.known(command.market_id)
        before = market.acting_state
        if market.state is MarketState.DELISTED:
            raise Impossible(Reason.MARKET_CLOSED)
        if market.state is MarketState.HALTED and command.state is not MarketState.HALTED:
            market.grace_until = self.at_ms + 60_000
        market.state, market.hours_closed = command.state, command.hours_closed
        self.follow_state(command.market_id, before)

    def do_SetMarketLimits(self, command: c.SetMarketLimits) -> None:  # noqa: N802 -- for it
        """Change limits, fees or pricing."""
        market = self.known(command.spec.market_id)
        self.check_spec(command.spec)
        if command.spec.tick_lot_micro != market.spec.tick_lot_micro:
            raise Impossible(Reason.INVALID_AMOUNT)
        market.spec = command.spec
        self.uncross(command.spec.market_id)

    def do_TripBreaker(self, command: c.TripBreaker) -> None:  # noqa: N802 -- named for the command
        """Let a market only reduce for a while."""
        market = self.known(command.market_id)
        if command.until_ms <= command.at_ms:
            raise Impossible(Reason.INVALID_AMOUNT)
        before = market.acting_state
        market.breaker_until = command.until_ms
        self.follow_state(command.market_id, before)

    def do_MoveReferences(self, command: c.MoveReferences) -> None:  # noqa: N802 -- named for it
        """Take over prices market by market."""
        for move in command.moves:
            wrong = self.wrong_with(move)
            if wrong is not None:
                self.tell("refused", wrong.value)
            elif not self.market(move.market_id).stands_still:
                self.move(move)

    def wrong_with(self, move: c.ReferenceMove) -> Reason | None:
        """Say why these can be no prices, if so."""
        if move.market_id not in self.books.markets:
            return Reason.NOT_FOUND
        market = self.market(move.market_id)
        spread, worth = (
            (move.bid_ticks, move.ask_ticks),
            (move.index_half_ticks, move.mark_half_ticks),
        )
        for pair in (spread, worth):
            if (pair[0] is None) is not (pair[1] is None):
                return Reason.INVALID_PRICE
        halves = [2 * ticks for ticks in spread if ticks is not None]
        if halves and halves[0] >= halves[1]:
            return Reason.INVALID_PRICE
        halves += [price for price in worth if price is not None]
        if not all(0 < half <= 2 * LARGEST for half in halves):
            return Reason.INVALID_PRICE
        lots = max(1, self.open_interest(market))
        if max(halves, default=0) * market.unit * lots > ALL_WORTH:
            return Reason.INVALID_PRICE
        return None

    def move(self, move: c.ReferenceMove) -> None:
        """Take over one market's prices: uncross, fire triggers, liquidate."""
        market = self.market(move.market_id)
        before = market.acting_state
        points = {order.sequence: len(market.admitted(order)) for order in market.orders}
        market.bid, market.ask, market.quoted_at = move.bid_ticks, move.ask_ticks, move.quoted_at_ms
        longs = any(held.size > 0 for held in market.positions.values())
        if market.index is None and move.index_half_ticks is not None and longs:
            market.grace_until = self.at_ms + 60_000
        market.index, market.mark = move.index_half_ticks, move.mark_half_ticks
        market.dispersion = move.dispersion_ppb
        for order in market.orders:
            gained = len(market.admitted(order)) > points[order.sequence]
            order.restless = order.restless or (order.resting and gained)
        self.follow_state(move.market_id, before)
        self.uncross(move.market_id)
        self.fire_triggers(move.market_id)
        self.after_mark(move.market_id)

    def fire_triggers(self, name: str) -> None:
        """Fire what the mark stands at or beyond, the nearest first."""
        market = self.market(name)
        mark = market.mark
        if mark is None or market.acting_state not in (MarketState.ACTIVE, MarketState.REDUCE_ONLY):
            return
        for rises in (False, True):
            for _, key in sorted(self.crossed(self.market(name), mark, rises=rises)):
                if key[0] == "p":
                    self.fire_pair(name, key[1:], mark)
                elif key[1:] in self.market(name).triggers:
                    self.fire_order(name, key[1:])

    def fire_order(self, name: str, order_id: str) -> None:
        """Fire a trigger; one to trade at once waits until it may, a protection till it does."""
        terms = self.market(name).triggers[order_id]
        at_once = terms.time_in_force in (TimeInForce.IOC, TimeInForce.FOK)
        if at_once and not self.is_matching(self.market(name)):
            return
        before, sequence = self.books.copy(), self.sequence
        protects = at_once and terms.reduce_only
        held = self.room(name, terms.account_id, is_buy=terms.side is Side.BUY)
        del self.market(name).triggers[order_id]
        self.tell("fires", order_id)
        self.fired(terms)
        if protects and held and not self.has_traded(order_id, since=len(before.told)):
            self.books, self.sequence = before, sequence

    def has_traded(self, order_id: str, *, since: int) -> bool:
        """Tell whether an order took anything after so much was told."""
        return any(told[:2] == ("fill", order_id) for told in self.books.told[since:])

    def crossed(self, market: Market, mark: int, *, rises: bool) -> list[tuple[int, str]]:
        """List what waits on one side of the mark and is reached, with its distance."""
        waiting = [
            (terms.trigger_ticks or 0, "o" + key)
            for key, terms in market.triggers.items()
            if terms.trigger is not None
            and rises is ((terms.side is Side.BUY) is (terms.trigger is TriggerKind.STOP))
        ]
        for account_id, (profit, stop) in market.pairs.items():
            leg = profit if rises is (market.position(account_id).size > 0) else stop
            if leg is not None:
                waiting.append((leg.trigger_ticks, "p" + account_id))
        if rises:
            return [(2 * at, key) for at, key in waiting if mark >= 2 * at]
        return [(-2 * at, key) for at, key in waiting if mark <= 2 * at]

    def fire_pair(self, name: str, account_id: str, mark: int) -> None:
        """Fire the leg of a pair that is crossed, the stop first: close the whole position."""
        market = self.market(name)
        size = market.position(account_id).size
        for leg in reversed(market.pairs.get(account_id, (None, None))):
            if leg is None:
                continue
            is_stop = leg is market.pairs[account_id][1]
            rises = (size > 0) is not is_stop
            if mark >= 2 * leg.trigger_ticks if rises else mark <= 2 * leg.trigger_ticks:
                break
        else:
            return
        if leg.limit_ticks is None and not self.is_matching(market):
            return
        before, sequence = self.books.copy(), self.sequence
        pair = market.pairs.pop(account_id)
        self.tell("pair fires", account_id)
        terms = c.SubmitOrder(
            at_ms=self.at_ms,
            order_id=f"{account_id}:{name}:{self.sequence}",
            account_id=account_id,
            market_id=name,
            side=Side.SELL if size > 0 else Side.BUY,
            order_type=OrderType.MARKET if leg.limit_ticks is None else OrderType.LIMIT,
            quantity_lots=abs(size),
            limit_ticks=leg.limit_ticks,
            time_in_force=TimeInForce.IOC if leg.limit_ticks is None else TimeInForce.GTC,
            reduce_only=True,
        )
        self.fired(terms)
        if leg.limit_ticks is not None:
            return
        if not self.has_traded(terms.order_id, since=len(before.told)):
            self.books, self.sequence = before, sequence
        elif self.room(name, account_id, is_buy=size < 0):
            self.set_pair(name, account_id, pair)

    def do_SetPositionTriggers(self, command: c.SetPositionTriggers) -> None:  # noqa: N802 -- for it
        """Set or clear the triggers of a position that there is."""
        market = self.known(command.market_id)
        pair = (command.take_profit, command.stop_loss)
        if any(leg is not None and not self.is_protection(leg) for leg in pair):
            raise Impossible(Reason.INVALID_PRICE)
        if not market.position(command.account_id).size:
            raise Impossible(Reason.REDUCE_ONLY_REJECTED)
        if market.pairs.get(command.account_id, (None, None)) != pair:
            self.set_pair(command.market_id, command.account_id, pair)


def with_less(held: Position, taken: int) -> Position:
    """Return a position with less collateral."""
    return Position(held.leverage, held.size, held.cost, held.collateral - taken)
