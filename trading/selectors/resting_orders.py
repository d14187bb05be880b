"""Orders that rest or wait, for whoever broke the glass: the only selector that shows others'.

Called by `trading.services.break_glass` alone, which keeps who looked.
"""

import uuid
from typing import Final, NamedTuple

from django.db.models import Q

from trading.models import OPEN_STATUSES, Market, Order

A_PAGE: Final = 100


class OrderPlace(NamedTuple):
    """Where a page of resting orders ends: the next begins after it."""

    created_at_ms: int
    order_id: uuid.UUID


class RestingPage(NamedTuple):
    """A page of resting orders, the newest first, and where the next begins, if one does."""

    orders: list[Order]
    next_after: OrderPlace | None


def resting_orders(
    *,
    account_id: uuid.UUID | None = None,
    market: Market | None = None,
    after: OrderPlace | None = None,
) -> RestingPage:
    """Return a page of the open orders of an account or a market."""
    found = Order.objects.filter(status__in=OPEN_STATUSES).select_related("market")
    found = found.filter(account_id=account_id) if account_id else found.filter(market=market)
    if after is not None:
        found = found.filter(
            Q(created_at_ms__lt=after.created_at_ms)
            | Q(created_at_ms=after.created_at_ms, id__lt=after.order_id)
        )
    rows = list(found.order_by("-created_at_ms", "-id")[: A_PAGE + 1])
    page = rows[:A_PAGE]
    is_last = len(rows) <= A_PAGE
    return RestingPage(page, None if is_last else OrderPlace(page[-1].created_at_ms, page[-1].id))
