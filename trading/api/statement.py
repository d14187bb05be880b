"""GET /api/v1/account/statement.csv: what moved an account's wallet, streamed line by line."""

import csv
import io
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from typing import Final

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request

from accounts.ledger.statements import FOREVER_MS, Movement, movements_after, opening
from accounts.services.callers import Caller
from trading.api import filters
from trading.api.doors import ReadingDoor, caller_of
from trading.selectors.amounts import usdt_text

COLUMNS: Final = ("time", "type", "symbol", "amount", "balance", "reference")
EXAMPLE: Final = (
    "time,type,symbol,amount,balance,reference\r\n"
    "2026-03-02T09:00:00.000Z,DEPOSIT,,10000,10000,\r\n"
    "2026-03-02T09:00:07.250Z,TRADE,BTC-USDT-PERP,-0.477525,9999.522475,\r\n"
)


class CsvRenderer(BaseRenderer):
    """Lets `Accept: text/csv` in; the view streams its lines itself."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"


class StatementView(ReadingDoor):
    """The caller's statement."""

    renderer_classes = (JSONRenderer, CsvRenderer)

    @extend_schema(
        operation_id="statement",
        summary="Download a statement",
        description=(
            "One line for each movement of the wallet, the oldest first: deposits, withdrawals, "
            "funding, and of each trade what it realized less its fee. `amount` and `balance` are "
            "in USDT, `balance` is the wallet after the line, `time` is UTC."
        ),
        tags=["Account"],
        parameters=[filters.SINCE_FILTER, filters.UNTIL_FILTER],
        responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.STR)},
        examples=[
            OpenApiExample("Two lines", value=EXAMPLE, media_type="text/csv", response_only=True)
        ],
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Return the lines as they are read; however many there are, few are in memory."""
        filters.refuse_unknown_parameters(request, {"since", "until"})
        asked = request.query_params
        since_ms = filters.moment_of(request, "since") if "since" in asked else 0
        until_ms = filters.moment_of(request, "until") if "until" in asked else FOREVER_MS
        return StreamingHttpResponse(
            pages_of(caller_of(request), since_ms=since_ms, until_ms=until_ms),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="godark-statement.csv"'},
        )


async def pages_of(caller: Caller, *, since_ms: int, until_ms: int) -> AsyncIterator[bytes]:
    """Yield the heading, then some hundreds of lines at a time."""
    yield as_csv([COLUMNS])
    place = await sync_to_async(opening)(caller.account_id, since_ms=since_ms)
    while True:
        found, place = await sync_to_async(movements_after)(
            place, caller.account_id, since_ms=since_ms, until_ms=until_ms
        )
        if not found:
            return
        yield as_csv(line_of(movement) for movement in found)


def line_of(movement: Movement) -> tuple[str, ...]:
    """Return a movement as people read it."""
    at = datetime.fromtimestamp(movement.at_ms // 1_000, UTC)
    return (
        f"{at:%Y-%m-%dT%H:%M:%S}.{movement.at_ms % 1_000:03d}Z",
        movement.kind,
        movement.market,
        usdt_text(movement.amount_micro),
        usdt_text(movement.balance_micro),
        movement.subject_id,
    )


def as_csv(lines: Iterable[tuple[str, ...]]) -> bytes:
    """Return lines as RFC 4180 writes them."""
    page = io.StringIO()
    csv.writer(page).writerows(lines)
    return page.getvalue().encode()
