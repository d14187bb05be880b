"""GET /api/v1/markets/{symbol}/reference: the outside quotes that make the reference."""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from trading.api.answers import VenueQuoteListSerializer
from trading.api.markets import briefly_fresh
from trading.selectors.market_terms import access_terms
from trading.selectors.venue_quotes import venue_quotes

QUOTES = {
    "results": [
        {"name": "kraken", "bid": "97112.4", "ask": "97113", "age_ms": 120, "is_used": True},
        {"name": "okx", "bid": "97098.1", "ask": "97098.9", "age_ms": 7514, "is_used": False},
    ],
    "next": None,
}


class VenueQuoteListView(APIView):
    """The venues of a market's reference."""

    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="market_reference",
        summary="List the outside quotes that make a market's reference",
        description=(
            "The best bid and ask of each outside venue, and whether it counts just now. It is no "
            "order book of GoDark: that one is dark, and these quotes hold nothing of it."
        ),
        tags=["Markets"],
        auth=[],
        responses=VenueQuoteListSerializer,
        examples=[OpenApiExample("Two venues", value=QUOTES, response_only=True)],
    )
    def get(self, request: Request, symbol: str) -> Response:  # noqa: ARG002 - REST framework's signature
        """Return all of them: there are no more than a market has sources."""
        quotes = venue_quotes(access_terms(symbol).symbol)
        return briefly_fresh(Response({"results": quotes, "next": None}))
