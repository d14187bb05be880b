"""GET /api/v1/account/balance, and test USDT for accounts of development."""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from trading.api import examples_of_orders as shown
from trading.api.answers import BalanceSerializer, GiftSerializer
from trading.api.doors import ReadingDoor, TradingDoor, caller_of, written
from trading.selectors.balances import balance_view
from trading.services.play_money import give_test_usdt


class BalanceView(ReadingDoor):
    """The caller's money."""

    @extend_schema(
        operation_id="balance",
        summary="Show the balance",
        description=(
            "`wallet` = free + reserved + in_positions; `equity` = wallet + unrealized_pnl. "
            "`reserved` holds what orders and withdrawals reserve, `free` also deposits that are "
            "not final yet."
        ),
        tags=["Account"],
        responses=BalanceSerializer,
        examples=[OpenApiExample("A balance", value=shown.BALANCE, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        """Return free, reserved and what is in positions, in USDT."""
        return Response(balance_view(caller_of(request).account_id))


class TestUsdtView(TradingDoor):
    """A gift of test USDT."""

    __test__ = False  # pytest looks for names like this one

    @extend_schema(
        operation_id="test_usdt",
        summary="Take 10,000 test USDT",
        description="In development only; elsewhere there is no such address.",
        tags=["Development"],
        request=None,
        responses={201: GiftSerializer},
        examples=[
            OpenApiExample("Given", value=shown.GIFT, response_only=True, status_codes=["201"])
        ],
    )
    async def post(self, request: Request) -> Response:
        """Credit them and return the balance."""
        return written(await give_test_usdt(await self.enter(request)))
