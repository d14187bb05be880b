"""The legs of liquidations: the position that is closed, and the backstop that takes over.

A liquidated leg keeps what it releases in the position, so that closing lots lifts the
margin ratio; only a position that is closed whole gives its rest back. The backstop settles
in cash and posts nothing. What is not here: voluntary legs (`engine.legs`).
"""

from engine.events import Leg
from engine.state import BACKSTOP, NO_POSITION, Market, Position
from engine.units import div_trunc


def share_trunc_micro(total_micro: int, lots: int, of_lots: int, /) -> int:
    """Return the share of some lots in a total, towards zero; all lots have all of it."""
    return div_trunc(total_micro * lots, of_lots)


def left_above_bankruptcy_micro(position: Position, lots: int, value_micro: int, /) -> int:
    """Return what some lots have left when closed for a value, not below zero."""
    whole = abs(position.size_lots)
    cost = share_trunc_micro(position.cost_micro, lots, whole)
    collateral = position.collateral_micro * lots // whole
    signed = value_micro if position.size_lots > 0 else -value_micro
    return max(0, collateral + signed - cost)


def closing_leg(
    account_id: str, position: Position, /, *, lots: int, value_micro: int, fee_micro: int = 0
) -> Leg:
    """Close lots of a position for a value (the backstop: into cash, others: kept inside)."""
    size = position.size_lots
    sign = 1 if size > 0 else -1
    cost = share_trunc_micro(position.cost_micro, lots, abs(size))
    pnl = sign * value_micro - cost
    collateral = pnl - fee_micro
    cash = 0
    if lots == abs(size):
        cash = position.collateral_micro + collateral
        collateral = -position.collateral_micro
    return orderless_leg(
        account_id,
        position,
        lots=-sign * lots,
        cost_micro=-cost,
        collateral_micro=collateral,
        cash_micro=cash,
        fee_micro=fee_micro,
        realized_pnl_micro=pnl,
    )


def releasing_leg(account_id: str, position: Position, /, *, lots: int, value_micro: int) -> Leg:
    """Close lots of a deleveraged winner: what they release goes to its cash, no fee."""
    size = position.size_lots
    sign = 1 if size > 0 else -1
    cost = share_trunc_micro(position.cost_micro, lots, abs(size))
    released = position.collateral_micro * lots // abs(size)
    pnl = sign * value_micro - cost
    return orderless_leg(
        account_id,
        position,
        lots=-sign * lots,
        cost_micro=-cost,
        collateral_micro=-released,
        cash_micro=released + pnl,
        realized_pnl_micro=pnl,
    )


def backstop_leg(market: Market, /, *, lots: int, value_micro: int, reward_micro: int) -> Leg:
    """Let the backstop take signed lots for a value, and its reward; all in cash."""
    position = market.positions.get(BACKSTOP, NO_POSITION)
    size = position.size_lots
    closed = min(abs(lots), abs(size)) if size * lots < 0 else 0
    sign = 1 if lots > 0 else -1
    closed_value = share_trunc_micro(value_micro, closed, abs(lots))
    cost = share_trunc_micro(position.cost_micro, closed, abs(size)) if closed else 0
    released = position.collateral_micro * closed // abs(size) if closed else 0
    pnl = -sign * closed_value - cost if closed else 0
    return orderless_leg(
        BACKSTOP,
        position,
        lots=lots,
        cost_micro=-cost + sign * (value_micro - closed_value),
        collateral_micro=-released,
        cash_micro=released + pnl + reward_micro,
        fee_micro=-reward_micro,
        realized_pnl_micro=pnl,
    )


def orderless_leg(account_id: str, position: Position, /, **fields: int) -> Leg:
    """Complete a leg without an order; the orders' reserves stay as they are."""
    whole = {
        "cash_micro": 0,
        "collateral_micro": 0,
        "fee_micro": 0,
        "opened_micro": 0,
        "buy_reserve_micro": position.buy_reserve_micro,
        "sell_reserve_micro": position.sell_reserve_micro,
        **fields,
    }
    return Leg(account_id=account_id, order_id=None, sequence=0, **whole)
