"""Positions with their triggers, as the state has them at the end of a step."""

from collections.abc import Mapping
from typing import Final

from engine.state import Pair, State
from trading.projections.names import Names
from trading.projections.rows import PositionRow
from trading.projections.tables import Table
from trading.recording import Hand

TABLE: Final = Table(
    "trading_position",
    PositionRow,
    "uuid bigint smallint bigint bigint bigint bigint bigint bigint bigint bigint bool bool"
    " bigint bigint bigint bigint bigint",
    key=("account_id", "market_id"),
)
NO_PAIR: Final = Pair(None, None)


def position_rows(
    state: State,
    touched: Mapping[tuple[str, str], int],
    names: Names,
    /,
) -> list[PositionRow]:
    """Return the rows of positions by the moment at which each was touched last."""
    found = [
        position_row(state, name, symbol, at_ms, names) for (name, symbol), at_ms in touched.items()
    ]
    return [row for row in found if row is not None]


def position_row(
    state: State, name: str, symbol: str, at_ms: int, names: Names, /
) -> PositionRow | None:
    """Return one position's row; None where the engine keeps nothing."""
    market = state.markets[symbol]
    position = market.positions.get(name)
    if position is None:
        return None
    pair = market.pairs.get(name, NO_PAIR)
    profit, loss = pair.take_profit, pair.stop_loss
    return PositionRow(
        names.accounts[name],
        names.markets[symbol],
        position.leverage,
        position.size_lots,
        position.cost_micro,
        position.collateral_micro,
        position.buy_reserve_micro,
        position.sell_reserve_micro,
        position.realized_pnl_micro,
        position.funding_micro,
        position.liquidation_half_ticks,
        position.is_warned,
        position.is_pending,
        None if profit is None else profit.trigger_ticks,
        None if profit is None else profit.limit_ticks,
        None if loss is None else loss.trigger_ticks,
        None if loss is None else loss.limit_ticks,
        at_ms,
    )


def write_positions(cursor: Hand, rows: list[PositionRow], /) -> None:
    """Write positions as they are now."""
    TABLE.merge(cursor, rows)
