"""The synchronous client: every call of the contract in one object."""

from godark_client.synchronous.accounts import AccountCalls
from godark_client.synchronous.markets import MarketCalls
from godark_client.synchronous.orders import OrderCalls
from godark_client.synchronous.positions import PositionCalls
from godark_client.synchronous.settlement import SettlementCalls


class Client(
    MarketCalls,
    OrderCalls,
    PositionCalls,
    AccountCalls,
    SettlementCalls,
):
    """The venue over REST, by one key, one log-in, or as nobody.

    `with Client(url, HmacKey(...)) as client: client.place_order(...)`
    """
