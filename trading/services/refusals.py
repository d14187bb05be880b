"""Why the engine said no, in the words of the public contract: the one table of reasons.

Each reason of the engine has its public code, a sentence for a person and the field at fault;
its numbers become decimal strings. What is not here: refusals of doors and services themselves
(shape, limits, regions), which never reach the engine.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from engine.reasons import Reason
from godark.errors import UNEXPECTED, Code, Failure
from trading.engine_words import plain
from trading.models.units import MICRO
from trading.selectors.market_terms import MarketTerms


class Said(NamedTuple):
    """What a reason says to the outside; without a code it only ever ends an order."""

    code: Code | None
    sentence: str
    field: str | None = None


REFUSALS: Final[dict[Reason, Said]] = {
    Reason.NOT_FOUND: Said(Code.NOT_FOUND, "There is no such market.", "symbol"),
    Reason.INVALID_ORDER: Said(
        Code.INVALID_ORDER,
        "Two attributes of the order exclude each other, or expires_at has passed meanwhile.",
    ),
    Reason.INVALID_PRICE: Said(
        Code.INVALID_PRICE,
        "A price is missing, superfluous or beyond what the market takes.",
        "limit_price",
    ),
    Reason.INVALID_SIZE: Said(
        Code.INVALID_SIZE, "The size is not more than what is filled or canceled already.", "size"
    ),
    Reason.INVALID_AMOUNT: Said(
        Code.INVALID_AMOUNT, "The amount is outside of its bounds, or there is no position for it."
    ),
    Reason.DUPLICATE_CLIENT_ORDER_ID: Said(
        Code.DUPLICATE_CLIENT_ORDER_ID,
        "This client_order_id was used for another order.",
        "client_order_id",
    ),
    Reason.DUPLICATE_ID: Said(Code.INTERNAL_ERROR, UNEXPECTED.detail),
    Reason.MARKET_CLOSED: Said(
        Code.MARKET_CLOSED, "The market does not take this now; its state says what it takes."
    ),
    Reason.NO_REFERENCE_PRICE: Said(
        Code.NO_REFERENCE_PRICE, "The market has no reference price young enough to trade at."
    ),
    Reason.LEVERAGE_MISMATCH: Said(
        Code.LEVERAGE_MISMATCH,
        "The leverage is not the one that is set for this market.",
        "leverage",
    ),
    Reason.LEVERAGE_TOO_HIGH: Said(
        Code.LEVERAGE_TOO_HIGH,
        "The leverage is above what the bracket of the resulting notional allows.",
        "leverage",
    ),
    Reason.POSITION_SIZE_EXCEEDED: Said(
        Code.POSITION_SIZE_EXCEEDED,
        "With all your open orders filled the position would pass its limit.",
        "size",
    ),
    Reason.OPEN_INTEREST_EXCEEDED: Said(
        Code.OPEN_INTEREST_EXCEEDED,
        "The market's published open interest with your orders would pass its limit.",
        "size",
    ),
    Reason.STRESS_LIMIT_EXCEEDED: Said(
        Code.STRESS_LIMIT_EXCEEDED,
        "The market's insurance fund does not carry more risk at this leverage.",
        "leverage",
    ),
    Reason.PROBING_LIMIT: Said(
        Code.PROBING_LIMIT, "Too many immediate orders of this minute have found nothing."
    ),
    Reason.REDUCE_ONLY_REJECTED: Said(
        Code.REDUCE_ONLY_REJECTED, "There is no opposite position that this could reduce.", "size"
    ),
    Reason.INSUFFICIENT_COLLATERAL: Said(
        Code.INSUFFICIENT_COLLATERAL, "The balance does not carry the margin that this needs."
    ),
    Reason.INSUFFICIENT_FUNDS: Said(
        Code.INSUFFICIENT_COLLATERAL, "The free balance is smaller than this.", "amount"
    ),
    Reason.LIQUIDATION_PENDING: Said(
        Code.LIQUIDATION_PENDING, "The position waits for its liquidation."
    ),
    Reason.ORDER_NOT_OPEN: Said(Code.ORDER_NOT_OPEN, "The order is not open any more."),
    Reason.WOULD_NOT_FILL: Said(
        Code.WOULD_NOT_FILL, "The whole, or the minimum, could not be filled at once."
    ),
    Reason.UNFILLED_REMAINDER: Said(None, "What an immediate order could not fill."),
    Reason.BELOW_MINIMUM: Said(None, "The leaves fell below the order's minimum quantity."),
    Reason.SELF_TRADE: Said(None, "The account would have traded with itself."),
    Reason.REDUCE_ONLY: Said(None, "More than the position holds."),
    Reason.USER_REQUEST: Said(None, "Canceled by its owner."),
    Reason.CANCEL_ALL_AFTER: Said(None, "Canceled by the dead-man switch."),
    Reason.EXPIRED: Said(None, "Its time was over."),
    Reason.LIQUIDATION: Said(None, "The position is being liquidated."),
    Reason.MARKET_REDUCE_ONLY: Said(None, "The market only reduces."),
    Reason.MARKET_DELISTED: Said(None, "The market is delisted."),
    Reason.POSITION_CLOSED: Said(None, "The position that it protected is closed."),
    Reason.FILL_WORSENS_POSITION: Said(
        None, "The fill would leave too little equity for what remains."
    ),
}


SET_ASIDE: Final = "SET_ASIDE"
"""Why an order stands nowhere that broke the engine twice: no reason of the engine's own (I47)."""

