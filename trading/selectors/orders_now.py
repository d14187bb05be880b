"""An account's orders as they stand just now, whole: read on the event loop in one question.

For whoever answers an order in a hurry: orders and receipts in one trip, their fills in a second
one where there are any. What is not here: lists and single orders of pages
(`trading.selectors.orders`), which say the same.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

import msgspec

from godark import reading
from trading.projections.ids import OUR_UUID
from trading.projections.rows import FillRow, OrderRow
from trading.receipts import Statement
from trading.selectors.market_terms import terms_at_hand
from trading.selectors.order_views import Json, order_view
from trading.selectors.orders import MOST_FILLS_SHOWN

UNSHOWN: Final = {"body_digest": "NULL", "numbers": "''"}
"""Columns of an order that no view shows, and what stands in their place."""


def _columns(row: type[msgspec.Struct], table: str) -> str:
    names = [field.name for field in msgspec.structs.fields(row)]
    return ", ".join(UNSHOWN.get(name, f"{table}.{name}") for name in names)


ORDERS: Final = f"""
    SELECT {_columns(OrderRow, "o")}, receipt.account_id, receipt.account_sequence, receipt.kind,
        receipt.subject_id, receipt.digest, receipt.commitment, receipt.root_number, receipt.root,
        receipt.issued_at_ms, key.public_key, receipt.signature
    FROM trading_order o
    LEFT JOIN trading_receipt receipt ON receipt.subject_id = o.engine_id
        AND receipt.kind IN ('SubmitOrder', 'ClosePosition')
    LEFT JOIN trading_venuekey key ON key.id = receipt.key_id
    WHERE o.account_id = %s AND
"""  # noqa: S608 - our own words
BY_ID: Final = ORDERS + " o.id = ANY(%s::uuid[])"
BY_NAME: Final = ORDERS + " o.engine_id = ANY(%s::text[])"
FILLS: Final = f"""
    SELECT {_columns(FillRow, "fill")}
    FROM unnest(%s::uuid[]) AS asked (id)
    CROSS JOIN LATERAL (
        SELECT * FROM trading_fill WHERE order_id = asked.id
        ORDER BY executed_at_ms DESC, id DESC LIMIT {MOST_FILLS_SHOWN}
    ) AS fill
"""  # noqa: S608 - our own words
WIDTH: Final = len(msgspec.structs.fields(OrderRow))


async def whole_views_now(
    account_id: uuid.UUID, /, *, engine_ids: Iterable[str]
) -> dict[str, Json]:
    """Return the account's orders with fills and receipts, by what the engine calls them.

    People's orders are called by their id; those that the engine itself placed (a fired
    take-profit, say) have a name of their own, and are few.
    """
    names = set(engine_ids)
    own = [name for name in names if OUR_UUID.fullmatch(name)]
    found: reading.Rows = []
    if own:
        found += await reading.rows(BY_ID, [account_id, own])
    if others := list(names.difference(own)):
        found += await reading.rows(BY_NAME, [account_id, others])
    orders = [(OrderRow(*row[:WIDTH]), row[WIDTH:]) for row in found]
    fills = await _fills_of([order.id for order, _ in orders if order.filled_lots])
    await terms_at_hand()
    return {
        order.engine_id: order_view(
            order, fills=fills.get(order.id, ()), receipt=_receipt_view(receipt)
        )
        for order, receipt in orders
    }


async def _fills_of(order_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[FillRow]]:
    """Return the newest fills of each order, the newest first."""
    found: dict[uuid.UUID, list[FillRow]] = {}
    if order_ids:
        for row in await reading.rows(FILLS, [list(order_ids)]):
            fill = FillRow(*row)
            assert fill.order_id is not None  # noqa: S101 - what was asked for
            found.setdefault(fill.order_id, []).append(fill)
    return found


def _receipt_view(columns: Sequence[Any]) -> Json | None:
    """Return a receipt as its owner sees it; None where there is none."""
    *said, signature = columns
    if signature is None:
        return None
    return Statement(*said).view() | {"signature": bytes(signature).hex()}
