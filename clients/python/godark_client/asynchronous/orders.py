"""Orders and what became of them."""

from collections.abc import Sequence
from typing import Any

from godark_client.asynchronous.sending import AsyncSending
from godark_client.calls import Call, segment
from godark_client.errors import ApiError
from godark_client.models.accounts import FundingPayment, Liquidation
from godark_client.models.orders import CancelAllAfter, Fill, NewOrder, Order
from godark_client.models.records import Json, Page
from godark_client.numbers import Number, written_if
from godark_client.outcomes import outcomes_of


class AsyncOrderCalls(AsyncSending):
    """Placing, amending, canceling, and the lists."""

    async def place_order(self, order: NewOrder) -> Order:
        """Place an order and return it as it stands after matching.

        Raises RejectedError when the engine said no. Sent again by itself only if it has a
        client_order_id; then a repetition gives the first outcome.
        """
        return await self.send(
            Call(
                method="POST",
                path="/orders",
                body=order.body(),
                answer=Order,
                is_repeatable=order.client_order_id is not None,
            )
        )

    async def place_orders(self, orders: Sequence[NewOrder]) -> list[Order | ApiError]:
        """Place at most 20 orders; return for each, in this order, itself or its error."""
        batch = await self.send(
            Call(
                method="POST",
                path="/orders/batch",
                body={"orders": [order.body() for order in orders]},
                answer=Json,
                is_repeatable=all(order.client_order_id is not None for order in orders),
            )
        )
        return outcomes_of(batch)

    async def amend_order(
        self, order_id: str, *, size: Number | None = None, limit_price: Number | None = None
    ) -> Order:
        """Change an order's total size, its limit, or both."""
        return await self._amend(f"/orders/{segment(order_id)}", size, limit_price)

    async def amend_by_client_id(
        self, client_order_id: str, *, size: Number | None = None, limit_price: Number | None = None
    ) -> Order:
        """Change an order by the name that the client gave it."""
        return await self._amend(
            f"/orders/by-client-id/{segment(client_order_id)}", size, limit_price
        )

    async def cancel_order(self, order_id: str) -> Order:
        """Cancel an order; RejectedError ORDER_NOT_OPEN when it has ended."""
        return await self.send(
            Call(method="DELETE", path=f"/orders/{segment(order_id)}", answer=Order)
        )

    async def cancel_by_client_id(self, client_order_id: str) -> Order:
        """Cancel an order by the name that the client gave it."""
        path = f"/orders/by-client-id/{segment(client_order_id)}"
        return await self.send(Call(method="DELETE", path=path, answer=Order))

    async def cancel_orders(
        self, ids: Sequence[str] = (), *, client_order_ids: Sequence[str] = ()
    ) -> list[Order | ApiError]:
        """Cancel at most 50 orders; return for each itself or its error."""
        body = {"ids": list(ids), "client_order_ids": list(client_order_ids)}
        return outcomes_of(
            await self.send(Call(method="DELETE", path="/orders/batch", body=body, answer=Json))
        )

    async def cancel_all(self, symbol: str | None = None) -> list[Order]:
        """Cancel all orders, of one market or of all."""
        page = await self.send(
            Call(
                method="DELETE",
                path="/orders",
                query={"symbol": symbol},
                answer=Page[Order],
                is_repeatable=True,
            )
        )
        return page.results

    async def cancel_all_after(self, timeout_ms: int) -> CancelAllAfter:
        """Arm the dead-man switch for 1 to 300 s from now, or disarm it with 0."""
        return await self.send(
            Call(
                method="POST",
                path="/orders/cancel-all-after",
                body={"timeout_ms": timeout_ms},
                answer=CancelAllAfter,
                is_repeatable=True,
            )
        )

    async def order(self, order_id: str) -> Order:
        """Return one of one's own orders."""
        return await self.read(f"/orders/{segment(order_id)}", Order)

    async def order_by_client_id(self, client_order_id: str) -> Order:
        """Return one of one's own orders by its name."""
        return await self.read(f"/orders/by-client-id/{segment(client_order_id)}", Order)

    async def orders(
        self,
        *,
        symbol: str | None = None,
        status: str | None = None,
        client_order_id: str | None = None,
        since: int | None = None,
        until: int | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Page[Order]:
        """Return orders, newest first."""
        query = {
            "symbol": symbol,
            "status": status,
            "client_order_id": client_order_id,
            "since": since,
            "until": until,
            "limit": limit,
            "cursor": cursor,
        }
        return await self.read("/orders", Page[Order], query)

    async def fills(
        self,
        *,
        symbol: str | None = None,
        since: int | None = None,
        until: int | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Page[Fill]:
        """Return fills, newest first."""
        return await self.read("/fills", Page[Fill], _span(symbol, since, until, limit, cursor))

    async def funding_payments(
        self,
        *,
        symbol: str | None = None,
        since: int | None = None,
        until: int | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Page[FundingPayment]:
        """Return funding paid and received, newest first."""
        query = _span(symbol, since, until, limit, cursor)
        return await self.read("/funding-payments", Page[FundingPayment], query)

    async def liquidations(
        self,
        *,
        symbol: str | None = None,
        since: int | None = None,
        until: int | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Page[Liquidation]:
        """Return liquidations of one's own positions, newest first."""
        query = _span(symbol, since, until, limit, cursor)
        return await self.read("/liquidations", Page[Liquidation], query)

    async def _amend(self, path: str, size: Number | None, limit_price: Number | None) -> Order:
        body = {"size": written_if(size), "limit_price": written_if(limit_price)}
        chosen = {name: value for name, value in body.items() if value is not None}
        return await self.send(Call(method="PATCH", path=path, body=chosen, answer=Order))


def _span(
    symbol: str | None,
    since: int | None,
    until: int | None,
    limit: int | None,
    cursor: str | None,
) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "since": since,
        "until": until,
        "limit": limit,
        "cursor": cursor,
    }