# The engine's name of a number, and how it is told. What is not in here is not told.
TOLD: Final[dict[str, tuple[str, str]]] = {
    "lots": ("resulting_size", "lots"),
    "limit_lots": ("limit", "lots"),
    "quantity_lots": ("size", "lots"),
    "min_quantity_lots": ("min_quantity", "lots"),
    "filled_lots": ("filled_size", "lots"),
    "position_lots": ("position_size", "lots"),
    "limit_ticks": ("limit_price", "ticks"),
    "trigger_ticks": ("trigger_price", "ticks"),
    "needed_micro": ("needed", "micro"),
    "free_micro": ("free", "micro"),
    "amount_micro": ("amount", "micro"),
    "collateral_micro": ("collateral", "micro"),
    "equity_micro": ("equity", "micro"),
    "notional_micro": ("notional", "micro"),
    "maintenance_micro": ("maintenance_margin", "micro"),
    "leverage": ("leverage", "count"),
    "setting": ("leverage_set", "count"),
    "max_leverage": ("max_leverage", "count"),
    "attempts": ("attempts", "count"),
    "limit": ("limit", "count"),
    "timeout_ms": ("timeout_ms", "count"),
}


def refusal(
    reason: str,
    /,
    *,
    numbers: Mapping[str, int] | None = None,
    terms: MarketTerms | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Failure:
    """Return the failure that a client is told of; `terms` are those of the market it is in."""
    said = REFUSALS.get(Reason(reason)) if reason in Reason.__members__ else None
    if said is None or said.code is None:
        return Failure(UNEXPECTED.code, UNEXPECTED.detail, extra=dict(extra or {}))
    told = limits_of(numbers or {}, terms=terms)
    return Failure(said.code, said.sentence, field=said.field, extra={**told, **(extra or {})})


def reject_code(reason: str, /) -> str | None:
    """Return the public word for why an order was rejected, or ended before it was filled."""
    if not reason:
        return None
    if reason == SET_ASIDE:
        return Code.INTERNAL_ERROR.value
    said = REFUSALS.get(Reason(reason)) if reason in Reason.__members__ else None
    return reason if said is None or said.code is None else said.code.value


REJECT_CODES: Final = tuple(dict.fromkeys(reject_code(reason.value) or "" for reason in Reason))
"""Every word that an order's `reject_code` may hold."""


def limits_of(numbers: Mapping[str, int], /, *, terms: MarketTerms | None) -> dict[str, Any]:
    """Return the numbers that were broken, as decimal strings in the units that people use."""
    told: dict[str, Any] = {}
    for name, number in numbers.items():
        public, unit = TOLD.get(name, ("", ""))
        step = _step_of(unit, terms)
        if public and unit == "count":
            told[public] = number
        elif public and step is not None:
            told[public] = plain(number * step)
    return told


def _step_of(unit: str, terms: MarketTerms | None, /) -> Decimal | None:
    """Return what one of a unit is worth; None where only a market would know."""
    if unit == "micro":
        return Decimal(1) / MICRO
    if terms is None:
        return None
    return terms.lot_size if unit == "lots" else terms.tick_size
