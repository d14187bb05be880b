"""The legs of a trade: what one execution does to one account's position and cash.

By PRODUCT.md section 4: a raising leg posts margin and may have to bring more, so that
equity at the mark is at least the initial margin; a reducing leg moves its share of cost
and collateral, pays from what it releases, and never leaves too little. What is not here:
legs of liquidations (`engine.takeover`), which pay no heed to what their owner wants.
"""

from dataclasses import dataclass

from msgspec.structs import replace

from engine.decision import Refusal
from engine.events import Leg
from engine.margin import bracket_of, initial_ceil_micro, maintenance_ceil_micro
from engine.orders import Order
from engine.reasons import Reason
from engine.reservation import reserve_ceil_micro
from engine.shape import highest_half_ticks
from engine.state import BACKSTOP, NO_POSITION, Account, Market, Position, State
from engine.takeover import backstop_leg
from engine.units import LARGEST_VALUE_MICRO, div_trunc


@dataclass(slots=True)
class Draft:
    """A leg being planned: deltas so far, and the position they lead to."""

    position: Position
    mark_half_ticks: int
    lots: int = 0
    cost_micro: int = 0
    collateral_micro: int = 0
    cash_micro: int = 0
    fee_micro: int = 0
    realized_pnl_micro: int = 0
    opened_micro: int = 0

    def reduce(self, *, lots: int, notional_micro: int, fee_micro: int) -> None:
        """Close lots: move their share of cost and collateral, pay from what is released."""
        size = self.position.size_lots
        closed = abs(lots)
        whole = abs(size)
        cost = div_trunc(self.position.cost_micro * closed, whole)
        released = self.position.collateral_micro * closed // whole
        pnl = (notional_micro if size > 0 else -notional_micro) - cost
        there = max(0, released + pnl)
        self.fee_micro = min(fee_micro, there)
        credit = released + pnl - self.fee_micro
        self.lots = lots
        self.cost_micro = -cost
        self.realized_pnl_micro = pnl
        self.collateral_micro = -released
        if credit >= 0:
            self.cash_micro = credit
        else:
            self.collateral_micro += credit

    def check_reduction(self, *, unit: int) -> None:
        """Refuse a fill that leaves negative equity, or too little without improving."""
        before = self.position
        size = before.size_lots + self.lots
        collateral = before.collateral_micro + self.collateral_micro
        if size == 0:
            if collateral != 0:
                raise Refusal(Reason.FILL_WORSENS_POSITION, missing_micro=-collateral)
            return
        mark = self.mark_half_ticks
        equity = collateral + size * mark * unit - before.cost_micro - self.cost_micro
        needed = maintenance_ceil_micro(abs(size) * mark * unit)
        if equity >= max(needed, 0):
            return
        old_equity = before.collateral_micro + before.size_lots * mark * unit - before.cost_micro
        old_needed = maintenance_ceil_micro(abs(before.size_lots) * mark * unit)
        if equity < 0 or equity * old_needed <= old_equity * needed:
            raise Refusal(
                Reason.FILL_WORSENS_POSITION, equity_micro=equity, maintenance_micro=needed
            )

    def increase(self, *, market: Market, order: Order, lots: int, notional_micro: int) -> int:
        """Open lots on what is left of the position; return the cash they ask for."""
        before = self.position
        unit = market.unit_micro
        size = before.size_lots + self.lots + lots
        cost = notional_micro if lots > 0 else -notional_micro
        value = size * self.mark_half_ticks * unit
        notional_after = abs(value)
        check_reach(market=market, lots=abs(size), notional_micro=notional_after, of=before)
        leverage = before.leverage
        margin = initial_ceil_micro(order.opened_micro + notional_micro, leverage)
        margin -= initial_ceil_micro(order.opened_micro, leverage)
        cost_after = before.cost_micro + self.cost_micro + cost
        equity = before.collateral_micro + self.collateral_micro + value - cost_after
        posted = max(margin, initial_ceil_micro(notional_after, leverage) - equity)
        self.lots += lots
        self.cost_micro += cost
        self.collateral_micro += posted
        self.cash_micro -= posted
        self.opened_micro = notional_micro
        return posted


