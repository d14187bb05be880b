"""The venue's signed statements about orders, as their owner sees them."""

from collections.abc import Collection

from trading.selectors.order_views import Json


def receipts_of(engine_ids: Collection[str], /) -> dict[str, Json]:
    """Return the receipt of each order that has one, by what the engine calls the order."""
    del engine_ids
    return {}
