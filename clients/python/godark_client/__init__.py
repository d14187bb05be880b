"""The client of the GoDark exchange: typed, sync and async, REST and socket.

Start with `Client` or `AsyncClient` for REST and `Socket` or `AsyncSocket` for the socket. Prices,
sizes and amounts are Decimal on the way in and out (strings and ints are taken too), never floats.
"""

from godark_client.asynchronous.client import AsyncClient
from godark_client.calls import Patience, RateLimit
from godark_client.errors import (
    ApiError,
    AuthenticationError,
    DisconnectedError,
    DuplicateError,
    ForbiddenError,
    GoDarkError,
    InvalidError,
    NotFoundError,
    RateLimitedError,
    RegionRestrictedError,
    RejectedError,
    TransportError,
    TwoFactorRequiredError,
    UnavailableError,
)
from godark_client.models.orders import Fill, NewOrder, Order, Protection, Receipt
from godark_client.models.records import Page
from godark_client.signing import ApiKey, Ed25519Key, HmacKey
from godark_client.socket.asynchronous import AsyncSocket
from godark_client.socket.frames import Message
from godark_client.socket.synchronous import Socket
from godark_client.synchronous.client import Client
from godark_client.words import (
    OPEN_STATUSES,
    MinQuantityMode,
    OrderStatus,
    OrderType,
    SelfTrade,
    Side,
    TimeInForce,
    Trigger,
)

__all__ = [
    "OPEN_STATUSES",
    "ApiError",
    "ApiKey",
    "AsyncClient",
    "AsyncSocket",
    "AuthenticationError",
    "Client",
    "DisconnectedError",
    "DuplicateError",
    "Ed25519Key",
    "Fill",
    "ForbiddenError",
    "GoDarkError",
    "HmacKey",
    "InvalidError",
    "Message",
    "MinQuantityMode",
    "NewOrder",
    "NotFoundError",
    "Order",
    "OrderStatus",
    "OrderType",
    "Page",
    "Patience",
    "Protection",
    "RateLimit",
    "RateLimitedError",
    "Receipt",
    "RegionRestrictedError",
    "RejectedError",
    "SelfTrade",
    "Side",
    "Socket",
    "TimeInForce",
    "TransportError",
    "Trigger",
    "TwoFactorRequiredError",
    "UnavailableError",
]
