"""All open positions measured at the engine's marks, by another way than the engine's.

The engine finds who is liquidatable by an index of trigger prices; here every position's equity
and maintenance margin are reckoned from its row and the brackets of the catalogue, in one query.
What is not here: what follows from a difference (`trading.services.liquidation_audit`).
"""

import uuid
from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from django.db import connection

from engine.codec import decode_event
from engine.events import ReferenceMoved
from trading.models import BACKSTOP_ACCOUNT_ID, Market, Position

READ_AT_ONCE: Final = 1_000
READ_AT_MOST: Final = 20_000
NEWEST_MOVES: Final = """
    SELECT sequence, payload FROM trading_event
    WHERE kind = 'ReferenceMoved' AND sequence < %s ORDER BY sequence DESC LIMIT %s
"""
END: Final = 1 << 62

# No maintenance rate is above a twentieth, so only positions with less equity than that of their
# notional, and those that the engine would trigger, are reckoned to the last micro.
BELOW: Final = """
    WITH mark AS (
        SELECT market_id, half_ticks
          FROM unnest(%(markets)s::bigint[], %(marks)s::bigint[]) AS m (market_id, half_ticks)
    ), held AS (
        SELECT p.account_id, p.market_id, p.is_pending, mark.half_ticks, market.bracket_schedule_id,
               abs(p.size_lots * mark.half_ticks * (market.tick_lot_micro / 2)) AS notional,
               p.collateral_micro + p.size_lots * mark.half_ticks * (market.tick_lot_micro / 2)
                   - p.cost_micro AS equity,
               p.liquidation_half_ticks IS NOT NULL
                   AND CASE WHEN p.size_lots > 0 THEN mark.half_ticks <= p.liquidation_half_ticks
                            ELSE mark.half_ticks >= p.liquidation_half_ticks END AS is_triggered
          FROM trading_position AS p
          JOIN trading_market AS market ON market.id = p.market_id
          JOIN mark ON mark.market_id = p.market_id
         WHERE p.size_lots <> 0 AND p.account_id <> %(backstop)s
    )
    SELECT account_id, market_id, is_pending, half_ticks, equity, maintenance, is_triggered
      FROM held, LATERAL (
          SELECT ceil(held.notional::numeric * maintenance_margin_ppb / 1000000000)::bigint
                     - deduction_micro AS maintenance
            FROM trading_bracket
           WHERE schedule_id = held.bracket_schedule_id
             AND (notional_up_to_micro IS NULL OR notional_up_to_micro >= held.notional)
           ORDER BY notional_up_to_micro NULLS LAST LIMIT 1
      ) AS bracket
     WHERE (equity < notional / 20 OR is_triggered) AND (equity < maintenance OR is_triggered)
"""


class Measured(NamedTuple):
    """A position below maintenance by this reckoning, by the engine's index, or by both."""

    account_id: uuid.UUID
    market_id: int
    is_pending: bool
    mark_half_ticks: int
    equity_micro: int
    maintenance_micro: int
    is_triggered: bool

    @property
    def is_below(self) -> bool:
        """Whether it is below maintenance by this reckoning."""
        return self.equity_micro < self.maintenance_micro


def measured_positions(marks: Mapping[int, int], /) -> list[Measured]:
    """Return who is below maintenance by either reckoning, at these marks of markets."""
    with connection.cursor() as cursor:
        cursor.execute(
            BELOW,
            {
                "markets": list(marks),
                "marks": list(marks.values()),
                "backstop": BACKSTOP_ACCOUNT_ID,
            },
        )
        return [Measured(*row) for row in cursor.fetchall()]


def engine_marks() -> dict[int, int]:
    """Return the marks that the engine heard last, of the markets with positions, from the log.

    A market that was not heard of for long is left out: it stands still, or somebody says so.
    """
    wanted = dict(
        Market.objects.filter(
            pk__in=Position.objects.exclude(size_lots=0).values("market_id").distinct()
        ).values_list("symbol", "pk")
    )
    found: dict[str, int | None] = {}
    before, read = END, 0
    while wanted.keys() - found.keys() and read < READ_AT_MOST:
        rows = _moves_before(before)
        for sequence, payload in rows:
            before = sequence
            _note(found, payload, wanted)
        read += len(rows)
        if len(rows) < READ_AT_ONCE:
            break
    return {wanted[symbol]: mark for symbol, mark in found.items() if mark is not None}


def _moves_before(sequence: int, /) -> list[tuple[int, bytes]]:
    with connection.cursor() as cursor:
        cursor.execute(NEWEST_MOVES, [sequence, READ_AT_ONCE])
        return list(cursor.fetchall())


def _note(found: dict[str, int | None], payload: bytes, wanted: Collection[str], /) -> None:
    event = decode_event(bytes(payload))
    if isinstance(event, ReferenceMoved) and event.move.market_id in wanted:
        found.setdefault(event.move.market_id, event.move.mark_half_ticks)
