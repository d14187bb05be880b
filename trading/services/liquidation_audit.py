"""The audit of liquidations: who is below maintenance, and whether the engine saw it too.

Two questions, each second. Do the two reckonings agree, at the same mark and row? If not, that is
an alert at once. And is everybody who is below maintenance being dealt with? The engine may wait:
3 s for venues that diverge, a minute after a market resumes, and at most ten positions of a market
in a step; whoever it leaves longer is missed. Who is LIQUIDATION_PENDING is not.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import structlog
from django.db import connection, transaction
from django.utils import timezone

from trading.alerts import raise_alert, raise_alert_once
from trading.models import (
    AlertKind,
    Liquidation,
    LiquidationSuspect,
    Market,
    MarketState,
    StateWish,
)
from trading.selectors.liquidation_audit import Measured, engine_marks, measured_positions

log = structlog.get_logger(__name__)

MISSED_AFTER: Final = timedelta(seconds=5)
GRACE: Final = timedelta(seconds=65)
BUSY_MS: Final = 3_000
BUSY_LIQUIDATIONS: Final = 10
LIQUIDATING: Final = (
    MarketState.ACTIVE,
    MarketState.REDUCE_ONLY,
    MarketState.POST_ONLY,
    MarketState.CANCEL_ONLY,
)


class Audit(NamedTuple):
    """What one audit found: positions on which the reckonings differ, suspects, and new misses."""

    disputed: int
    suspected: int
    missed: int


def audit_liquidations(*, now: datetime | None = None) -> Audit:
    """Measure all open positions; alert on what the engine reckons otherwise, or left."""
    now = now or timezone.now()
    # 1. Measure.
    measured = measured_positions(engine_marks())
    # 2. Where the two reckonings differ.
    disputed = [one for one in measured if one.is_below is not one.is_triggered]
    _alert_disputed(disputed)
    # 3. Who is below and not being dealt with.
    acting = _markets_that_liquidate(now)
    left = [one for one in measured if one.is_below and not one.is_pending]
    suspects = [one for one in left if one.market_id in acting]
    missed = _follow(suspects, now=now)
    return Audit(len(disputed), len(suspects), missed)


def _alert_disputed(disputed: Sequence[Measured]) -> None:
    symbols = _symbols(one.market_id for one in disputed)
    for symbol, count in symbols.items():
        raise_alert_once(AlertKind.LIQUIDATION_DISPUTED, f"{symbol}: {count} positions")


def _markets_that_liquidate(now: datetime) -> set[int]:
    """Return the markets whose state has let liquidations run for a while."""
    closed = StateWish.objects.filter(hours_closed=True).values("market_id")
    rows = Market.objects.filter(state__in=LIQUIDATING, state_changed_at__lt=now - GRACE)
    return set(rows.exclude(pk__in=closed).values_list("pk", flat=True))


@transaction.atomic
def _follow(suspects: Sequence[Measured], *, now: datetime) -> int:
    """Keep the list of suspects; alert on whoever has stood there too long; return how many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('trading.liquidation_audit'))")
    standing = {(row.account_id, row.market_id): row for row in _standing()}
    seen = {(one.account_id, one.market_id): one for one in suspects}
    # 1. Who is well again is forgotten, or, if he was alerted, noted.
    for key, row in standing.items():
        if key not in seen:
            _end(row, now=now)
    # 2. Who is new is noted; who has stood long is missed.
    new = [_suspect(one, now=now) for key, one in seen.items() if key not in standing]
    LiquidationSuspect.objects.bulk_create(new)
    busy = _busy_markets(now)
    missed = [
        row
        for key, row in standing.items()
        if key in seen
        and row.alerted_at is None
        and now - row.first_seen_at >= MISSED_AFTER
        and row.market_id not in busy
    ]
    LiquidationSuspect.objects.filter(pk__in=[row.pk for row in missed]).update(alerted_at=now)
    for symbol, count in _symbols(row.market_id for row in missed).items():
        raise_alert(AlertKind.LIQUIDATION_MISSED, f"{symbol}: {count} positions")
    return len(missed)


def _standing() -> list[LiquidationSuspect]:
    return list(LiquidationSuspect.objects.filter(ended_at=None))


def _end(row: LiquidationSuspect, *, now: datetime) -> None:
    if row.alerted_at is None:
        row.delete()
    else:
        row.ended_at = now
        row.save(update_fields=["ended_at"])


def _suspect(one: Measured, *, now: datetime) -> LiquidationSuspect:
    return LiquidationSuspect(
        account_id=one.account_id,
        market_id=one.market_id,
        mark_half_ticks=one.mark_half_ticks,
        equity_micro=one.equity_micro,
        maintenance_micro=one.maintenance_micro,
        first_seen_at=now,
    )


def _busy_markets(now: datetime) -> set[int]:
    """Return the markets in which so many are being liquidated that others wait their turn."""
    since_ms = int(now.timestamp() * 1_000) - BUSY_MS
    started = Liquidation.objects.filter(started_at_ms__gte=since_ms)
    counts = Counter(started.values_list("market_id", flat=True))
    return {market_id for market_id, count in counts.items() if count >= BUSY_LIQUIDATIONS}


def _symbols(market_ids: Iterable[int]) -> dict[str, int]:
    """Count by symbol."""
    counts = Counter(market_ids)
    rows = Market.objects.filter(pk__in=list(counts)).order_by("rank", "id")
    return {symbol: counts[key] for key, symbol in rows.values_list("pk", "symbol")}
