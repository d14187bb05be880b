"""GET /api/v1/markets and /api/v1/markets/{symbol}: what can be traded, and on which terms."""

from typing import Any

from django.utils import timezone
from django.utils.cache import patch_cache_control
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from godark.pagination import CursorPage
from trading.api.examples import BTC, NO_SUCH_MARKET
from trading.api.fields import DecimalString, MomentMs
from trading.models import Market, MarketKind, MarketState, Pricing
from trading.selectors.markets import access_market, markets, view_of

FRESH_SECONDS = 1


class BracketSerializer(serializers.Serializer[Any]):
    """Margin for notionals up to a border: maintenance = notional x rate - deduction."""

    notional_up_to = DecimalString(allow_null=True, help_text="USDT; null: all above.")
    max_leverage = serializers.IntegerField()
    initial_margin_rate = DecimalString(help_text="A fraction of the notional.")
    maintenance_margin_rate = DecimalString(help_text="A fraction of the notional.")
    deduction = DecimalString(help_text="USDT")


class FeesSerializer(serializers.Serializer[Any]):
    """Fees as a fraction of the notional; negative is a rebate."""

    maker = DecimalString()
    taker = DecimalString()


class TradingHoursSerializer(serializers.Serializer[Any]):
    """Whether the hours of an FX market are open, and when that changes."""

    is_open = serializers.BooleanField()
    changes_at = MomentMs(allow_null=True)


class MarketSerializer(serializers.Serializer[Any]):
    """A market. Prices are in USDT, sizes in units of the base; null: not published now."""

    symbol = serializers.CharField()
    base = serializers.CharField()
    quote = serializers.CharField()
    kind = serializers.ChoiceField(choices=MarketKind.choices)
    state = serializers.ChoiceField(choices=MarketState.choices)
    state_reason = serializers.CharField(help_text="A sentence for a person; may be empty.")
    pricing = serializers.ChoiceField(choices=Pricing.choices)
    tick_size = DecimalString(help_text="The smallest step of a limit price.")
    lot_size = DecimalString(help_text="The smallest step of a size.")
    min_size = DecimalString(help_text="Of an order.")
    max_size = DecimalString(help_text="Of an order.")
    position_limit = DecimalString(help_text="The largest position of one account.")
    open_interest_limit = DecimalString(help_text="The largest sum of all long positions.")
    max_leverage = serializers.IntegerField()
    brackets = BracketSerializer(many=True)
    fees = FeesSerializer()
    trading_hours = TradingHoursSerializer(allow_null=True, help_text="null: always open.")
    index_price = DecimalString(allow_null=True)
    mark_price = DecimalString(allow_null=True)
    bid = DecimalString(allow_null=True, help_text="Of the public reference.")
    ask = DecimalString(allow_null=True, help_text="Of the public reference.")
    funding_rate = DecimalString(
        allow_null=True, help_text="Of this hour so far, a fraction; positive: longs pay."
    )
    next_funding_at = MomentMs(help_text="The next full hour.")
    open_interest = DecimalString(allow_null=True, help_text="Units of the base, once a minute.")
    volume_24h = DecimalString(allow_null=True, help_text="USDT traded in the last 24 hours.")
    listed_at = MomentMs()


class MarketPage(CursorPage):
    """The newest listing first; those listed together in the order of the catalogue."""

    ordering = ("-listed_at", "rank", "id")


class MarketListView(GenericAPIView[Market]):
    """All markets."""

    permission_classes = (AllowAny,)
    pagination_class = MarketPage
    serializer_class = MarketSerializer
    queryset = Market.objects.none()

    @extend_schema(
        operation_id="markets",
        summary="List the markets",
        tags=["Markets"],
        auth=[],
        responses=MarketSerializer(many=True),
        examples=[OpenApiExample("Bitcoin", value=BTC, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        """Return a page of markets with their terms, state and newest figures."""
        del request
        at = timezone.now()
        page = self.paginate_queryset(markets())
        views = [view_of(market, at=at) for market in page or []]
        return briefly_fresh(self.get_paginated_response(MarketSerializer(views, many=True).data))


class MarketDetailView(APIView):
    """One market."""

    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="market",
        summary="Show one market",
        tags=["Markets"],
        auth=[],
        responses={
            200: MarketSerializer,
            404: OpenApiResponse(
                description="There is no such market.",
                response={"type": "object"},
                examples=[OpenApiExample("Unknown symbol", value=NO_SUCH_MARKET)],
            ),
        },
        examples=[OpenApiExample("Bitcoin", value=BTC, response_only=True, status_codes=["200"])],
    )
    def get(self, request: Request, symbol: str) -> Response:
        """Return a market by its symbol, in capitals or not."""
        del request
        view = view_of(access_market(symbol), at=timezone.now())
        return briefly_fresh(Response(MarketSerializer(view).data))


def briefly_fresh(response: Response) -> Response:
    """Let the caller, and no cache between, reuse an answer for a second."""
    patch_cache_control(response, private=True, max_age=FRESH_SECONDS)
    return response
