"""POST, GET and DELETE /api/v1/orders, its batches, and the dead-man switch."""

from collections.abc import Callable
from typing import Any

from asgiref.sync import sync_to_async
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from godark.errors import Failure, failure_of
from godark.limits import Kind
from trading.api import bodies, filters
from trading.api import examples_of_orders as shown
from trading.api.answers import (
    OrderBatchSerializer,
    OrderListSerializer,
    OrderPageSerializer,
    SwitchSerializer,
    WholeOrderSerializer,
)
from trading.api.doors import TradingDoor, caller_of, data_of, spend, written, written_each
from trading.selectors.order_views import order_view
from trading.selectors.orders import orders_of
from trading.selectors.receipts import receipts_of
from trading.services.order_changes import arm_switch, cancel_all, cancel_many
from trading.services.order_entry import Admitted, place, place_many, submission
from trading.services.traders import Trader


class OrdersView(TradingDoor):
    """The caller's orders."""

    @extend_schema(
        operation_id="place_order",
        summary="Place an order",
        description=shown.PLACING,
        tags=["Orders"],
        request=bodies.OrderBody,
        responses={
            201: OpenApiResponse(WholeOrderSerializer, description="As it stands after matching."),
            200: OpenApiResponse(
                WholeOrderSerializer,
                description="This client_order_id stands already, with the same body.",
            ),
            202: OpenApiResponse(
                WholeOrderSerializer, description="The engine has not answered within 500 ms."
            ),
            409: shown.failing("The client_order_id is another order's.", shown.ANOTHER_BODY),
            422: shown.failing("The engine said no.", shown.REJECTED),
        },
        examples=[
            OpenApiExample("A limit order", value=shown.LIMIT_ORDER, request_only=True),
            OpenApiExample("A market order", value=shown.MARKET_ORDER, request_only=True),
            OpenApiExample(
                "Filled in part", value=shown.ORDER, response_only=True, status_codes=["201"]
            ),
        ],
    )
    async def post(self, request: Request) -> Response:
        """Place it and return it as it stands after matching, with its fills."""
        trader, data = await self.enter(request), data_of(request)
        if not (isinstance(data, dict) and data.get("reduce_only") is True):
            trader.check_may_raise()
        return written(await place(trader, bodies.ORDER.run_validation(data)))

    @extend_schema(
        operation_id="orders",
        summary="List orders",
        tags=["Orders"],
        parameters=[
            *filters.IN_TIME,
            filters.STATUS_FILTER,
            filters.CLIENT_ORDER_ID_FILTER,
        ],
        responses=OrderPageSerializer,
        examples=[OpenApiExample("One order", value=shown.ORDERS, response_only=True)],
    )
    async def get(self, request: Request) -> Response:
        """Return a page of the caller's orders, newest first."""
        return await sync_to_async(self._page)(request)

    def _page(self, request: Request) -> Response:
        rows = filters.in_market_and_time(
            request, orders_of(caller_of(request).account_id), moment="created_at_ms"
        )
        if "status" in request.query_params:
            rows = rows.filter(status__in=filters.statuses_of(request))
        if "client_order_id" in request.query_params:
            rows = rows.filter(client_order_id=filters.client_order_id_of(request))
        page = filters.CreatedPage()
        found = page.paginate_queryset(rows, request)
        receipts = receipts_of([order.engine_id for order in found])
        return page.get_paginated_response(
            [order_view(order, receipt=receipts.get(order.engine_id)) for order in found]
        )

    @extend_schema(
        operation_id="cancel_all_orders",
        summary="Cancel all orders and unfired triggers",
        tags=["Orders"],
        parameters=[filters.SYMBOL_FILTER],
        responses={200: OrderListSerializer},
        examples=[OpenApiExample("One canceled", value=shown.ALL_CANCELED, response_only=True)],
    )
    async def delete(self, request: Request) -> Response:
        """Cancel all, in one market or everywhere, and return those that this has ended."""
        trader = await self.enter(request)
        filters.refuse_unknown_parameters(request, {"symbol"})
        return written(await cancel_all(trader, symbol=request.query_params.get("symbol")))


class OrderBatchView(TradingDoor):
    """Many orders in one request."""

    delete_takes_a_body = True

    @extend_schema(
        operation_id="place_orders",
        summary="Place up to 20 orders",
        description="Each is answered by itself, in the same order: an order or a failure.",
        tags=["Orders"],
        request=bodies.OrderBatchBody,
        responses={200: OrderBatchSerializer},
        examples=[
            OpenApiExample(
                "Two orders",
                value={"orders": [shown.LIMIT_ORDER, shown.MARKET_ORDER]},
                request_only=True,
            ),
            OpenApiExample("One stands", value=shown.BATCH, response_only=True),
        ],
    )
    async def post(self, request: Request) -> Response:
        """Place them in their order."""
        data = data_of(request)
        asked = data.get("orders") if isinstance(data, dict) else None
        count = len(asked) if isinstance(asked, list) else 1
        # The request itself has taken the token of the first.
        await spend(request, Kind.ORDERS, cost=min(count, bodies.MOST_PLACED) - 1)
        trader = await self.enter(request)
        orders = bodies.ORDER_BATCH.run_validation(data)["orders"]
        return written_each(await place_many(trader, [reader(trader, each) for each in orders]))

    @extend_schema(
        operation_id="cancel_orders",
        summary="Cancel up to 50 orders",
        description="By id or client_order_id; each is answered by itself, ids first.",
        tags=["Orders"],
        request=bodies.CancelBatchBody,
        responses={200: OrderBatchSerializer},
        examples=[
            OpenApiExample("By both names", value=shown.CANCEL_BATCH, request_only=True),
            OpenApiExample("One canceled", value=shown.BATCH_CANCELED, response_only=True),
        ],
    )
    async def delete(self, request: Request) -> Response:
        """Cancel them."""
        trader = await self.enter(request)
        body = bodies.CANCEL_BATCH.run_validation(data_of(request))
        ids, client_order_ids = body.get("ids", []), body.get("client_order_ids", [])
        # The request itself has taken the token of the first.
        await spend(request, Kind.CANCELS, cost=len(ids) + len(client_order_ids) - 1)
        return written_each(await cancel_many(trader, ids=ids, client_order_ids=client_order_ids))


def reader(trader: Trader, data: Any) -> Callable[[], Admitted]:
    """Return what makes one order of a batch a command, or says why it is none."""

    def read() -> Admitted:
        try:
            return submission(trader, bodies.ORDER.run_validation(data))
        except Failure:
            raise
        except Exception as error:
            failure = failure_of(error)
            if failure is None:
                raise
            raise failure from error

    return read


class CancelAllAfterView(TradingDoor):
    """The dead-man switch."""

    @extend_schema(
        operation_id="cancel_all_after",
        summary="Arm or disarm the dead-man switch",
        description=(
            "Unless it is armed anew in time, all orders and triggers are canceled then, except "
            "reduce-only triggers. 0 disarms."
        ),
        tags=["Orders"],
        request=bodies.CancelAllAfterBody,
        responses={200: SwitchSerializer},
        examples=[
            OpenApiExample("A minute", value={"timeout_ms": 60_000}, request_only=True),
            OpenApiExample(
                "Armed",
                value={"timeout_ms": 60_000, "fires_at": 1_763_136_060_000},
                response_only=True,
            ),
        ],
    )
    async def post(self, request: Request) -> Response:
        """Arm it and return when it fires."""
        trader = await self.enter(request)
        body = bodies.CANCEL_ALL_AFTER.run_validation(data_of(request))
        return written(await arm_switch(trader, timeout_ms=body["timeout_ms"]))
