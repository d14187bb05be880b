"""Liquidation: who fell below maintenance is closed as little as helps, the book first.

The waterfall of PRODUCT.md section 7: warnings, the account's orders canceled, an IOC into
the dark book bounded by bankruptcy and index, then `engine.waterfall`. A mark looks only at
positions whose trigger price it reached. What is not here: the steps after the book.
"""

import msgspec

from engine.cancellation import cancel_account
from engine.candidates import candidates
from engine.commands import SubmitOrder
from engine.decision import Decision, Refusal, effective_state, is_matching
from engine.ending import cancel, tradable_lots
from engine.events import (
    Filled,
    LiquidationDeferred,
    LiquidationPended,
    LiquidationStarted,
)
from engine.fees import maker_rebate_floor_micro
from engine.health import bound_half_ticks, fund_is_low, health, lots_to_close
from engine.legs import plan_leg
from engine.limits import broken_limit
from engine.margin import bracket_of
from engine.matching import EXCLUDING, accepts, fell_below, settle_leg
from engine.orders import Order, is_past, open_order
from engine.reasons import Reason
from engine.state import BACKSTOP, Market, Position
from engine.takeover import closing_leg, left_above_bankruptcy_micro
from engine.units import rate_floor_micro
from engine.vocabulary import MarketState, OrderType, Side, TimeInForce, TradeKind
from engine.warning import lift_warnings, warn
from engine.waterfall import take_over

BOOK_TRIES = 10
DEFERRED_ABOVE = 100
LONGEST_DEFERRAL_MS = 3_000
YOUNGEST = 1 << 62
_BOOK_FIRST = (MarketState.ACTIVE, MarketState.REDUCE_ONLY)
_BACKSTOP_ONLY = (MarketState.POST_ONLY, MarketState.CANCEL_ONLY)


def run_liquidations(d: Decision, market: Market, /) -> None:
    """Do what the market's mark asks for: warn, lift, liquidate the worst first."""
    if market.prices.mark_half_ticks is None or not is_liquidating(market, d.at_ms):
        return
    lift_warnings(d, market)
    warn(d, market)
    triggered = triggered_accounts(market)
    for account_id in sorted(market.pending):
        if account_id not in triggered:
            pend(d, market, account_id, pending=False)
    for account_id in triggered:
        position = market.positions[account_id]
        if not position.size_lots:
            continue
        now = health(market, position)
        if now.equity >= now.maintenance:  # a trade of another's liquidation healed it (I34)
            _settle_pending(d, market, account_id)
        elif not _is_deferred(d, market, account_id, position):
            liquidate(d, market, account_id)


def is_liquidating(market: Market, at_ms: int, /) -> bool:
    """Tell whether the market's state lets liquidations run now."""
    state = effective_state(market)
    if market.grace_until_ms is not None and at_ms < market.grace_until_ms:
        return False
    return state in _BOOK_FIRST or state in _BACKSTOP_ONLY


def triggered_accounts(market: Market, /) -> list[str]:
    """Return the accounts below maintenance at the mark, the worst first."""
    mark = market.prices.mark_half_ticks
    assert mark is not None, "liquidations need a mark"

    def is_true(key: int, account_id: str) -> bool:
        position = market.positions.get(account_id)
        if position is None or account_id == BACKSTOP or not position.size_lots:
            return False
        price = position.liquidation_half_ticks
        return price is not None and key == (-price if position.size_lots > 0 else price)

    longs, shorts = market.liquidations
    found = [name for _, name in longs.due(-mark, is_true) + shorts.due(mark, is_true)]
    longs.drop_stale(is_true)
    shorts.drop_stale(is_true)

    def badness(account_id: str) -> tuple[int, str]:
        return health(market, market.positions[account_id]).ratio_ppb, account_id

    return sorted(found, key=badness)


def _is_deferred(d: Decision, market: Market, account_id: str, position: Position, /) -> bool:
    """Tell whether a liquidation above 100x waits for the venues to agree; begin to wait."""
    now = health(market, position)
    rate = bracket_of(now.notional).maintenance_ppb
    if (
        position.leverage <= DEFERRED_ABOVE
        or 2 * market.prices.dispersion_ppb <= rate
        or 4 * now.equity <= now.maintenance
    ):
        return False
    if position.deferred_until_ms is not None:
        return d.at_ms < position.deferred_until_ms
    d.emit(
        LiquidationDeferred(
            at_ms=d.at_ms,
            account_id=account_id,
            market_id=market.spec.market_id,
            until_ms=d.at_ms + LONGEST_DEFERRAL_MS,
        )
    )
    return True


def pend(d: Decision, market: Market, account_id: str, /, *, pending: bool) -> None:
    """Keep a position among those tried again at every mark, or no longer."""
    d.emit(
        LiquidationPended(
            at_ms=d.at_ms,
            account_id=account_id,
            market_id=market.spec.market_id,
            pending=pending,
        )
    )


