"""What the book did not take: the backstop, the pending, auto-deleveraging, venue debt.

Steps 3 to 5 of PRODUCT.md section 7. What is not here: the book (`engine.liquidation`).
"""

from engine.auto_deleverage import deleverage
from engine.backstop import room_lots
from engine.decision import Decision
from engine.events import Filled, InsurancePaid, VenueDebtBooked
from engine.health import fund_is_low
from engine.matching import settle_leg
from engine.state import Market, Position
from engine.takeover import backstop_leg, closing_leg, left_above_bankruptcy_micro
from engine.units import div_ceil, rate_floor_micro
from engine.vocabulary import TradeKind


def take_over(d: Decision, market: Market, account_id: str, /, *, lots: int, fee_ppb: int) -> None:
    """Let the backstop take lots at the mark; deleverage what it cannot of a deficit."""
    equity = equity_at_mark(market, market.positions[account_id])
    if equity < 0:
        lots = abs(market.positions[account_id].size_lots)
        paid = _payable_lots(d, market, lots, -equity)
        taken = min(paid, room_lots(d.state, market, is_buy=_is_long(market, account_id)))
        _pay_deficit(d, market, account_id, taken, -equity)
        _give(d, market, account_id, taken, 0)
        if taken < lots:
            deleverage(d, market, account_id)
            _owe(d, market, account_id)
        return
    taken = min(lots, room_lots(d.state, market, is_buy=_is_long(market, account_id)))
    _give(d, market, account_id, taken, fee_ppb)


def _is_long(market: Market, account_id: str, /) -> bool:
    return market.positions[account_id].size_lots > 0


def equity_at_mark(market: Market, position: Position, /) -> int:
    """Return collateral plus value at the mark less cost."""
    mark = market.prices.mark_half_ticks or 0
    value = position.size_lots * mark * market.unit_micro
    return position.collateral_micro + value - position.cost_micro


def _payable_lots(d: Decision, market: Market, lots: int, deficit_micro: int, /) -> int:
    """Return the most lots whose share of the deficit both funds can pay."""
    there = market.fund_micro + d.state.global_fund_micro
    return min(lots, there * lots // deficit_micro)


def _pay_deficit(
    d: Decision, market: Market, account_id: str, lots: int, deficit_micro: int, /
) -> None:
    """Let the market's fund, then the global one, make good the share of some lots."""
    whole = abs(market.positions[account_id].size_lots)
    needed = div_ceil(deficit_micro * lots, whole)
    fund = min(needed, market.fund_micro)
    shared = min(needed - fund, d.state.global_fund_micro)
    assert fund + shared == needed, "the lots were chosen so that the funds can pay"
    if needed:
        d.emit(
            InsurancePaid(
                at_ms=d.at_ms,
                account_id=account_id,
                market_id=market.spec.market_id,
                insurance_micro=fund,
                global_insurance_micro=shared,
            )
        )


def _give(d: Decision, market: Market, account_id: str, lots: int, fee_ppb: int, /) -> None:
    """Give lots to the backstop at the mark, half of the fee with them."""
    if not lots:
        return
    position = market.positions[account_id]
    mark = market.prices.mark_half_ticks
    assert mark is not None, "liquidations need a mark"
    value = lots * mark * market.unit_micro
    fee = min(rate_floor_micro(value, fee_ppb), left_above_bankruptcy_micro(position, lots, value))
    reward = 0 if fund_is_low(market) else fee // 2
    signed = lots if position.size_lots > 0 else -lots
    taking = backstop_leg(market, lots=signed, value_micro=value, reward_micro=reward)
    closing = closing_leg(account_id, position, lots=lots, value_micro=value, fee_micro=fee)
    d.emit(
        Filled(
            at_ms=d.at_ms,
            market_id=market.spec.market_id,
            trade_number=d.state.next_trade,
            kind=TradeKind.BACKSTOP,
            price_half_ticks=mark,
            quantity_lots=lots,
            notional_micro=value,
            taker=closing,
            maker=taking,
            fees_micro=0,
            insurance_micro=fee - reward,
        )
    )
    settle_leg(d, market, closing, None)
    settle_leg(d, market, taking, None)


def _owe(d: Decision, market: Market, account_id: str, /) -> None:
    """Book what is left of a deficit to the venue and let the backstop take the lots."""
    position = market.positions[account_id]
    if not position.size_lots:
        return
    deficit = -equity_at_mark(market, position)
    assert deficit >= 0, "only what is below zero is deleveraged"
    d.emit(
        VenueDebtBooked(
            at_ms=d.at_ms,
            account_id=account_id,
            market_id=market.spec.market_id,
            amount_micro=deficit,
        )
    )
    _give(d, market, account_id, abs(position.size_lots), 0)
