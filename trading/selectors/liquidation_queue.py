"""The positions nearest to their liquidation, over all markets or in one.

Read from positions and published marks alone: an order that rests, or what it reserves, is no part
of it (I24). How near: the mark's way to the liquidation price, as a share of the mark. What is not
here: what a mark would do (`trading.selectors.what_if`).
"""

import uuid
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple

from django.db import connection

from engine.margin import WARNING, equity_micro, maintenance_ceil_micro
from engine.units import PPB
from trading.models import BACKSTOP_ACCOUNT_ID, Market

SHOWN: Final = 100
COLUMNS: Final = """
    p.account_id, p.market_id, p.leverage, p.size_lots, p.cost_micro, p.collateral_micro,
    p.liquidation_half_ticks, p.is_warned, p.is_pending
"""
# Each half walks an index of its side, so that a million positions cost what a hundred do.
NEAREST: Final = f"""
    WITH mark AS (
        SELECT market_id, half_ticks
          FROM unnest(%(markets)s::bigint[], %(marks)s::bigint[]) AS m (market_id, half_ticks)
    )
    SELECT near.*, mark.half_ticks
      FROM mark, LATERAL (
          (SELECT {COLUMNS} FROM trading_position AS p
            WHERE p.market_id = mark.market_id AND p.size_lots > 0
              AND p.liquidation_half_ticks IS NOT NULL AND p.account_id <> %(backstop)s
            ORDER BY p.liquidation_half_ticks DESC LIMIT %(shown)s)
          UNION ALL
          (SELECT {COLUMNS} FROM trading_position AS p
            WHERE p.market_id = mark.market_id AND p.size_lots < 0
              AND p.liquidation_half_ticks IS NOT NULL AND p.account_id <> %(backstop)s
            ORDER BY p.liquidation_half_ticks LIMIT %(shown)s)
      ) AS near
     ORDER BY sign(near.size_lots) * (mark.half_ticks - near.liquidation_half_ticks)
                  / mark.half_ticks::float8, near.account_id, near.market_id
     LIMIT %(shown)s
"""  # noqa: S608 - constants of ours


class Stage(StrEnum):
    """How far a position is on its way."""

    PENDING = "waits to be closed"
    BELOW = "below maintenance"
    WARNED = "warned"
    WELL = "well"


class Near(NamedTuple):
    """A position at its market's mark; amounts in micro-USDT."""

    account_id: uuid.UUID
    market_id: int
    leverage: int
    size_lots: int
    cost_micro: int
    collateral_micro: int
    liquidation_half_ticks: int
    is_warned: bool
    is_pending: bool
    mark_half_ticks: int
    equity_micro: int
    maintenance_micro: int

    @property
    def distance_ppb(self) -> int:
        """The mark's way to the liquidation price, of the mark; below zero beyond it."""
        way = self.mark_half_ticks - self.liquidation_half_ticks
        return (way if self.size_lots > 0 else -way) * PPB // self.mark_half_ticks

    @property
    def ratio_ppb(self) -> int:
        """Equity per maintenance margin, rounded down."""
        return self.equity_micro * PPB // max(1, self.maintenance_micro)

    @property
    def stage(self) -> Stage:
        """How far it is."""
        if self.is_pending:
            return Stage.PENDING
        if self.equity_micro < self.maintenance_micro:
            return Stage.BELOW
        up, down = WARNING
        if self.is_warned or self.equity_micro * down < self.maintenance_micro * up:
            return Stage.WARNED
        return Stage.WELL


def nearest(marks: Mapping[int, int], /) -> list[Near]:
    """Return the hundred positions nearest to liquidation at these marks, the nearest first."""
    units = {pk: unit // 2 for pk, unit in Market.objects.values_list("pk", "tick_lot_micro")}
    with connection.cursor() as cursor:
        cursor.execute(
            NEAREST,
            {
                "markets": list(marks),
                "marks": list(marks.values()),
                "backstop": BACKSTOP_ACCOUNT_ID,
                "shown": SHOWN,
            },
        )
        return [_measured(row, units[row[1]]) for row in cursor.fetchall()]


def _measured(row: tuple[Any, ...], unit_micro: int, /) -> Near:
    near = Near._make((*row, 0, 0))
    equity = equity_micro(
        size_lots=near.size_lots,
        cost_micro=near.cost_micro,
        collateral_micro=near.collateral_micro,
        price_half_ticks=near.mark_half_ticks,
        unit=unit_micro,
    )
    maintenance = maintenance_ceil_micro(abs(near.size_lots) * near.mark_half_ticks * unit_micro)
    return near._replace(equity_micro=equity, maintenance_micro=maintenance)
