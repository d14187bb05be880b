"""Warnings: owners are told at 150% of maintenance, once per crossing.

What is not here: liquidations (`engine.liquidation`).
"""

from engine.decision import Decision
from engine.events import LiquidationWarned, WarningLifted
from engine.state import BACKSTOP, Market, lift_key


def warn(d: Decision, market: Market, /) -> None:
    """Warn owners whose equity fell below 150% of maintenance, once per crossing."""
    mark = market.prices.mark_half_ticks
    assert mark is not None, "warnings need a mark"

    def is_true(key: int, account_id: str) -> bool:
        position = market.positions.get(account_id)
        if position is None or not position.size_lots or position.is_warned:
            return False
        price = position.warning_half_ticks
        return (
            account_id != BACKSTOP
            and price is not None
            and key == (-price if position.size_lots > 0 else price)
        )

    longs, shorts = market.warnings
    for _, account_id in longs.due(-mark, is_true) + shorts.due(mark, is_true):
        d.emit(
            LiquidationWarned(
                at_ms=d.at_ms,
                account_id=account_id,
                market_id=market.spec.market_id,
                mark_half_ticks=mark,
            )
        )
    longs.drop_stale(is_true)
    shorts.drop_stale(is_true)


def lift_warnings(d: Decision, market: Market, /) -> None:
    """Let warned positions that are safe again be warned anew at the next crossing."""
    mark = market.prices.mark_half_ticks
    assert mark is not None, "warnings need a mark"

    def is_true(key: int, account_id: str) -> bool:
        position = market.positions.get(account_id)
        if position is None or not position.size_lots or not position.is_warned:
            return False
        return key == lift_key(position)

    longs, shorts = market.lifts
    for _, account_id in longs.due(mark, is_true) + shorts.due(-mark, is_true):
        d.emit(WarningLifted(at_ms=d.at_ms, account_id=account_id, market_id=market.spec.market_id))
    longs.drop_stale(is_true)
    shorts.drop_stale(is_true)
