"""From what a client wrote to what the engine takes: prices in ticks, sizes in lots.

Whatever is no whole number of steps, or beyond the bounds that the market publishes, is refused
here with those bounds. What is not here: types and combinations of fields (`trading.api.bodies`),
and everything that only the engine can know.
"""

import uuid
from collections.abc import Mapping
from decimal import Context, Decimal
from typing import Any, Final

from engine import commands as c
from engine.shape import LARGEST
from engine.vocabulary import (
    MinQuantityMode,
    OrderType,
    SelfTrade,
    Side,
    TimeInForce,
    TriggerKind,
)
from godark.errors import Code, Failure
from trading.engine_words import account_name, plain
from trading.models.units import MICRO
from trading.selectors.market_terms import MarketTerms

EXACT: Final = Context(prec=80)
"""Wide enough for every quotient of two decimals of 18 digits before and after the point."""
LARGEST_AMOUNT: Final = Decimal(10**12)

Body = Mapping[str, Any]


def submit_order(
    body: Body,
    /,
    *,
    terms: MarketTerms,
    order_id: uuid.UUID,
    account_id: uuid.UUID,
    fee_discount_percent: int,
    probe_limit: int,
) -> c.SubmitOrder:
    """Return the engine's command for an order that a client placed."""
    quantity_lots = lots_of(body["size"], terms=terms)
    return c.SubmitOrder(
        at_ms=0,
        order_id=str(order_id),
        account_id=account_name(account_id),
        market_id=terms.symbol,
        side=Side(body["side"]),
        order_type=OrderType(body["type"]),
        quantity_lots=quantity_lots,
        limit_ticks=_optional_ticks(body, "limit_price", terms=terms),
        time_in_force=TimeInForce(body["time_in_force"]),
        expires_at_ms=body.get("expires_at"),
        leverage=body.get("leverage"),
        all_or_none=body.get("all_or_none") or False,
        min_quantity_lots=_min_quantity_lots(body, terms=terms, quantity_lots=quantity_lots),
        min_quantity_mode=MinQuantityMode(body.get("min_quantity_mode") or "EACH"),
        nbbo_protection=body.get("nbbo_protection") or False,
        post_only=body.get("post_only") or False,
        reduce_only=body.get("reduce_only") or False,
        self_trade=SelfTrade(body.get("stp") or "EXPIRE_TAKER"),
        client_order_id=body.get("client_order_id"),
        trigger=TriggerKind(body["trigger"]) if body.get("trigger") else None,
        trigger_ticks=_optional_ticks(body, "trigger_price", terms=terms),
        take_profit=protection(body, "take_profit", terms=terms),
        stop_loss=protection(body, "stop_loss", terms=terms),
        fee_discount_percent=fee_discount_percent,
        probe_limit=probe_limit,
    )


def close_position(
    body: Body,
    /,
    *,
    terms: MarketTerms,
    order_id: uuid.UUID,
    account_id: uuid.UUID,
    fee_discount_percent: int,
    probe_limit: int,
) -> c.ClosePosition:
    """Return the engine's command for closing all or some of a position."""
    size = body.get("size")
    return c.ClosePosition(
        at_ms=0,
        order_id=str(order_id),
        account_id=account_name(account_id),
        market_id=terms.symbol,
        quantity_lots=None if size is None else lots_of(size, terms=terms),
        limit_ticks=_optional_ticks(body, "limit_price", terms=terms),
        client_order_id=body.get("client_order_id"),
        fee_discount_percent=fee_discount_percent,
        probe_limit=probe_limit,
    )


def amend_order(
    body: Body, /, *, terms: MarketTerms, order_id: str, account_id: uuid.UUID
) -> c.AmendOrder:
    """Return the engine's command for another total size, another limit, or both."""
    size = body.get("size")
    return c.AmendOrder(
        at_ms=0,
        order_id=order_id,
        account_id=account_name(account_id),
        quantity_lots=None if size is None else lots_of(size, terms=terms),
        limit_ticks=_optional_ticks(body, "limit_price", terms=terms),
    )


def protection(body: Body, field: str, /, *, terms: MarketTerms) -> c.Protection | None:
    """Return one leg of a take-profit and stop-loss pair; None where it was not given."""
    leg = body.get(field)
    if leg is None:
        return None
    limit = leg.get("limit_price")
    return c.Protection(
        trigger_ticks=ticks_of(leg["trigger_price"], terms=terms, field=f"{field}.trigger_price"),
        limit_ticks=None
        if limit is None
        else ticks_of(limit, terms=terms, field=f"{field}.limit_price"),
    )


def lots_of(size: Decimal, /, *, terms: MarketTerms) -> int:
    """Return an order's size in lots; refuse one outside of what the market takes."""
    lots, rest = EXACT.divmod(size, terms.lot_size)
    if not rest and terms.min_quantity_lots <= lots <= terms.max_quantity_lots:
        return int(lots)
    raise Failure(
        Code.INVALID_SIZE,
        "The size is a multiple of lot_size, from min_size to max_size.",
        field="size",
        extra={
            "lot_size": plain(terms.lot_size),
            "min_size": plain(terms.min_quantity_lots * terms.lot_size),
            "max_size": plain(terms.max_quantity_lots * terms.lot_size),
        },
    )


def ticks_of(price: Decimal, /, *, terms: MarketTerms, field: str) -> int:
    """Return a price in ticks; refuse one that is not above zero or lies between two ticks."""
    ticks, rest = EXACT.divmod(price, terms.tick_size)
    if not rest and 0 < ticks <= LARGEST:
        return int(ticks)
    raise Failure(
        Code.INVALID_PRICE,
        "The price is a multiple of tick_size, from min_price to max_price.",
        field=field,
        extra={
            "tick_size": plain(terms.tick_size),
            "min_price": plain(terms.tick_size),
            "max_price": plain(EXACT.multiply(LARGEST, terms.tick_size)),
        },
    )


def micro_of(amount: Decimal, /, *, field: str) -> int:
    """Return a signed amount of USDT in micro-USDT; refuse zero, and finer or larger ones."""
    micro, rest = EXACT.divmod(amount, Decimal(1) / MICRO)
    if not rest and micro and abs(amount) <= LARGEST_AMOUNT:
        return int(micro)
    raise Failure(
        Code.INVALID_AMOUNT,
        "The amount is not zero and has at most six decimals.",
        field=field,
        extra={"step": "0.000001", "max_amount": plain(LARGEST_AMOUNT)},
    )


def _optional_ticks(body: Body, field: str, /, *, terms: MarketTerms) -> int | None:
    price = body.get(field)
    return None if price is None else ticks_of(price, terms=terms, field=field)


def _min_quantity_lots(body: Body, /, *, terms: MarketTerms, quantity_lots: int) -> int:
    """Return the minimum of an execution in lots; zero where none was given."""
    least = body.get("min_quantity")
    if least is None:
        return 0
    lots, rest = EXACT.divmod(least, terms.lot_size)
    if not rest and 0 < lots <= quantity_lots:
        return int(lots)
    raise Failure(
        Code.INVALID_SIZE,
        "min_quantity is a multiple of lot_size, above zero and at most size.",
        field="min_quantity",
        extra={
            "lot_size": plain(terms.lot_size),
            "max_quantity": plain(quantity_lots * terms.lot_size),
        },
    )