def check_reach(*, market: Market, lots: int, notional_micro: int, of: Position) -> None:
    """Refuse a position beyond the market's limit or its leverage's bracket."""
    limit = market.spec.position_limit_lots
    if lots > limit:
        raise Refusal(Reason.POSITION_SIZE_EXCEEDED, lots=lots, limit_lots=limit)
    worth = lots * highest_half_ticks(market.prices) * market.unit_micro
    if worth > LARGEST_VALUE_MICRO:
        raise Refusal(Reason.POSITION_SIZE_EXCEEDED, lots=lots, notional_micro=worth)
    most = min(market.spec.max_leverage, bracket_of(notional_micro).max_leverage)
    if of.leverage > most:
        raise Refusal(
            Reason.LEVERAGE_TOO_HIGH,
            leverage=of.leverage,
            max_leverage=most,
            notional_micro=notional_micro,
        )


def plan_leg(
    state: State,
    market: Market,
    order: Order,
    quantity_lots: int,
    price_half_ticks: int,
    fee: int,
    /,
) -> Leg:
    """Plan one side of a voluntary trade; `fee` is negative for a rebate. May refuse."""
    account_id = order.terms.account_id
    account = state.account(account_id)
    position = market.positions.get(account_id, NO_POSITION)
    prices = market.prices
    draft = Draft(position, prices.mark_half_ticks or prices.index_half_ticks or price_half_ticks)
    lots = quantity_lots if order.is_buy else -quantity_lots
    size = position.size_lots
    lot_value = price_half_ticks * market.unit_micro
    if account_id == BACKSTOP:
        value = quantity_lots * lot_value
        return backstop_order_leg(market, order, lots=lots, value_micro=value, fee_micro=fee)
    if size * lots < 0 and quantity_lots <= abs(size):
        draft.reduce(lots=lots, notional_micro=quantity_lots * lot_value, fee_micro=fee)
        draft.check_reduction(unit=market.unit_micro)
        return _finish(draft, market, account, order, None)
    if size * lots < 0:
        draft.reduce(lots=-size, notional_micro=abs(size) * lot_value, fee_micro=0)
        draft.check_reduction(unit=market.unit_micro)
        lots += size
    needed = draft.increase(
        market=market, order=order, lots=lots, notional_micro=abs(lots) * lot_value
    )
    draft.fee_micro = fee
    return _finish(draft, market, account, order, needed)


def backstop_order_leg(
    market: Market, order: Order, /, *, lots: int, value_micro: int, fee_micro: int
) -> Leg:
    """Let an order of the backstop reduce its position: settled in cash, never refused."""
    leg = backstop_leg(market, lots=lots, value_micro=value_micro, reward_micro=-fee_micro)
    return replace(leg, order_id=order.terms.order_id, sequence=order.sequence)


def _finish(
    draft: Draft, market: Market, account: Account, order: Order, needed_micro: int | None, /
) -> Leg:
    """Settle the fee of a raising leg, check its cash and recompute the reservation."""
    position = draft.position
    lots = draft.lots
    account_id = order.terms.account_id
    after = Position(position.leverage, position.size_lots + lots)
    change = (order, -abs(lots))
    buys = reserve_ceil_micro(market, account_id, True, after, change)
    sells = reserve_ceil_micro(market, account_id, False, after, change)
    before = position.reserve_micro
    free = account.free_micro
    if needed_micro is not None:
        released = max(0, position.buy_reserve_micro - buys)
        released += max(0, position.sell_reserve_micro - sells)
        there = free + released + draft.cash_micro
        if there < 0:
            raise Refusal(
                Reason.INSUFFICIENT_COLLATERAL,
                needed_micro=needed_micro,
                free_micro=there + needed_micro,
            )
        draft.fee_micro = min(draft.fee_micro, there)
        draft.cash_micro -= draft.fee_micro
    room = max(0, free + before + draft.cash_micro)
    buys = min(buys, room)
    sells = min(sells, room - buys)
    return Leg(
        account_id=account_id,
        order_id=order.terms.order_id,
        sequence=order.sequence,
        lots=lots,
        cost_micro=draft.cost_micro,
        collateral_micro=draft.collateral_micro,
        cash_micro=draft.cash_micro,
        fee_micro=draft.fee_micro,
        realized_pnl_micro=draft.realized_pnl_micro,
        opened_micro=draft.opened_micro,
        buy_reserve_micro=buys,
        sell_reserve_micro=sells,
    )
