"""The closed lists of words that commands, events and records are made of.

What is not here: the reasons of refusals (`engine.reasons`).
"""

from enum import Enum


class Side(Enum):
    """Which way an order goes."""

    BUY = "BUY"
    SELL = "SELL"


class OrderType(Enum):
    """How an order's effective limit is found."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    PEG_MID = "PEG_MID"
    PEG_BID = "PEG_BID"
    PEG_ASK = "PEG_ASK"


class TimeInForce(Enum):
    """How long an order lives."""

    GTC = "GTC"
    GTD = "GTD"
    IOC = "IOC"
    FOK = "FOK"


class MinQuantityMode(Enum):
    """Whether the minimum holds for each execution or for those of one matching event."""

    EACH = "EACH"
    FIRST = "FIRST"


class SelfTrade(Enum):
    """What happens instead when an account would trade with itself."""

    EXPIRE_TAKER = "EXPIRE_TAKER"
    EXPIRE_MAKER = "EXPIRE_MAKER"
    EXPIRE_BOTH = "EXPIRE_BOTH"
    DECREMENT = "DECREMENT"


class TriggerKind(Enum):
    """On which side of the mark a trigger waits."""

    STOP = "STOP"
    TAKE_PROFIT = "TAKE_PROFIT"


class MarketState(Enum):
    """What a market lets happen, from the freest to the closed."""

    ACTIVE = "ACTIVE"
    REDUCE_ONLY = "REDUCE_ONLY"
    POST_ONLY = "POST_ONLY"
    CANCEL_ONLY = "CANCEL_ONLY"
    HALTED = "HALTED"
    DELISTED = "DELISTED"


class Pricing(Enum):
    """How a market prices its executions."""

    THREE_POINTS = "THREE_POINTS"
    LIMIT_MIDPOINT = "LIMIT_MIDPOINT"


class OrderStatus(Enum):
    """Where an order stands in its life."""

    PENDING = "PENDING"
    OPEN = "OPEN"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


class TradeKind(Enum):
    """Why lots changed hands."""

    TRADE = "TRADE"
    LIQUIDATION = "LIQUIDATION"
    BACKSTOP = "BACKSTOP"
    DELEVERAGE = "DELEVERAGE"
    HAND_OVER = "HAND_OVER"


STATUS_MOVES: dict[OrderStatus | None, tuple[OrderStatus, ...]] = {
    None: (OrderStatus.PENDING, OrderStatus.OPEN, OrderStatus.REJECTED),
    OrderStatus.PENDING: (
        OrderStatus.OPEN,
        OrderStatus.CANCELED,
        OrderStatus.REJECTED,
        OrderStatus.EXPIRED,
    ),
    OrderStatus.OPEN: (
        OrderStatus.PARTIALLY_FILLED,
        OrderStatus.FILLED,
        OrderStatus.CANCELED,
        OrderStatus.EXPIRED,
    ),
    OrderStatus.PARTIALLY_FILLED: (
        OrderStatus.FILLED,
        OrderStatus.CANCELED,
        OrderStatus.EXPIRED,
    ),
    OrderStatus.FILLED: (),
    OrderStatus.CANCELED: (),
    OrderStatus.REJECTED: (),
    OrderStatus.EXPIRED: (),
}
"""The one table of an order's life: from a status to those that may follow it."""
