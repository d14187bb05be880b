"""GET /api/v1/positions, and what an account sets about a position."""

from asgiref.sync import sync_to_async
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from trading.api import bodies, filters
from trading.api import examples_of_orders as shown
from trading.api.answers import PositionListSerializer, PositionSerializer, WholeOrderSerializer
from trading.api.doors import TradingDoor, caller_of, data_of, written
from trading.selectors.market_terms import access_terms
from trading.selectors.positions import open_positions, position_in, position_views
from trading.services.order_entry import close
from trading.services.position_settings import move_margin, set_leverage, set_triggers

POSITION_EXAMPLE = OpenApiExample(
    "A long", value=shown.POSITION, response_only=True, status_codes=["200"]
)
REFUSED = shown.failing("The engine said no.", shown.TOO_HIGH)


class PositionListView(TradingDoor):
    """The caller's positions."""

    @extend_schema(
        operation_id="positions",
        summary="List positions",
        description=(
            "Open positions; with `symbol` that market's alone, flat or not, so that its leverage "
            "can be read before the first order."
        ),
        tags=["Positions"],
        parameters=[filters.SYMBOL_FILTER],
        responses=PositionListSerializer,
        examples=[OpenApiExample("One long", value=shown.POSITIONS, response_only=True)],
    )
    async def get(self, request: Request) -> Response:
        """Return all of them: there are no more than markets."""
        return await sync_to_async(self._list)(request)

    def _list(self, request: Request) -> Response:
        account_id = caller_of(request).account_id
        if "symbol" in request.query_params:
            terms = access_terms(request.query_params["symbol"])
            found = [position_in(account_id, terms=terms)]
        else:
            found = open_positions(account_id)
        return Response({"results": position_views(found), "next": None})


class LeverageView(TradingDoor):
    """The leverage of a market."""

    @extend_schema(
        operation_id="set_leverage",
        summary="Set the leverage of a market",
        tags=["Positions"],
        request=bodies.LeverageBody,
        responses={200: PositionSerializer, 422: REFUSED},
        examples=[
            POSITION_EXAMPLE,
            OpenApiExample("20x", value={"leverage": 20}, request_only=True),
        ],
    )
    async def post(self, request: Request, symbol: str) -> Response:
        """Set it; position and open orders must carry it."""
        trader = await self.enter(request)
        body = bodies.LEVERAGE.run_validation(data_of(request))
        return written(await set_leverage(trader, symbol, leverage=body["leverage"]))


class MarginView(TradingDoor):
    """The margin of a position."""

    @extend_schema(
        operation_id="move_margin",
        summary="Add margin to a position, or take some out",
        tags=["Positions"],
        request=bodies.MarginBody,
        responses={200: PositionSerializer, 422: REFUSED},
        examples=[
            POSITION_EXAMPLE,
            OpenApiExample("In", value={"amount": "250"}, request_only=True),
            OpenApiExample("Out", value={"amount": "-100.5"}, request_only=True),
        ],
    )
    async def post(self, request: Request, symbol: str) -> Response:
        """Move it; what is taken out must leave the initial margin behind."""
        trader = await self.enter(request)
        body = bodies.MARGIN.run_validation(data_of(request))
        return written(await move_margin(trader, symbol, amount=body["amount"]))


class CloseView(TradingDoor):
    """The close of a position."""

    @extend_schema(
        operation_id="close_position",
        summary="Close all or some of a position",
        description=(
            "By a reduce-only order: at once at the market, or resting at `limit_price`. Answers "
            "like placing an order."
        ),
        tags=["Positions"],
        request=bodies.CloseBody,
        responses={
            201: OpenApiResponse(WholeOrderSerializer, description="The order that closes."),
            200: OpenApiResponse(WholeOrderSerializer, description="It stands already."),
            202: OpenApiResponse(WholeOrderSerializer, description="Not answered within 500 ms."),
            422: shown.failing("The engine said no.", shown.NOTHING_TO_REDUCE),
        },
        examples=[
            OpenApiExample("All, at once", value={}, request_only=True),
            OpenApiExample(
                "Some, at a limit",
                value={"size": "0.1", "limit_price": "96000"},
                request_only=True,
            ),
            OpenApiExample(
                "The order", value=shown.ORDER, response_only=True, status_codes=["201"]
            ),
        ],
    )
    async def post(self, request: Request, symbol: str) -> Response:
        """Close it and return the order that does."""
        trader = await self.enter(request)
        body = bodies.CLOSE.run_validation(data_of(request))
        return written(await close(trader, symbol, body))


class TriggersView(TradingDoor):
    """The pair that protects a position."""

    @extend_schema(
        operation_id="set_triggers",
        summary="Set a position's take-profit and stop-loss",
        description="What is not given is cleared. When one fires, the other is gone.",
        tags=["Positions"],
        request=bodies.TriggersBody,
        responses={200: PositionSerializer, 422: REFUSED},
        examples=[
            POSITION_EXAMPLE,
            OpenApiExample(
                "Both",
                value={
                    "take_profit": {"trigger_price": "99000"},
                    "stop_loss": {"trigger_price": "93000", "limit_price": "92900"},
                },
                request_only=True,
            ),
        ],
    )
    async def post(self, request: Request, symbol: str) -> Response:
        """Set them."""
        trader = await self.enter(request)
        body = bodies.TRIGGERS.run_validation(data_of(request))
        return written(await set_triggers(trader, symbol, body))

    @extend_schema(
        operation_id="clear_triggers",
        summary="Clear a position's take-profit and stop-loss",
        tags=["Positions"],
        responses={200: PositionSerializer, 422: REFUSED},
        examples=[POSITION_EXAMPLE],
    )
    async def delete(self, request: Request, symbol: str) -> Response:
        """Clear both."""
        trader = await self.enter(request)
        return written(await set_triggers(trader, symbol, {}))
