"""Markets whose prices nobody renews: the price service is gone, and its last word grows old.

What is not here: markets without sources, which the running service itself tells of.
"""

from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from engine.commands import ReferenceMove
from trading.inbox import put_references
from trading.models import Market, MarketState

log = structlog.get_logger(__name__)

PRICES_LIVE = timedelta(seconds=15)
"""Longer than any restart of the price service takes."""
STANDING = (MarketState.HALTED, MarketState.DELISTED)


@transaction.atomic
def halt_unpriced() -> int:
    """Take the index from every market that has had no price for long; return how many.

    Without an index the engine halts a market: nobody then takes margin out against a mark of
    yesterday. The first new price brings it back.
    """
    now = timezone.now()
    old = Q(ticker=None) | Q(ticker__updated_at__lt=now - PRICES_LIVE)
    symbols = list(
        Market.objects.filter(old).exclude(state__in=STANDING).values_list("symbol", flat=True)
    )
    if symbols:
        put_references(
            [_without_prices(symbol, at_ms=int(now.timestamp() * 1_000)) for symbol in symbols]
        )
        log.warning("markets_unpriced", count=len(symbols))
    return len(symbols)


def _without_prices(symbol: str, *, at_ms: int) -> ReferenceMove:
    return ReferenceMove(
        market_id=symbol,
        bid_ticks=None,
        ask_ticks=None,
        quoted_at_ms=at_ms,
        index_half_ticks=None,
        mark_half_ticks=None,
    )
