"""The filters and pages of an account's lists: symbol, status, client_order_id, since, until."""

import re
from typing import Any, Final, TypeVar

from django.db.models import Model, QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from engine.vocabulary import OrderStatus
from godark.errors import Code, Failure
from godark.pagination import CursorPage
from trading.api.strict import CLIENT_ORDER_ID, LARGEST_MOMENT_MS
from trading.selectors.market_terms import access_terms

STATUSES: Final = tuple(status.value for status in OrderStatus)
MOMENT: Final = re.compile(r"[0-9]{1,13}", re.ASCII)
Row = TypeVar("Row", bound=Model)

SYMBOL_FILTER = OpenApiParameter("symbol", description="Of this market only.")
SINCE_FILTER = OpenApiParameter(
    "since", type=OpenApiTypes.INT64, description="From this moment on, Unix milliseconds."
)
UNTIL_FILTER = OpenApiParameter(
    "until", type=OpenApiTypes.INT64, description="Before this moment, Unix milliseconds."
)
STATUS_FILTER = OpenApiParameter(
    "status",
    description=f"One of {', '.join(STATUSES)}, or several with commas between.",
)
CLIENT_ORDER_ID_FILTER = OpenApiParameter(
    "client_order_id", description="Of the order of this name only."
)
PAGE = [
    OpenApiParameter(
        "limit", type=OpenApiTypes.INT, description=CursorPage.page_size_query_description
    ),
    OpenApiParameter("cursor", description=CursorPage.cursor_query_description),
]
IN_TIME = [SYMBOL_FILTER, SINCE_FILTER, UNTIL_FILTER, *PAGE]


class CreatedPage(CursorPage):
    """The newest order first."""

    ordering = ("-created_at_ms", "-id")


class ExecutedPage(CursorPage):
    """The newest execution first."""

    ordering = ("-executed_at_ms", "-id")


class PaidPage(CursorPage):
    """The newest payment first."""

    ordering = ("-paid_at_ms", "-id")


class StartedPage(CursorPage):
    """The newest liquidation first."""

    ordering = ("-started_at_ms", "-id")


def in_market_and_time(request: Request, rows: QuerySet[Row], *, moment: str) -> QuerySet[Row]:
    """Return the rows of the market and span of time that the caller names."""
    asked = request.query_params
    if "symbol" in asked:
        rows = rows.filter(market_id=access_terms(asked["symbol"]).pk)
    if "since" in asked:
        rows = rows.filter(**{f"{moment}__gte": moment_of(request, "since")})
    if "until" in asked:
        rows = rows.filter(**{f"{moment}__lt": moment_of(request, "until")})
    return rows


def moment_of(request: Request, name: str) -> int:
    """Return a moment that the caller names."""
    written = request.query_params[name]
    if not MOMENT.fullmatch(written) or int(written) > LARGEST_MOMENT_MS:
        raise Failure(
            Code.VALIDATION_ERROR, f"{name} is a moment in Unix milliseconds.", field=name
        )
    return int(written)


def statuses_of(request: Request) -> list[str]:
    """Return the statuses that the caller names."""
    asked: list[str] = request.query_params["status"].split(",")
    if not set(asked) <= set(STATUSES):
        raise Failure(
            Code.VALIDATION_ERROR, f"status is one of {', '.join(STATUSES)}.", field="status"
        )
    return asked


def client_order_id_of(request: Request) -> str:
    """Return the client order id that the caller names."""
    asked: str = request.query_params["client_order_id"]
    if not CLIENT_ORDER_ID.fullmatch(asked):
        raise Failure(
            Code.VALIDATION_ERROR,
            "This is no client_order_id: 1 to 64 letters, digits and _.:~@+- characters.",
            field="client_order_id",
        )
    return asked


def refuse_unknown_parameters(request: Request, known: set[str]) -> None:
    """Refuse a parameter that a dangerous door does not know: a misspelt filter filters nothing."""
    unknown: Any = set(request.query_params) - known
    if unknown:
        raise Failure(
            Code.VALIDATION_ERROR,
            f"There is a parameter that is not known here. Known: {', '.join(sorted(known))}.",
        )
