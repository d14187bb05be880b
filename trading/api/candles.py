"""GET /api/v1/markets/{symbol}/candles: the index by the minute, or folded to longer intervals."""

from datetime import datetime
from typing import Any

from django.core import signing
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from godark.errors import Code, Failure
from godark.pagination import LARGEST_LIMIT, limit_of
from trading.api.examples import CANDLES, NO_SUCH_MARKET
from trading.api.fields import DecimalString, MomentMs
from trading.api.markets import briefly_fresh
from trading.selectors.candles import INTERVALS, CandleView, index_candles, trade_candles
from trading.selectors.markets import access_market

SOURCES = {"index": index_candles, "trades": trade_candles}
SALT = "cursor:candles"


class CandleSerializer(serializers.Serializer[Any]):
    """One candle. Prices in USDT; volume in USDT, at the venues of the index or in our trades."""

    opened_at = MomentMs()
    open = DecimalString()
    high = DecimalString()
    low = DecimalString()
    close = DecimalString()
    volume = DecimalString()


class CandlePageSerializer(serializers.Serializer[Any]):
    """A page of candles, newest first."""

    results = CandleSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class CandleListView(APIView):
    """Candles of one market."""

    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="market_candles",
        summary="List a market's candles",
        tags=["Markets"],
        auth=[],
        parameters=[
            OpenApiParameter(
                "interval", enum=list(INTERVALS), description="How long each is; 1m if not said."
            ),
            OpenApiParameter(
                "source",
                enum=list(SOURCES),
                description="index (if not said), or trades: those of GoDark itself.",
            ),
            OpenApiParameter("limit", type=OpenApiTypes.INT, description=f"1 to {LARGEST_LIMIT}."),
            OpenApiParameter("cursor", description="The `next` of the page before this one."),
        ],
        responses={
            200: CandlePageSerializer,
            404: OpenApiResponse(
                description="There is no such market.",
                response={"type": "object"},
                examples=[OpenApiExample("Unknown symbol", value=NO_SUCH_MARKET)],
            ),
        },
        examples=[
            OpenApiExample("Two minutes", value=CANDLES, response_only=True, status_codes=["200"])
        ],
    )
    def get(self, request: Request, symbol: str) -> Response:
        """Return a page of candles, newest first."""
        market = access_market(symbol)
        interval = INTERVALS[choice(request, name="interval", options=tuple(INTERVALS))]
        limit = limit_of(request)
        source = choice(request, name="source", options=tuple(SOURCES))
        candles = SOURCES[source](
            market=market, interval=interval, until=moment_of(request), limit=limit
        )
        return briefly_fresh(
            Response(
                {
                    "results": CandleSerializer(candles, many=True).data,
                    "next": next_of(candles, limit=limit),
                }
            )
        )


def choice(request: Request, *, name: str, options: tuple[str, ...]) -> str:
    """Return a parameter's value, the first option if it is not given; refuse any other."""
    value = request.query_params.get(name, options[0])
    if value not in options:
        raise Failure(Code.VALIDATION_ERROR, f"{name} is one of {', '.join(options)}.", field=name)
    return value


def moment_of(request: Request) -> datetime:
    """Return the moment before which the page's candles opened."""
    token = request.query_params.get("cursor")
    if token is None:
        return timezone.now()
    try:
        return datetime.fromisoformat(signing.loads(token, salt=SALT))
    except signing.BadSignature as error:
        raise Failure(
            Code.VALIDATION_ERROR, "This cursor is not one of ours.", field="cursor"
        ) from error


def next_of(candles: list[CandleView], *, limit: int) -> str | None:
    """Return the cursor of the page after a full one."""
    if len(candles) < limit:
        return None
    return signing.dumps(candles[-1].opened_at.isoformat(), salt=SALT)