def liquidate(d: Decision, market: Market, account_id: str, /) -> None:
    """Run the waterfall for one position."""
    now = health(market, market.positions[account_id])
    market_id = market.spec.market_id
    desperate = 2 * now.equity < now.maintenance
    book = is_matching(market, d.at_ms) and not desperate and _has_makers(d, market, account_id)
    if book and d.books_tried.get(market_id, 0) >= BOOK_TRIES:
        return
    if not market.positions[account_id].is_pending:
        d.emit(
            LiquidationStarted(
                at_ms=d.at_ms,
                account_id=account_id,
                market_id=market_id,
                size_lots=market.positions[account_id].size_lots,
                mark_half_ticks=market.prices.mark_half_ticks or 0,
                equity_micro=now.equity,
                maintenance_micro=now.maintenance,
            )
        )
    # 1. The account's open orders in this market end.
    cancel_account(d, market, account_id, Reason.LIQUIDATION)
    # 2. The book takes what it can, bounded by bankruptcy and the index.
    if book:
        d.books_tried[market_id] = d.books_tried.get(market_id, 0) + 1
        _sell_into_book(d, market, account_id, now.fee_ppb)
    # 3. to 5. What the book did not take.
    lots = lots_to_close(market, market.positions[account_id], now.fee_ppb)
    if lots:
        take_over(d, market, account_id, lots=lots, fee_ppb=now.fee_ppb)
    _settle_pending(d, market, account_id)


def _settle_pending(d: Decision, market: Market, account_id: str, /) -> None:
    """Remember whether the position still waits for its liquidation."""
    position = market.positions[account_id]
    if not position.size_lots:
        return
    now = health(market, position)
    waits = now.equity < now.maintenance
    if waits is not position.is_pending:
        pend(d, market, account_id, pending=waits)


def _taker(d: Decision, market: Market, account_id: str, lots: int, /) -> Order:
    """Make the immediate order of a liquidation; it has no id and never rests."""
    position = market.positions[account_id]
    is_buy = position.size_lots < 0
    bound = max(1, bound_half_ticks(market, position))
    terms = SubmitOrder(
        at_ms=d.at_ms,
        order_id="",
        account_id=account_id,
        market_id=market.spec.market_id,
        side=Side.BUY if is_buy else Side.SELL,
        order_type=OrderType.LIMIT,
        quantity_lots=lots,
        limit_ticks=bound // 2 if is_buy else -(-bound // 2),
        time_in_force=TimeInForce.IOC,
        reduce_only=True,
    )
    order = open_order(terms=terms, sequence=YOUNGEST, quantity_lots=lots, canceled_lots=0)
    return msgspec.structs.replace(order, key_half_ticks=bound if is_buy else -bound)


def _has_makers(d: Decision, market: Market, account_id: str, /) -> bool:
    """Tell whether others' orders rest within the bounds; else no try is spent on the book."""
    return any(
        market.orders[sequence].terms.account_id != account_id
        for sequence, _ in candidates(market, _taker(d, market, account_id, 1))
    )


def _sell_into_book(d: Decision, market: Market, account_id: str, fee_ppb: int, /) -> None:
    """Close lots against resting orders, recomputing after each fill."""
    for sequence, price in candidates(market, _taker(d, market, account_id, 1)):
        lots = lots_to_close(market, market.positions[account_id], fee_ppb)
        if not lots:
            return
        maker = market.orders[sequence]
        if is_past(maker, at_ms=d.at_ms):
            continue
        quantity = min(lots, tradable_lots(market, maker))
        if quantity and accepts(maker, quantity) and _is_within(market, account_id, price):
            _fill(d, market, account_id, maker, (quantity, price, fee_ppb))


def _is_within(market: Market, account_id: str, price: int, /) -> bool:
    """Tell whether a price is still no worse than the bound, which moves with each fill."""
    position = market.positions[account_id]
    bound = bound_half_ticks(market, position)
    return price >= bound if position.size_lots > 0 else price <= bound


def _fill(
    d: Decision, market: Market, account_id: str, maker: Order, terms: tuple[int, int, int], /
) -> None:
    """Trade with one maker: the fee's half is the fund's, the maker's rebate comes out of it."""
    quantity, price, fee_ppb = terms
    position = market.positions[account_id]
    value = quantity * price * market.unit_micro
    fee = min(
        rate_floor_micro(value, fee_ppb), left_above_bankruptcy_micro(position, quantity, value)
    )
    rebate = min(maker_rebate_floor_micro(maker, value, market.spec.maker_rebate_ppb), fee // 2)
    if fund_is_low(market):
        rebate = 0
    closing = closing_leg(account_id, position, lots=quantity, value_micro=value, fee_micro=fee)
    if broken_limit(market, (account_id, maker.terms.account_id), closing.lots):
        return
    try:
        leg = plan_leg(d.state, market, maker, quantity, price, -rebate)
    except Refusal as refused:
        if refused.reason not in EXCLUDING:
            cancel(d, market, maker, refused.reason)
        return
    d.emit(
        Filled(
            at_ms=d.at_ms,
            market_id=market.spec.market_id,
            trade_number=d.state.next_trade,
            kind=TradeKind.LIQUIDATION,
            price_half_ticks=price,
            quantity_lots=quantity,
            notional_micro=value,
            taker=closing,
            maker=leg,
            fees_micro=0,
            insurance_micro=fee - rebate,
        )
    )
    settle_leg(d, market, leg, maker.terms)
    settle_leg(d, market, closing, None)
    left = market.orders.get(maker.sequence)
    if left is not None and fell_below(left):
        cancel(d, market, left, Reason.BELOW_MINIMUM)
