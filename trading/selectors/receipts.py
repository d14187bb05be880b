"""The venue's signed statements about orders, as their owner sees them, and the keys that sign."""

from collections.abc import Collection
from functools import lru_cache
from typing import Final

from trading.models import Receipt, VenueKey
from trading.receipts import receipt_view
from trading.selectors.order_views import Json

OF_ORDERS: Final = """
    SELECT * FROM trading_receipt
    WHERE subject_id = ANY(%s::text[]) AND kind IN ('SubmitOrder', 'ClosePosition')
"""
"""Written out: every order that is placed asks it, and to compile it costs more than to run it."""


def receipts_of(engine_ids: Collection[str], /) -> dict[str, Json]:
    """Return the receipt of each order that has one, by what the engine calls the order."""
    found = {}
    for row in Receipt.objects.raw(OF_ORDERS, [list(engine_ids)]):
        row.key = venue_key(row.key_id)
        found[row.subject_id] = receipt_view(row)
    return found


@lru_cache(maxsize=64)
def venue_key(number: int, /) -> VenueKey:
    """Return a key of the venue, which never changes and is never taken away."""
    return VenueKey.objects.get(pk=number)


def venue_keys() -> list[VenueKey]:
    """Return the keys that sign receipts, the one in use first, then earlier ones."""
    return list(VenueKey.objects.order_by("-first_used_at_ms", "-id"))
