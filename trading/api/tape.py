"""GET /api/v1/markets/{symbol}/trades, /funding and /liquidations: what everybody may know."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from godark.pagination import CursorPage
from trading.api import examples_of_orders as shown
from trading.api import filters
from trading.api.answers import (
    FundingRatePageSerializer,
    PublicLiquidationPageSerializer,
    PublicTradePageSerializer,
)
from trading.api.markets import briefly_fresh
from trading.selectors.market_terms import access_terms
from trading.selectors.tape import (
    MINUTE_MS,
    funding_rate_view,
    funding_rates,
    liquidations_in,
    public_liquidation_view,
    public_trades,
    trade_view,
)


class HourPage(CursorPage):
    """The newest hour first."""

    ordering = ("-hour", "-id")


class MinutePage(CursorPage):
    """The newest first, with cursors that tell no more than the minute."""

    ordering = ("-started_at_ms", "-id")

    def _get_position_from_instance(self, instance: Any, ordering: Any) -> str:
        """Return the beginning of a row's minute: rows of a minute are told apart by count."""
        position = int(super()._get_position_from_instance(instance, ordering))
        return str(position // MINUTE_MS * MINUTE_MS)


class TapeView(APIView):
    """A list of a market that anybody may read."""

    permission_classes = (AllowAny,)

    def page(
        self, request: Request, page: CursorPage, rows: Any, view: Any, terms: Any
    ) -> Response:
        """Return a page of rows, each as the public may see it."""
        found = page.paginate_queryset(rows, request)
        return briefly_fresh(page.get_paginated_response([view(row, terms=terms) for row in found]))


class PublicTradeListView(TapeView):
    """A market's tape."""

    @extend_schema(
        operation_id="market_trades",
        summary="List a market's trades",
        description="Price, size and time of each print; the side is withheld.",
        tags=["Markets"],
        auth=[],
        parameters=filters.PAGE,
        responses=PublicTradePageSerializer,
        examples=[OpenApiExample("One print", value=shown.TRADES, response_only=True)],
    )
    def get(self, request: Request, symbol: str) -> Response:
        """Return a page of prints, newest first."""
        terms = access_terms(symbol)
        rows = public_trades(terms)
        return self.page(request, filters.ExecutedPage(), rows, trade_view, terms)


class FundingRateListView(TapeView):
    """A market's funding rates."""

    @extend_schema(
        operation_id="market_funding",
        summary="List a market's funding rates",
        description="One an hour; null for an hour that accrued nothing.",
        tags=["Markets"],
        auth=[],
        parameters=filters.PAGE,
        responses=FundingRatePageSerializer,
        examples=[OpenApiExample("One hour", value=shown.FUNDING_RATES, response_only=True)],
    )
    def get(self, request: Request, symbol: str) -> Response:
        """Return a page of hours, newest first."""
        terms = access_terms(symbol)
        rows = funding_rates(terms)
        return self.page(request, HourPage(), rows, funding_rate_view, terms)


class PublicLiquidationListView(TapeView):
    """A market's liquidations."""

    @extend_schema(
        operation_id="market_liquidations",
        summary="List a market's liquidations",
        description=(
            "The class of the position's size (SMALL below 10,000 USDT, MEDIUM below 100,000, "
            "LARGE) and the minute, no more."
        ),
        tags=["Markets"],
        auth=[],
        parameters=filters.PAGE,
        responses=PublicLiquidationPageSerializer,
        examples=[OpenApiExample("One", value=shown.PUBLIC_LIQUIDATIONS, response_only=True)],
    )
    def get(self, request: Request, symbol: str) -> Response:
        """Return a page of liquidations, newest first."""
        terms = access_terms(symbol)
        rows = liquidations_in(terms)
        return self.page(request, MinutePage(), rows, public_liquidation_view, terms)
