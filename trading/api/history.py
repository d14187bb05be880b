"""GET /api/v1/fills, /funding-payments and /liquidations: an account's past, page by page."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from godark.pagination import CursorPage
from trading.api import examples_of_orders as shown
from trading.api import filters
from trading.api.answers import (
    FillPageSerializer,
    FundingPaymentPageSerializer,
    LiquidationPageSerializer,
)
from trading.api.doors import ReadingDoor, caller_of
from trading.selectors.account_history import (
    funding_payment_view,
    funding_payments_of,
    liquidation_view,
    liquidations_of,
)
from trading.selectors.order_views import fill_view
from trading.selectors.orders import fills_of, orders_of, read_id


class HistoryView(ReadingDoor):
    """A list of what happened to an account, the newest first."""

    page_class: ClassVar[type[CursorPage]]
    moment: ClassVar[str]

    def page(
        self, request: Request, rows: QuerySet[Any], *, view: Callable[[Any], Any]
    ) -> Response:
        """Return a page of rows of the market and span of time that the caller names."""
        page = self.page_class()
        rows = filters.in_market_and_time(request, rows, moment=self.moment)
        found = page.paginate_queryset(rows, request)
        return page.get_paginated_response([view(row) for row in found])


class FillListView(HistoryView):
    """The caller's fills."""

    page_class = filters.ExecutedPage
    moment = "executed_at_ms"

    @extend_schema(
        operation_id="fills",
        summary="List fills",
        tags=["Orders"],
        parameters=[
            *filters.IN_TIME,
            OpenApiParameter("order_id", description="Of this order only."),
            filters.CLIENT_ORDER_ID_FILTER,
            filters.STATUS_FILTER,
        ],
        responses=FillPageSerializer,
        examples=[OpenApiExample("One fill", value=shown.FILLS, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        """Return a page of fills, newest first."""
        account_id = caller_of(request).account_id
        rows, orders = fills_of(account_id), orders_of(account_id)
        if "order_id" in request.query_params:
            rows = rows.filter(order_id=read_id(request.query_params["order_id"]))
        if "client_order_id" in request.query_params:
            named = orders.filter(client_order_id=filters.client_order_id_of(request))
            rows = rows.filter(order_id__in=named.values("id"))
        if "status" in request.query_params:
            standing = orders.filter(status__in=filters.statuses_of(request))
            rows = rows.filter(order_id__in=standing.values("id"))
        return self.page(request, rows, view=fill_view)


class FundingPaymentListView(HistoryView):
    """The caller's funding payments."""

    page_class = filters.PaidPage
    moment = "paid_at_ms"

    @extend_schema(
        operation_id="funding_payments",
        summary="List funding payments",
        description="An amount is positive when received.",
        tags=["Positions"],
        parameters=filters.IN_TIME,
        responses=FundingPaymentPageSerializer,
        examples=[OpenApiExample("One paid", value=shown.FUNDING_PAYMENTS, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        """Return a page of payments, newest first."""
        rows = funding_payments_of(caller_of(request).account_id)
        return self.page(request, rows, view=funding_payment_view)


class LiquidationListView(HistoryView):
    """The liquidations of the caller's positions."""

    page_class = filters.StartedPage
    moment = "started_at_ms"

    @extend_schema(
        operation_id="liquidations",
        summary="List liquidations of own positions",
        tags=["Positions"],
        parameters=filters.IN_TIME,
        responses=LiquidationPageSerializer,
        examples=[OpenApiExample("One", value=shown.LIQUIDATIONS, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        """Return a page of liquidations, newest first."""
        rows = liquidations_of(caller_of(request).account_id)
        return self.page(request, rows, view=liquidation_view)
