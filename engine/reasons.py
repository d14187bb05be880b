"""The one table of reasons: why the engine rejects a command or ends an order.

The public codes of the API carry the same names. What is not here: the refusals of
services (rate limits, regions, KYC), which never reach the engine.
"""

from enum import Enum


class Reason(Enum):
    """A stable code; `MEANING` has its sentence and the numbers it comes with."""

    NOT_FOUND = "NOT_FOUND"
    INVALID_ORDER = "INVALID_ORDER"
    INVALID_PRICE = "INVALID_PRICE"
    INVALID_SIZE = "INVALID_SIZE"
    INVALID_AMOUNT = "INVALID_AMOUNT"
    DUPLICATE_CLIENT_ORDER_ID = "DUPLICATE_CLIENT_ORDER_ID"
    DUPLICATE_ID = "DUPLICATE_ID"
    MARKET_CLOSED = "MARKET_CLOSED"
    NO_REFERENCE_PRICE = "NO_REFERENCE_PRICE"
    LEVERAGE_MISMATCH = "LEVERAGE_MISMATCH"
    LEVERAGE_TOO_HIGH = "LEVERAGE_TOO_HIGH"
    POSITION_SIZE_EXCEEDED = "POSITION_SIZE_EXCEEDED"
    OPEN_INTEREST_EXCEEDED = "OPEN_INTEREST_EXCEEDED"
    STRESS_LIMIT_EXCEEDED = "STRESS_LIMIT_EXCEEDED"
    PROBING_LIMIT = "PROBING_LIMIT"
    REDUCE_ONLY_REJECTED = "REDUCE_ONLY_REJECTED"
    INSUFFICIENT_COLLATERAL = "INSUFFICIENT_COLLATERAL"
    INSUFFICIENT_FUNDS = "INSUFFICIENT_FUNDS"
    LIQUIDATION_PENDING = "LIQUIDATION_PENDING"
    ORDER_NOT_OPEN = "ORDER_NOT_OPEN"
    WOULD_NOT_FILL = "WOULD_NOT_FILL"
    UNFILLED_REMAINDER = "UNFILLED_REMAINDER"
    BELOW_MINIMUM = "BELOW_MINIMUM"
    SELF_TRADE = "SELF_TRADE"
    REDUCE_ONLY = "REDUCE_ONLY"
    USER_REQUEST = "USER_REQUEST"
    CANCEL_ALL_AFTER = "CANCEL_ALL_AFTER"
    EXPIRED = "EXPIRED"
    LIQUIDATION = "LIQUIDATION"
    MARKET_REDUCE_ONLY = "MARKET_REDUCE_ONLY"
    MARKET_DELISTED = "MARKET_DELISTED"
    POSITION_CLOSED = "POSITION_CLOSED"
    FILL_WORSENS_POSITION = "FILL_WORSENS_POSITION"


MEANING: dict[Reason, str] = {
    Reason.NOT_FOUND: "no such market, order, deposit or withdrawal of this account",
    Reason.INVALID_ORDER: "two attributes of the order exclude each other",
    Reason.INVALID_PRICE: "a price is not above zero, or is missing or superfluous",
    Reason.INVALID_SIZE: "a quantity is not above zero, or below its minimum or filled part",
    Reason.INVALID_AMOUNT: "an amount, leverage or timeout is outside its bounds",
    Reason.DUPLICATE_CLIENT_ORDER_ID: "the client order id was used with another body",
    Reason.DUPLICATE_ID: "the id of this order or transfer was used before",
    Reason.MARKET_CLOSED: "the market's state does not take this order now",
    Reason.NO_REFERENCE_PRICE: "the reference is missing or older than 1.5 s",
    Reason.LEVERAGE_MISMATCH: "leverage: the order's; setting: the account's in this market",
    Reason.LEVERAGE_TOO_HIGH: "leverage; max_leverage for notional_micro",
    Reason.POSITION_SIZE_EXCEEDED: "lots the position could reach; limit_lots",
    Reason.OPEN_INTEREST_EXCEEDED: "lots the open interest would reach; limit_lots",
    Reason.STRESS_LIMIT_EXCEEDED: "the side's stress loss would pass the insurance fund",
    Reason.PROBING_LIMIT: "attempts unfilled in the last minute; limit",
    Reason.REDUCE_ONLY_REJECTED: "there is no opposite position to reduce",
    Reason.INSUFFICIENT_COLLATERAL: "needed_micro; free_micro",
    Reason.INSUFFICIENT_FUNDS: "amount_micro; free_micro",
    Reason.LIQUIDATION_PENDING: "the position waits for its liquidation",
    Reason.ORDER_NOT_OPEN: "the order has ended or never was this account's",
    Reason.WOULD_NOT_FILL: "the whole, or the minimum, could not be filled at once",
    Reason.UNFILLED_REMAINDER: "what an immediate order could not fill",
    Reason.BELOW_MINIMUM: "the leaves fell below the minimum quantity",
    Reason.SELF_TRADE: "the account would have traded with itself",
    Reason.REDUCE_ONLY: "more than the position holds",
    Reason.USER_REQUEST: "canceled by its owner",
    Reason.CANCEL_ALL_AFTER: "the dead-man switch fired",
    Reason.EXPIRED: "the order's time is over",
    Reason.LIQUIDATION: "the position is being liquidated",
    Reason.MARKET_REDUCE_ONLY: "the market only reduces and the order would have raised",
    Reason.MARKET_DELISTED: "the market is delisted",
    Reason.POSITION_CLOSED: "the position that the trigger protected is closed",
    Reason.FILL_WORSENS_POSITION: "the fill would leave too little equity for what remains",
}
"""One sentence per reason: what it says, or the numbers that come with it."""
