"""An account's money as it is told: free, reserved, in positions, and what they would come to."""

import uuid

from trading.models import Balance
from trading.projections.rows import BalanceRow
from trading.selectors.amounts import usdt_text
from trading.selectors.order_views import Json
from trading.selectors.positions import open_positions, unrealized_pnl_micro


def balance_view(account_id: uuid.UUID, /) -> Json:
    """Return an account's balance; zeros for one that never had money.

    wallet = free + reserved + in_positions; equity = wallet + unrealized_pnl. What is held for
    withdrawals is in `reserved` too, deposits that may still vanish are in `free`.
    """
    balance = Balance.objects.filter(account_id=account_id).first() or Balance()
    positions = open_positions(account_id)
    return money_view(
        balance,
        in_positions_micro=sum(position.collateral_micro for position in positions),
        unrealized_micro=unrealized_pnl_micro(positions),
    )


def money_view(
    balance: Balance | BalanceRow, /, *, in_positions_micro: int, unrealized_micro: int
) -> Json:
    """Return a balance with what positions hold, and would gain at the mark."""
    reserved = balance.reserved_micro + balance.held_micro
    wallet = balance.cash_micro + in_positions_micro
    return {
        "free": usdt_text(balance.cash_micro - reserved),
        "reserved": usdt_text(reserved),
        "in_positions": usdt_text(in_positions_micro),
        "wallet": usdt_text(wallet),
        "unrealized_pnl": usdt_text(unrealized_micro),
        "equity": usdt_text(wallet + unrealized_micro),
        "pending_deposits": usdt_text(balance.unfinal_micro),
        "pending_withdrawals": usdt_text(balance.held_micro),
    }
