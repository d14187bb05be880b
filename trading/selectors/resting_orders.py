"""Orders that rest or wait, for whoever broke the glass: the only selector that shows others'.

Called by `trading.services.break_glass` alone, which keeps who looked.
"""

import uuid
from typing import Final

from trading.models import OPEN_STATUSES, Market, Order

MOST: Final = 500


def resting_orders(
    *, account_id: uuid.UUID | None = None, market: Market | None = None
) -> list[Order]:
    """Return the newest open orders of an account or a market, at most 500."""
    found = Order.objects.filter(status__in=OPEN_STATUSES).select_related("market")
    found = found.filter(account_id=account_id) if account_id else found.filter(market=market)
    return list(found.order_by("-created_at_ms", "-id")[:MOST])
