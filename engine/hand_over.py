"""Handing over: somebody who leaves is taken over by the backstop, at the mark.

The last step of a forced exit (PRODUCT.md section 8: "book, else backstop"): what the book did
not take. The leaver pays the taker fee as if the book had taken it; the backstop takes at most what
its limit lets it, in any state in which there is a mark to do it at: a fresh one, or out of hours
the one that stands. What is not here: when it is asked for (`trading.services.forced_exits`), and
liquidations (`engine.waterfall`).
"""

from engine.backstop import room_lots, top_up, unwind
from engine.cancellation import cancel_account
from engine.commands import HandOverPosition
from engine.decision import Decision, Refusal, effective_state, stands_still
from engine.events import Filled
from engine.health import health
from engine.legs import Draft
from engine.matching import settle_leg
from engine.reasons import Reason
from engine.settings import find_market
from engine.state import BACKSTOP, NO_POSITION, Market, Position
from engine.takeover import backstop_leg, orderless_leg
from engine.units import REFERENCE_MAX_AGE_MS, rate_ceil_micro
from engine.vocabulary import MarketState, TradeKind

_NOWHERE = (MarketState.HALTED, MarketState.DELISTED)


def hand_over(d: Decision, command: HandOverPosition, /) -> None:
    """Let the backstop take a leaver's position at the mark, as many lots as its limit lets it."""
    market, account_id = find_market(d, command.market_id), command.account_id
    position = market.positions.get(account_id, NO_POSITION)
    lots = _lots(d, market, account_id, position)
    draft = _draft(market, position, lots)
    cancel_account(d, market, account_id, Reason.USER_REQUEST)
    leaving = orderless_leg(
        account_id,
        market.positions[account_id],
        lots=draft.lots,
        cost_micro=draft.cost_micro,
        collateral_micro=draft.collateral_micro,
        cash_micro=draft.cash_micro,
        fee_micro=draft.fee_micro,
        realized_pnl_micro=draft.realized_pnl_micro,
    )
    value = lots * draft.mark_half_ticks * market.unit_micro
    taking = backstop_leg(market, lots=-draft.lots, value_micro=value, reward_micro=0)
    d.emit(
        Filled(
            at_ms=d.at_ms,
            market_id=command.market_id,
            trade_number=d.state.next_trade,
            kind=TradeKind.HAND_OVER,
            price_half_ticks=draft.mark_half_ticks,
            quantity_lots=lots,
            notional_micro=value,
            taker=leaving,
            maker=taking,
            fees_micro=draft.fee_micro,
        )
    )
    settle_leg(d, market, leaving, None)
    settle_leg(d, market, taking, None)
    top_up(d, market)
    unwind(d, market)


def _lots(d: Decision, market: Market, account_id: str, position: Position, /) -> int:
    """Return how many lots the backstop takes; refuse where there are none, or no mark."""
    whole = abs(position.size_lots)
    if not whole or account_id == BACKSTOP:
        raise Refusal(Reason.REDUCE_ONLY_REJECTED, position_lots=0)
    if effective_state(market) in _NOWHERE:
        raise Refusal(Reason.MARKET_CLOSED)
    age = d.at_ms - market.prices.quoted_at_ms
    if age > REFERENCE_MAX_AGE_MS and not stands_still(market):
        raise Refusal(Reason.NO_REFERENCE_PRICE, age_ms=age)
    now = health(market, position)
    if now.equity < now.maintenance:
        raise Refusal(
            Reason.LIQUIDATION_PENDING,
            equity_micro=now.equity,
            maintenance_micro=now.maintenance,
        )
    room = room_lots(d.state, market, is_buy=position.size_lots > 0)
    if room <= 0:
        raise Refusal(Reason.POSITION_SIZE_EXCEEDED, lots=whole, limit_lots=0)
    return min(whole, room)


def _draft(market: Market, position: Position, lots: int, /) -> Draft:
    """Plan the leaver's side: a decrease at the mark, its fee rounded up out of what it frees."""
    mark = market.prices.mark_half_ticks
    assert mark is not None, "without a mark nobody has a position"
    value = lots * mark * market.unit_micro
    draft = Draft(position, mark)
    draft.reduce(
        lots=-lots if position.size_lots > 0 else lots,
        notional_micro=value,
        fee_micro=rate_ceil_micro(value, market.spec.taker_fee_ppb),
    )
    draft.check_reduction(unit=market.unit_micro)
    return draft
