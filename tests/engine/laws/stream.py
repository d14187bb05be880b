"""A seeded stream of commands that seeks the edges: one seed, one world.

It looks at the state to be wicked: prices near the mid and near liquidation prices, sizes
near minima and positions, leverage near its bracket, jumps of the mark, ids used again.
Everything is drawn from one `Random`. What is not here: judging what comes of it.
"""

from collections.abc import Sequence
from random import Random

import msgspec

from engine import commands as c
from engine.state import State
from engine.vocabulary import (
    MarketState,
    MinQuantityMode,
    OrderType,
    Pricing,
    SelfTrade,
    Side,
    TimeInForce,
    TriggerKind,
)

ACCOUNTS = ("ann", "ben", "cid", "dot", "eve")
MARKETS = ("BTC", "ETH", "XRP")
PEGS = (OrderType.PEG_MID, OrderType.PEG_BID, OrderType.PEG_ASK)
IMMEDIATE = (TimeInForce.IOC, TimeInForce.FOK)
BASE_HALF_TICKS = 20_000
HUGE = 1 << 53
LEVERAGES = (1, 3, 10, 10, 25, 50, 100, 200, 500, 1_000)


class Stream:
    """Draws commands for a state as it is now."""

    def __init__(
        self,
        *,
        seed: int,
        liquidations: bool = True,
        accounts: Sequence[str] = ACCOUNTS,
        markets: Sequence[str] = MARKETS,
    ) -> None:
        self.random = Random(seed)  # noqa: S311 -- a seeded world, no secret
        self.seed = seed
        self.accounts, self.markets = tuple(accounts), tuple(markets)
        self.liquidations = liquidations
        self.at_ms = 1_000_000_000
        self.count = 0
        self.hour = 277
        self.mid = dict.fromkeys(self.markets, BASE_HALF_TICKS)
        self.sent: list[c.SubmitOrder] = []
        self.coming: list[c.MoveReferences] = []

    def name(self, letter: str) -> str:
        """Make a new id."""
        self.count += 1
        return f"{letter}{self.count}"

    def opening(self) -> list[c.Command]:
        """List the markets, fund the venue and everybody, bring first prices."""
        at, r = self.at_ms, self.random
        rich = r.choice((0, 3_000_000, 100_000_000_000))
        found: list[c.Command] = [
            c.ListMarket(at_ms=at, spec=self.spec(market_id), insurance_micro=rich)
            for market_id in self.markets
        ]
        found.append(c.ContributeInsurance(at_ms=at, contribution_id="fund", amount_micro=10**8))
        found.append(
            c.FundBackstop(at_ms=at, transfer_id="back", amount_micro=r.choice((10**6, 10**8)))
        )
        for account_id in self.accounts:
            amount = r.choice((20_000_000, 3_000_000_000, 20_000_000_000, 90_000_000_000))
            found.append(
                c.CreditDeposit(
                    at_ms=at,
                    deposit_id="d" + account_id,
                    account_id=account_id,
                    amount_micro=amount,
                )
            )
            if self.liquidations or r.random() < 0.5:
                found.append(self.leverage(account_id, r.choice(self.markets)))
        found.append(self.prices(jump=0))
        return found

    def spec(self, market_id: str) -> c.MarketSpec:
        """Draw a market: a plain one, one with tight limits, one of the other pricing mode."""
        r = self.random
        spec = c.MarketSpec(
            market_id=market_id, tick_size="0.01", lot_size="1", tick_lot_micro=10_000
        )
        if market_id == self.markets[1]:
            return msgspec.structs.replace(
                spec,
                tick_lot_micro=r.choice((2, 6, 10_000)),
                position_limit_lots=r.choice((8, 40, 10**9)),
                open_interest_limit_lots=r.choice((12, 60, 10**9)),
                stress_gap_ppb=r.choice((20_000_000, 300_000_000)),
                max_leverage=r.choice((50, 1_000)),
            )
        if market_id == self.markets[2]:
            return msgspec.structs.replace(
                spec, pricing=Pricing.LIMIT_MIDPOINT, collar_ppb=r.choice((0, 200_000, 10_000_000))
            )
        return spec

    def next(self, state: State) -> c.Command:
        """Draw the next command."""
        r = self.random
        self.at_ms += r.choice((0, 0, 1, 5, 20, 60, 200, 300))
        if self.coming:
            return msgspec.structs.replace(self.coming.pop(0), at_ms=self.at_ms)
        draws = (
            (self.order, 60),
            (self.cancel, 8),
            (self.amend, 6),
            (self.prices_or_crash, 18),
            (self.account_command, 10),
            (self.money, 5),
            (self.venue, 7),
            (self.again, 3),
        )
        draw = r.choices([d for d, _ in draws], [w for _, w in draws])[0]
        return draw(state)

    # Orders.

    def order(self, state: State) -> c.Command:
        """Draw an order, mostly one that can trade."""
        r = self.random
        market_id = r.choice(self.markets)
        account_id = r.choice(self.accounts)
        kind = r.choice((OrderType.LIMIT,) * 5 + (OrderType.MARKET,) + PEGS)
        tif = r.choice((TimeInForce.GTC,) * 5 + (*IMMEDIATE, TimeInForce.GTD))
        if kind is OrderType.MARKET:
            tif = r.choice(IMMEDIATE)
        quantity = self.quantity(state, market_id, account_id)
        side = r.choice((Side.BUY, Side.SELL))
        held = state.markets[market_id].positions.get(account_id)
        reducing = r.random() < 0.04
        if held is not None and held.size_lots and r.random() < 0.3:
            side = Side.SELL if held.size_lots > 0 else Side.BUY
            reducing = r.random() < 0.4
        order = c.SubmitOrder(
            at_ms=self.at_ms,
            order_id=self.name("o"),
            account_id=account_id,
            market_id=market_id,
            side=side,
            order_type=kind,
            quantity_lots=quantity,
            limit_ticks=self.limit(market_id, kind),
            time_in_force=tif,
            expires_at_ms=self.at_ms + r.choice((1, 900)) if tif is TimeInForce.GTD else None,
            all_or_none=r.random() < 0.08,
            min_quantity_lots=min(quantity, r.choice((0, 0, 0, 1, 2, 4, 7))),
            min_quantity_mode=r.choice(tuple(MinQuantityMode)),
            nbbo_protection=r.random() < 0.1,
            post_only=r.random() < 0.1 and tif not in IMMEDIATE,
            reduce_only=reducing,
            self_trade=r.choice(tuple(SelfTrade)),
            client_order_id=f"c{r.randint(1, 60)}" if r.random() < 0.1 else None,
            fee_discount_percent=r.choice((0, 0, 5, 20)),
            probe_limit=r.choice((20, 20, 2)),
            deposit_wait_ms=r.choice((0, 0, 0, 300, 15_000)),
        )
        order = self.adorned(state, order) if r.random() < 0.14 else order
        self.sent.append(order)
        return order

    def adorned(self, state: State, order: c.SubmitOrder) -> c.SubmitOrder:
        """Add a trigger, a pair, a leverage or a mistake to an order."""
        r = self.random
        replace = msgspec.structs.replace
        pick = r.randrange(4)
        if pick == 0:
            return replace(
                order,
                trigger=r.choice(tuple(TriggerKind)),
                trigger_ticks=self.near(order.market_id),
                take_profit=self.protection(order.market_id) if r.random() < 0.3 else None,
            )
        if pick == 1:
            return replace(
                order,
                take_profit=self.protection(order.market_id),
                stop_loss=r.choice((None, self.protection(order.market_id))),
            )
        if pick == 2:
            held = state.markets[order.market_id].positions.get(order.account_id)
            right = 10 if held is None else held.leverage
            return replace(order, leverage=r.choice((right, right, 7)))
        return r.choice(
            (
                replace(order, quantity_lots=0),
                replace(order, limit_ticks=0),
                replace(order, market_id="NONE"),
                replace(order, post_only=True, time_in_force=TimeInForce.IOC, expires_at_ms=None),
                replace(order, min_quantity_lots=order.quantity_lots + 1),
                replace(order, quantity_lots=10**7),
                replace(order, quantity_lots=r.choice((10**12, HUGE, HUGE + 1))),
                replace(order, limit_ticks=r.choice((HUGE, HUGE + 1))),
                replace(order, leverage=r.choice((0, 1_001, -HUGE))),
                replace(order, fee_discount_percent=r.choice((-1, 101))),
            )
        )

    def quantity(self, state: State, market_id: str, account_id: str) -> int:
        """Draw lots: small, or about the position or an order that rests there, seldom large."""
        r = self.random
        market = state.markets[market_id]
        held = market.positions.get(account_id)
        near = [abs(held.size_lots)] if held is not None else [1]
        if market.orders and r.random() < 0.4:
            near.append(market.orders[r.choice(sorted(market.orders))].leaves_lots)
        sizes = (r.randint(1, 9), r.randint(1, 9), r.randint(1, 20), r.randint(1, 30))
        wicked = (r.choice(near), r.choice(near) + r.choice((-1, 1, 2)))
        return max(1, r.choice((*sizes, *wicked, r.choice((50, 80, 300, 900)))))

    def near(self, market_id: str) -> int:
        """Draw a price in ticks near the mid."""
        return max(1, self.mid[market_id] // 2 + self.random.choice((-6, -3, -1, 0, 0, 1, 3, 6)))

    def limit(self, market_id: str, kind: OrderType) -> int | None:
        """Draw a limit: at or near the points, sometimes far; pegs seldom have one."""
        r = self.random
        if kind is OrderType.MARKET or (kind in PEGS and r.random() < 0.6):
            return None
        return self.near(market_id) + r.choice((0,) * 8 + (-200, 200))

    def protection(self, market_id: str) -> c.Protection:
        """Draw one leg of a pair."""
        trigger = self.near(market_id) + self.random.choice((-8, 0, 8))
        limit = None if self.random.random() < 0.6 else trigger
        return c.Protection(trigger_ticks=trigger, limit_ticks=limit)

    def open_order(self, state: State) -> tuple[str, str]:
        """Draw id and owner of an open order or trigger, sometimes of any order."""
        r = self.random
        found: list[tuple[str, str]] = []
        for market_id in self.markets:
            orders = state.markets[market_id].orders
            terms = [orders[sequence].terms for sequence in sorted(orders)]
            found += [(each.order_id, each.account_id) for each in terms]
            waiting = state.markets[market_id].triggers
            found += [(name, waiting[name].account_id) for name in sorted(waiting)]
        found = [each for each in found if each[1] in self.accounts and ":" not in each[0]]
        if not found or r.random() < 0.1:
            return f"o{r.randint(1, 1 + self.count)}", r.choice(self.accounts)
        order_id, owner = r.choice(found)
        return order_id, owner if r.random() < 0.95 else r.choice(self.accounts)

    def cancel(self, state: State) -> c.Command:
        """Draw a cancel, a mass cancel or a dead-man switch."""
        r = self.random
        order_id, owner = self.open_order(state)
        pick = r.random()
        if pick < 0.06:
            where = r.choice((None, *self.markets))
            as_switch = r.random() < 0.3
            return c.CancelAll(
                at_ms=self.at_ms, account_id=owner, market_id=where, as_switch=as_switch
            )
        if pick < 0.14:
            span = r.choice((0, 1_000, 2_000, 400_000))
            return c.ArmCancelAllAfter(at_ms=self.at_ms, account_id=owner, timeout_ms=span)
        return c.CancelOrder(at_ms=self.at_ms, order_id=order_id, account_id=owner)

    def amend(self, state: State) -> c.Command:
        """Draw an amendment of size, limit or both."""
        r = self.random
        order_id, owner = self.open_order(state)
        place = state.order_places.get(order_id)
        market_id, quantity = self.markets[0], 5
        if place is not None:
            market_id = place[0].spec.market_id
            quantity = place[0].orders[place[1]].quantity_lots
        return c.AmendOrder(
            at_ms=self.at_ms,
            order_id=order_id,
            account_id=owner,
            quantity_lots=r.choice(
                (*(None, quantity, max(1, quantity - 2), quantity + 2) * 3, 0, 10**12, HUGE + 1)
            ),
            limit_ticks=r.choice((*(None, None, self.near(market_id)) * 4, 0, HUGE)),
        )

    # Prices.

    def prices_or_crash(self, state: State) -> c.Command:
        """Move the prices; sometimes to where somebody is about to be liquidated."""
        jump = self.random.choice((0, 0, 1, 2, 6, 20))
        if self.liquidations:
            jump = self.random.choice((0, 1, 2, 6, 20, 60, 400))
            if self.random.random() < 0.35:
                return self.aim(state)
        return self.prices(jump=jump)

    def aim(self, state: State) -> c.Command:
        """Bring one market's mid to a liquidation price, or just beside or beyond it.

        Often somebody's order is there first, to be met by whoever is liquidated.
        """
        r = self.random
        market_id = r.choice(self.markets)
        positions = state.markets[market_id].positions
        found = [
            (price, positions[name].size_lots)
            for name in sorted(positions)
            if (price := positions[name].liquidation_half_ticks) is not None
            and 15_000 < price < 26_000
        ]
        if not found:
            return self.prices(jump=0)
        price, size = r.choice(found)
        self.mid[market_id] = max(4_000, price + r.choice((-40, -1, 0, 0, 1, 40)))
        prices = self.prices(jump=0)
        if r.random() < 0.4:
            return prices
        self.coming.append(prices)
        return self.rescuer(market_id, price, size)

    def rescuer(self, market_id: str, price: int, size: int) -> c.SubmitOrder:
        """Draw an order that rests where a position of this size will be liquidated."""
        r = self.random
        away = r.choice((-3, 0, 1, 30)) * (1 if size > 0 else -1)
        lots = max(1, r.choice((abs(size), abs(size) // 2, 3)))
        return c.SubmitOrder(
            at_ms=self.at_ms,
            order_id=self.name("o"),
            account_id=r.choice(self.accounts),
            market_id=market_id,
            side=Side.BUY if size > 0 else Side.SELL,
            order_type=OrderType.LIMIT,
            quantity_lots=lots,
            limit_ticks=price // 2 + away,
            all_or_none=r.random() < 0.1,
            min_quantity_lots=r.choice((0, 0, min(2, lots))),
            reduce_only=r.random() < 0.1,
        )

    def prices(self, *, jump: int) -> c.MoveReferences:
        """Bring new prices of all markets, now and then old or missing ones."""
        moves = tuple(self.price(market_id, jump) for market_id in self.markets)
        return c.MoveReferences(at_ms=self.at_ms, moves=moves)

    def price(self, market_id: str, jump: int) -> c.ReferenceMove:
        """Draw one market's prices around its mid, which moves by a jump and drifts back."""
        r = self.random
        mid = self.mid[market_id] + r.randint(-jump, jump)
        mid = self.mid[market_id] = max(
            4_000, mid + (BASE_HALF_TICKS - mid) // 40 * r.choice((0, 1))
        )
        width = r.choice((1, 1, 2, 3, 8))
        bid = (mid - width) // 2
        luck = r.random()
        missing = luck < 0.02
        gone = luck > 0.99 and self.liquidations
        if 0.02 <= luck < 0.025:
            width = r.choice((0, -3, HUGE))
        return c.ReferenceMove(
            market_id=market_id,
            bid_ticks=None if missing else bid,
            ask_ticks=None if missing else bid + width,
            quoted_at_ms=self.at_ms - r.choice((0,) * 10 + (1_400, 1_500, 1_501)),
            index_half_ticks=None if gone else mid + r.randint(-2, 2),
            mark_half_ticks=None
            if gone
            else mid + r.choice((0, 0, r.randint(-3, 3), r.randint(-60, 60))),
            dispersion_ppb=r.choice((0, 0, 5_000_000)),
        )

    # Settings and money.

    def leverage(self, account_id: str, market_id: str) -> c.SetLeverage:
        """Draw a leverage setting."""
        r = self.random
        leverage = r.choice(LEVERAGES if self.liquidations else LEVERAGES[:6])
        if r.random() < 0.04:
            leverage = r.choice((0, 1_001))
        return c.SetLeverage(
            at_ms=self.at_ms, account_id=account_id, market_id=market_id, leverage=leverage
        )

    def account_command(self, state: State) -> c.Command:
        """Draw a setting, margin in or out, a close, or triggers of a position."""
        r = self.random
        market_id = r.choice(self.markets)
        positions = state.markets[market_id].positions
        names = [name for name in self.accounts if name in positions]
        account_id = r.choice(names) if names and r.random() < 0.8 else r.choice(self.accounts)
        pick = r.randrange(6)
        if pick == 5:
            return c.HandOverPosition(at_ms=self.at_ms, account_id=account_id, market_id=market_id)
        if pick < 2:
            return self.leverage(account_id, market_id)
        if pick == 2:
            return c.MoveMargin(
                at_ms=self.at_ms,
                transfer_id=self.name("m"),
                account_id=account_id,
                market_id=market_id,
                amount_micro=r.choice((1, -1)) * r.choice((1, 99_999, 7_000_000, 10**9, 10**18)),
            )
        if pick == 3:
            limit = r.choice((None, self.near(market_id)))
            return c.ClosePosition(
                at_ms=self.at_ms,
                order_id=self.name("x"),
                account_id=account_id,
                market_id=market_id,
                quantity_lots=r.choice((None, None, 2)),
                limit_ticks=limit,
            )
        return c.SetPositionTriggers(
            at_ms=self.at_ms,
            account_id=account_id,
            market_id=market_id,
            take_profit=r.choice((None, self.protection(market_id))),
            stop_loss=r.choice((None, self.protection(market_id))),
        )

    def money(self, state: State) -> c.Command:
        """Draw a movement of deposits and withdrawals."""
        r = self.random
        at, account_id = self.at_ms, r.choice(self.accounts)
        amount = r.choice((*(1, 999_999, 30_000_000, 800_000_000) * 4, 0, -1, 10**18))
        pending = sorted(state.deposits.items())
        held = sorted(state.withdrawals.items())
        waiting = [
            terms.account_id
            for market_id in self.markets
            for _, terms in sorted(state.markets[market_id].triggers.items())
            if terms.trigger is None and terms.account_id in self.accounts
        ]
        pick = r.randrange(6)
        if waiting and r.random() < 0.5:
            pick, account_id = 0, r.choice(waiting)
        if pick == 0:
            used = [*state.deposits, *state.withdrawals]
            name = r.choice(used) if used and r.random() < 0.2 else self.name("d")
            return c.CreditDeposit(
                at_ms=at, deposit_id=name, account_id=account_id, amount_micro=amount
            )
        if pick in (1, 2) and pending:
            name, transfer = r.choice(pending)
            kind = c.FinalizeDeposit if pick == 1 or r.random() < 0.5 else c.DropDeposit
            return kind(at_ms=at, deposit_id=name, account_id=transfer.account_id)
        if pick in (3, 4) and held:
            name, transfer = r.choice(held)
            way = c.ConfirmWithdrawal if pick == 3 else c.ReturnWithdrawal
            return way(at_ms=at, withdrawal_id=name, account_id=transfer.account_id)
        return c.ReserveWithdrawal(
            at_ms=at, withdrawal_id=self.name("w"), account_id=account_id, amount_micro=amount
        )

    # The venue.

    def venue(self, state: State) -> c.Command:
        """Draw what time, jobs and staff do; debts and strict states seldom stay for long."""
        r = self.random
        at = self.at_ms
        owing = [m for m in self.markets if state.markets[m].debt_micro > 0]
        if owing and r.random() < 0.3:
            name, amount = self.name("i"), state.markets[owing[0]].debt_micro
            return c.ContributeInsurance(
                at_ms=at, contribution_id=name, amount_micro=amount, market_id=owing[0]
            )
        strict = [m for m in self.markets if state.markets[m].state is not MarketState.ACTIVE]
        if strict and r.random() < 0.6:
            return c.SetMarketState(at_ms=at, market_id=r.choice(strict), state=MarketState.ACTIVE)
        draws = (
            (self.expire, 8),
            (self.publish, 1),
            (self.sample, 2),
            (self.pay, 1),
            (self.restrict, 1),
            (self.staff, 1),
        )
        return r.choices([d for d, _ in draws], [w for _, w in draws])[0]()

    def expire(self) -> c.Command:
        """Let time do what is due."""
        return c.ExpireDue(at_ms=self.at_ms)

    def publish(self) -> c.Command:
        """Publish the open interest."""
        return c.PublishOpenInterest(at_ms=self.at_ms)

    def sample(self) -> c.Command:
        """Sample the premiums of all markets."""
        premium = self.random.choice((None, 0, 200_000, -3_000_000, 9_000_000, 10**9 + 1))
        seconds = self.random.choice((*(1, 1, 1, 7) * 4, 0, 3_600, 3_601))
        samples = tuple(
            c.FundingSample(market_id=m, premium_ppb=premium, seconds=seconds) for m in self.markets
        )
        return c.SampleFunding(at_ms=self.at_ms, samples=samples)

    def pay(self) -> c.Command:
        """Pay an hour, sometimes one that is paid."""
        self.hour += self.random.choice((0, 1, 1, 1))
        market_id = self.random.choice(self.markets)
        return c.PayFunding(at_ms=self.at_ms, market_id=market_id, hour=self.hour)

    def restrict(self) -> c.Command:
        """Close a market in some way, or trip its breaker."""
        r = self.random
        at, market_id = self.at_ms, r.choice(self.markets)
        if r.random() < 0.5:
            until = at + r.choice((0, 1_000, 3_000))
            return c.TripBreaker(at_ms=at, market_id=market_id, until_ms=until)
        state, closed = r.choice(tuple(MarketState)[:5]), r.random() < 0.2
        return c.SetMarketState(at_ms=at, market_id=market_id, state=state, hours_closed=closed)

    def staff(self) -> c.Command:
        """Draw a change of limits or of the funds."""
        r = self.random
        at, market_id = self.at_ms, r.choice(self.markets)
        pick = r.randrange(3)
        if pick == 0:
            amount = r.choice((10**5, 10**7))
            return c.ContributeInsurance(
                at_ms=at,
                contribution_id=self.name("i"),
                amount_micro=amount,
                market_id=r.choice((None, market_id)),
            )
        if pick == 1:
            amount = r.choice((1, -1)) * r.choice((10**5, 10**7))
            return c.FundBackstop(at_ms=at, transfer_id=self.name("b"), amount_micro=amount)
        return c.SetMarketLimits(at_ms=at, spec=self.spec(self.markets[2]))

    def again(self, state: State) -> c.Command:
        """Send an earlier order once more: the same, or another body under its client id."""
        r = self.random
        if not self.sent:
            return self.order(state)
        order = r.choice(self.sent[-40:])
        pick = r.random()
        if pick < 0.3:
            return msgspec.structs.replace(order, at_ms=self.at_ms)
        with_ids = [each for each in self.sent if each.client_order_id is not None]
        if with_ids:
            order = r.choice(with_ids[-20:])
        more = 0 if pick < 0.7 else 1
        return msgspec.structs.replace(
            order,
            at_ms=self.at_ms,
            order_id=self.name("o"),
            quantity_lots=order.quantity_lots + more,
            deposit_wait_ms=r.choice((order.deposit_wait_ms, 0)),
        )

    def closing(self) -> list[c.Command]:
        """Let hours pass, then delist every market and settle it."""
        at = self.at_ms + 3 * 3_600_000
        found: list[c.Command] = [c.ExpireDue(at_ms=at)]
        for market_id in self.markets:
            found.append(
                c.SetMarketState(at_ms=at, market_id=market_id, state=MarketState.DELISTED)
            )
            price = max(1, self.mid[market_id] + self.random.choice((0, -300, 300, 3_000)))
            found.append(c.SettleDelisting(at_ms=at, market_id=market_id, price_half_ticks=price))
        return found
