"""Pausing the whole venue, and resuming: by hand or when the pause's time is over.

A change of the mode is one row and, from level 2 on, a wish for every market to be halted, so that
marks, funding, liquidations and triggers stand still; both are one transaction. What is not here:
what doors refuse meanwhile (`trading.services.venue_pause`), and who may pause.
"""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import connection, transaction
from django.utils import timezone

from engine.vocabulary import MarketState
from trading.models import Market, PauseLevel, VenueModeChange, Wisher
from trading.services.market_states import OPEN, Wish, wish_states
from trading.services.venue_news import tell_mode_after_commit

log = structlog.get_logger(__name__)

LASTS: Final = {
    PauseLevel.NEW_ORDERS_PAUSED: timedelta(minutes=5),
    PauseLevel.TRADING_PAUSED: timedelta(minutes=15),
}
"""How long a level lasts; the others end by hand."""
HALTED: Final = Wish(MarketState.HALTED)
OVER: Final = "The pause is over."
LOCK: Final = "trading.venue_modes"


@transaction.atomic
def change_mode(
    level: PauseLevel, /, *, reason: str, now: datetime | None = None
) -> VenueModeChange:
    """Pause the venue at a level, or let it operate again; the reason is told to everybody."""
    _come_alone()
    return _change(level, reason=reason, now=now or timezone.now())


@transaction.atomic
def resume_due(*, now: datetime | None = None) -> bool:
    """End a pause whose time is over; tell whether there was one."""
    _come_alone()
    now = now or timezone.now()
    newest = VenueModeChange.objects.order_by("-id").first()
    if newest is None or newest.resumes_at is None or newest.resumes_at > now:
        return False
    _change(PauseLevel.OPERATING, reason=OVER, now=now)
    return True


def _change(level: PauseLevel, *, reason: str, now: datetime) -> VenueModeChange:
    lasting = LASTS.get(level)
    change = VenueModeChange.objects.create(
        level=level,
        reason=reason,
        changed_at=now,
        resumes_at=None if lasting is None else now + lasting,
    )
    wish = HALTED if level >= PauseLevel.TRADING_PAUSED else OPEN
    symbols = Market.objects.exclude(state="DELISTED").values_list("symbol", flat=True)
    markets = wish_states(dict.fromkeys(symbols, wish), wisher=Wisher.VENUE)
    tell_mode_after_commit()
    log.warning("venue_mode_changed", level=level.name, markets=markets)
    return change


def _come_alone() -> None:
    """Let changes come one after another, so that each sees the one before."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [LOCK])
