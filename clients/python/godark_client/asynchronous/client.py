"""The asynchronous client: every call of the contract in one object."""

from godark_client.asynchronous.accounts import AsyncAccountCalls
from godark_client.asynchronous.markets import AsyncMarketCalls
from godark_client.asynchronous.orders import AsyncOrderCalls
from godark_client.asynchronous.positions import AsyncPositionCalls
from godark_client.asynchronous.settlement import AsyncSettlementCalls


class AsyncClient(
    AsyncMarketCalls,
    AsyncOrderCalls,
    AsyncPositionCalls,
    AsyncAccountCalls,
    AsyncSettlementCalls,
):
    """The venue over REST, by one key, one log-in, or as nobody.

    `async with AsyncClient(url, HmacKey(...)) as client: await client.place_order(...)`
    """
