"""What an operator watches of the venue's rows, in one short look at the database."""

from typing import Final, NamedTuple

from django.db import connection, transaction

from trading.selectors.funds import Backstop, backstop

STATEMENT_MS: Final = 1_000
"""A scrape never holds the database for longer."""

SEEN: Final = """
    SELECT
        (SELECT count(*) FROM trading_command WHERE status = 'WAITING'),
        (SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0)
           FROM trading_command WHERE status = 'WAITING'),
        (SELECT count(*) FROM trading_command WHERE failures > 0 AND status = 'SET_ASIDE'),
        (SELECT coalesce(max(sequence), 0) FROM trading_event),
        pg_total_relation_size('trading_event'),
        (SELECT coalesce(extract(epoch FROM now()) - max(made_at_ms) / 1000.0, 0)
           FROM trading_snapshot),
        (SELECT coalesce(max(sequence), 0) FROM trading_snapshot),
        (SELECT coalesce(extract(epoch FROM now()) - max(sampled_until), 0)
           FROM trading_fundingclock),
        (SELECT count(*) FROM trading_liquidationsuspect WHERE ended_at IS NULL),
        (SELECT count(*) FROM pg_locks
          WHERE locktype = 'advisory' AND classid = %(engine)s AND granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())),
        (SELECT coalesce(extract(epoch FROM now()) - max(due_at_ms) / 1000.0, 0)
           FROM trading_batch WHERE state IN ('CONFIRMED', 'FINALIZED')),
        (SELECT coalesce(sum(global_insurance_micro), 0) FROM trading_venuefunds),
        (SELECT count(*) FROM trading_withdrawal WHERE state IN ('HELD', 'RELEASED'))
"""
# The target is of the published open interest; a market without a mark has none.
FUNDS: Final = """
    SELECT symbol, insurance_micro, debt_micro, paid_hour,
           (published_lots::numeric * mark_half_ticks * (tick_lot_micro / 2) / 100)::bigint
      FROM trading_marketfunds AS funds
      JOIN trading_market AS market ON market.id = funds.market_id
      LEFT JOIN trading_marketticker AS ticker ON ticker.market_id = funds.market_id
     ORDER BY rank, funds.market_id
"""
ENGINE_CLASS: Final = 0x0D41E


class VenueFigures(NamedTuple):
    """One look; seconds are ages, amounts micro-USDT."""

    waiting: int
    oldest_waiting_s: float
    set_aside: int
    log_events: int
    log_bytes: int
    snapshot_age_s: float
    snapshot_sequence: int
    funding_lag_s: float
    suspects: int
    leaders: int
    root_age_s: float
    global_insurance_micro: int
    withdrawals_waiting: int


class MarketMoney(NamedTuple):
    """A market's fund, debt and the fund's target, and the last hour whose funding it paid."""

    symbol: str
    insurance_micro: int
    debt_micro: int
    paid_hour: int
    target_micro: int | None


class Look(NamedTuple):
    """What one look at the database sees."""

    figures: VenueFigures
    markets: list[MarketMoney]
    alerts: dict[str, int]
    backstop: Backstop


def venue_figures() -> Look:
    """Return the venue's figures, each market's money, the alerts of each kind, the backstop.

    Raises Django's database errors, after a second at the latest.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = {STATEMENT_MS}")
        cursor.execute(SEEN, {"engine": ENGINE_CLASS})
        row = cursor.fetchone() or ()
        figures = VenueFigures(*row)
        cursor.execute(FUNDS)
        markets = [MarketMoney(*row) for row in cursor.fetchall()]
        cursor.execute("SELECT kind, count(*) FROM trading_alert GROUP BY kind")
        return Look(figures, markets, dict(cursor.fetchall()), backstop())
