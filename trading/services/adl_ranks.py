"""Ranks every open position for auto-deleveraging, as the engine would at the newest mark.

The order is `engine.deleverage_queue.rank_ppb`'s: for a long (value / cost) x (value / equity), for
a short cost / equity, winners only. Winners of a side are cut into fifths, the first in line are
5; who does not win stands at 1, like a position that is younger than the last ranking.
"""

from typing import Final

from django.db import connection, transaction

from trading.models.orders import BACKSTOP_ACCOUNT_ID

RANKED: Final = """
    WITH held AS (
        SELECT p.account_id, p.market_id, p.size_lots > 0 AS is_long,
               abs(p.cost_micro)::double precision AS cost,
               p.size_lots::double precision * t.mark_half_ticks * (m.tick_lot_micro / 2) AS value,
               p.cost_micro::double precision AS signed_cost,
               p.collateral_micro::double precision AS collateral
          FROM trading_position p
          JOIN trading_market m ON m.id = p.market_id
          JOIN trading_marketticker t ON t.market_id = p.market_id
         WHERE p.size_lots <> 0 AND p.account_id <> %(backstop)s AND t.mark_half_ticks IS NOT NULL
    ), winners AS (
        SELECT account_id, market_id, is_long,
               CASE WHEN is_long THEN value / cost * value ELSE cost END
                   / (collateral + value - signed_cost) AS score
          FROM held
         WHERE value > signed_cost AND collateral + value > signed_cost AND cost > 0
    )
    INSERT INTO trading_adlrank (account_id, market_id, rank)
    SELECT account_id, market_id,
           ceil(5 * cume_dist() OVER (PARTITION BY market_id, is_long ORDER BY score))
      FROM winners
"""


def rank_positions() -> int:
    """Replace all ranks by those of this moment; return how many positions win."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM trading_adlrank")
        cursor.execute(RANKED, {"backstop": BACKSTOP_ACCOUNT_ID})
        return int(cursor.rowcount)
