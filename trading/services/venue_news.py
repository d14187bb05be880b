"""Telling everybody that the mode of the venue has changed, once that is durable.

While Redis is away nobody hears it here; whoever comes reads it in the snapshot, and the doors
refuse by the row. What is not here: who may pause (`trading.services.venue_modes`).
"""

import redis
import structlog
from django.conf import settings
from django.db import transaction

from godark.limits import patience
from trading import feed
from trading.rings import Rings
from trading.selectors.snapshots import maintenance_view, pause_view
from trading.selectors.venue_status import venue_status

log = structlog.get_logger(__name__)


def tell_mode_after_commit() -> None:
    """Tell the venue's mode as it stands after this transaction."""
    transaction.on_commit(tell_mode)


def tell_mode() -> None:
    """Tell the venue's mode."""
    status = venue_status()
    news = [
        feed.status_changed(pause_view(status)),
        feed.maintenance_changed(maintenance_view(status)),
    ]
    try:
        with redis.Redis.from_url(settings.REDIS_URL, **patience()) as client:
            Rings(client).tell(news)
    except redis.RedisError as error:
        log.warning("mode_not_told", kind=type(error).__name__)
