"""The contract's words for what a client chooses.

They are plain strings as well: `side="BUY"` and `side=Side.BUY` are the same.
"""

from enum import StrEnum


class Side(StrEnum):
    """Which way an order trades."""

    BUY = "BUY"
    SELL = "SELL"


class OrderType(StrEnum):
    """How an order's effective limit is found."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    PEG_MID = "PEG_MID"
    PEG_BID = "PEG_BID"
    PEG_ASK = "PEG_ASK"


class TimeInForce(StrEnum):
    """How long an order stands; market orders are IOC or FOK."""

    GTC = "GTC"
    GTD = "GTD"
    IOC = "IOC"
    FOK = "FOK"


class SelfTrade(StrEnum):
    """What happens instead when an account's own orders would meet."""

    EXPIRE_TAKER = "EXPIRE_TAKER"
    EXPIRE_MAKER = "EXPIRE_MAKER"
    EXPIRE_BOTH = "EXPIRE_BOTH"
    DECREMENT = "DECREMENT"


class Trigger(StrEnum):
    """Which way the mark must cross the trigger price."""

    STOP = "STOP"
    TAKE_PROFIT = "TAKE_PROFIT"


class MinQuantityMode(StrEnum):
    """Whether the minimum holds for each execution or for the first matching event together."""

    EACH = "EACH"
    FIRST = "FIRST"


class OrderStatus(StrEnum):
    """Where an order stands in its life."""

    PENDING = "PENDING"
    OPEN = "OPEN"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


OPEN_STATUSES = frozenset({OrderStatus.PENDING, OrderStatus.OPEN, OrderStatus.PARTIALLY_FILLED})
