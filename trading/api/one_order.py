"""GET, PATCH and DELETE of one order, by its id or by the client's own name for it."""

from asgiref.sync import sync_to_async
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from trading.api import bodies
from trading.api import examples_of_orders as shown
from trading.api.answers import WholeOrderSerializer
from trading.api.doors import TradingDoor, data_of, written
from trading.selectors.orders import access_order, access_order_by_client_id, whole_view
from trading.services.order_changes import amend, cancel

SHOWN = extend_schema(
    summary="Show one order",
    tags=["Orders"],
    responses={200: WholeOrderSerializer, 404: shown.failing("Not there.", shown.NO_SUCH_ORDER)},
    examples=[
        OpenApiExample("An order", value=shown.ORDER, response_only=True, status_codes=["200"])
    ],
)
AMENDED = extend_schema(
    summary="Amend an order",
    description=(
        "`size` is the new total, what is filled included. A smaller size keeps the order's place "
        "in line, everything else loses it. Triggers are canceled and placed anew instead."
    ),
    tags=["Orders"],
    request=bodies.AmendBody,
    responses={
        200: WholeOrderSerializer,
        202: WholeOrderSerializer,
        404: shown.failing("Not there.", shown.NO_SUCH_ORDER),
        422: shown.failing("The engine said no.", shown.NOT_OPEN),
    },
    examples=[
        OpenApiExample("A smaller size", value={"size": "0.3"}, request_only=True),
        OpenApiExample("As it stands", value=shown.ORDER, response_only=True, status_codes=["200"]),
    ],
)
CANCELED = extend_schema(
    summary="Cancel an order",
    tags=["Orders"],
    responses={
        200: WholeOrderSerializer,
        202: WholeOrderSerializer,
        404: shown.failing("Not there.", shown.NO_SUCH_ORDER),
        422: shown.failing("It is not open.", shown.NOT_OPEN),
    },
    examples=[
        OpenApiExample("Canceled", value=shown.CANCELED, response_only=True, status_codes=["200"])
    ],
)


class OneOrder(TradingDoor):
    """An order under a name; which kind of name, say the subclasses."""

    by_client_id = False

    async def show(self, request: Request, name: str) -> Response:
        """Return the order as it stands."""
        trader = await self.enter(request)

        def view() -> Response:
            if self.by_client_id:
                order = access_order_by_client_id(trader.account_id, client_order_id=name)
            else:
                order = access_order(trader.account_id, name=name)
            return Response(whole_view(order))

        return await sync_to_async(view)()

    async def change(self, request: Request, name: str) -> Response:
        """Amend it."""
        trader = await self.enter(request)
        body = bodies.AMEND.run_validation(data_of(request))
        return written(await amend(trader, body, name=name, by_client_id=self.by_client_id))

    async def end(self, request: Request, name: str) -> Response:
        """Cancel it."""
        trader = await self.enter(request)
        return written(await cancel(trader, name=name, by_client_id=self.by_client_id))


class OrderView(OneOrder):
    """An order by its id."""

    @extend_schema(operation_id="order")
    @SHOWN
    async def get(self, request: Request, order_id: str) -> Response:
        """Return the order as it stands, with its newest 500 fills."""
        return await self.show(request, order_id)

    @extend_schema(operation_id="amend_order")
    @AMENDED
    async def patch(self, request: Request, order_id: str) -> Response:
        """Change its size, its limit, or both."""
        return await self.change(request, order_id)

    @extend_schema(operation_id="cancel_order")
    @CANCELED
    async def delete(self, request: Request, order_id: str) -> Response:
        """Cancel it and return it as it stands."""
        return await self.end(request, order_id)


class OrderByClientIdView(OneOrder):
    """An order by the client's own name for it."""

    by_client_id = True

    @extend_schema(operation_id="order_by_client_id")
    @SHOWN
    async def get(self, request: Request, client_order_id: str) -> Response:
        """Return the order as it stands, with its newest 500 fills."""
        return await self.show(request, client_order_id)

    @extend_schema(operation_id="amend_order_by_client_id")
    @AMENDED
    async def patch(self, request: Request, client_order_id: str) -> Response:
        """Change its size, its limit, or both."""
        return await self.change(request, client_order_id)

    @extend_schema(operation_id="cancel_order_by_client_id")
    @CANCELED
    async def delete(self, request: Request, client_order_id: str) -> Response:
        """Cancel it and return it as it stands."""
        return await self.end(request, client_order_id)
