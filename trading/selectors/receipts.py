"""The venue's signed statements about orders, as their owner sees them, and the keys that sign."""

from collections.abc import Collection

from trading.models import Receipt, VenueKey
from trading.receipts import receipt_view
from trading.selectors.order_views import Json

OF_ORDERS = ("SubmitOrder", "ClosePosition")


def receipts_of(engine_ids: Collection[str], /) -> dict[str, Json]:
    """Return the receipt of each order that has one, by what the engine calls the order."""
    rows = Receipt.objects.filter(subject_id__in=engine_ids, kind__in=OF_ORDERS)
    return {row.subject_id: receipt_view(row) for row in rows.select_related("key")}


def venue_keys() -> list[VenueKey]:
    """Return the keys that sign receipts, the one in use first, then earlier ones."""
    return list(VenueKey.objects.order_by("-first_used_at_ms", "-id"))
