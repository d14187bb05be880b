"""Outcomes of a batch: each order by itself."""

import msgspec

from godark_client.errors import ApiError, error_of
from godark_client.models.orders import Order
from godark_client.models.records import Json


def outcomes_of(batch: Json) -> list[Order | ApiError]:
    """Return the results of a batch: orders as they stand, and errors, not raised."""
    results = batch.get("results")
    return [
        error_of(one) if "code" in one and "id" not in one else msgspec.convert(one, Order)
        for one in (results if isinstance(results, list) else [])
    ]
