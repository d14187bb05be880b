"""Orders and fills as their owner sees them: the contract's objects, ready to be written as JSON.

REST, sockets and statements show the same ones. What is not here: which rows (`selectors.orders`).
"""

import uuid
from collections.abc import Iterable
from typing import Any

from engine import commands as c
from engine.vocabulary import OrderStatus
from trading.engine_words import account_id_of, in_steps, plain
from trading.models import Fill, Order
from trading.projections.rows import FillRow, OrderRow
from trading.selectors.amounts import usdt_text
from trading.selectors.market_terms import MarketTerms, terms_of
from trading.services.refusals import reject_code

Json = dict[str, Any]
AnyOrder = Order | OrderRow
AnyFill = Fill | FillRow
"""A row as the database gives it, or as the runner has just written it."""


def order_view(
    order: AnyOrder, /, *, fills: Iterable[AnyFill] | None = None, receipt: Json | None = None
) -> Json:
    """Return an order as it stands; with its fills where they are given."""
    terms = terms_of(order.market_id)
    view = {
        "id": str(order.id),
        "client_order_id": order.client_order_id,
        "symbol": terms.symbol,
        "side": order.side,
        "type": order.order_type,
        "size": in_steps(order.quantity_lots, terms.lot_size),
        "filled_size": in_steps(order.filled_lots, terms.lot_size),
        "leaves_size": in_steps(leaves_lots(order), terms.lot_size),
        "limit_price": price_text(order.limit_ticks, terms=terms),
        "average_price": average_price_text(order, terms=terms),
        "time_in_force": order.time_in_force,
        "status": order.status,
        "reject_code": reject_code(order.reason),
        "created_at": order.created_at_ms,
        "updated_at": order.updated_at_ms,
        "account_sequence": receipt["account_sequence"] if receipt else None,
        "receipt": receipt,
        "expires_at": order.expires_at_ms,
        "leverage": order.leverage,
        "all_or_none": order.all_or_none,
        "min_quantity": _min_quantity(order, terms),
        "min_quantity_mode": order.min_quantity_mode,
        "nbbo_protection": order.nbbo_protection,
        "post_only": order.post_only,
        "reduce_only": order.reduce_only,
        "stp": order.self_trade,
        "trigger": order.trigger or None,
        "trigger_price": price_text(order.trigger_ticks, terms=terms),
        "take_profit": protection_view(
            order.take_profit_trigger_ticks, order.take_profit_limit_ticks, terms=terms
        ),
        "stop_loss": protection_view(
            order.stop_loss_trigger_ticks, order.stop_loss_limit_ticks, terms=terms
        ),
        "fee": usdt_text(order.fee_micro),
    }
    if fills is not None:
        view["fills"] = [fill_view(fill) for fill in fills]
    return view


def fill_view(fill: AnyFill, /) -> Json:
    """Return one fill; the fee of a rebate is negative."""
    terms = terms_of(fill.market_id)
    return {
        "id": str(fill.id),
        "order_id": None if fill.order_id is None else str(fill.order_id),
        "symbol": terms.symbol,
        "side": fill.side,
        "price": plain(terms.price(fill.price_half_ticks)),
        "size": in_steps(fill.quantity_lots, terms.lot_size),
        "fee": usdt_text(fill.fee_micro),
        "liquidity": fill.liquidity,
        "kind": fill.kind,
        "realized_pnl": usdt_text(fill.realized_pnl_micro),
        "executed_at": fill.executed_at_ms,
    }


def leaves_lots(order: AnyOrder, /) -> int:
    """Return what is still to be executed; nothing of an order that has ended."""
    if order.status == OrderStatus.REJECTED.value:
        return 0
    return order.quantity_lots - order.filled_lots - order.canceled_lots


def price_text(ticks: int | None, /, *, terms: MarketTerms) -> str | None:
    """Return whole ticks as a price; None where there is none."""
    return None if ticks is None else in_steps(ticks, terms.tick_size)


def average_price_text(order: AnyOrder, /, *, terms: MarketTerms) -> str | None:
    """Return the mean price of an order's fills; None before the first."""
    if not order.filled_lots:
        return None
    return plain(terms.average_price(notional_micro=order.notional_micro, lots=order.filled_lots))


def protection_view(
    trigger_ticks: int | None, limit_ticks: int | None, /, *, terms: MarketTerms
) -> Json | None:
    """Return one leg of a pair; None where there is none."""
    if trigger_ticks is None:
        return None
    return {
        "trigger_price": price_text(trigger_ticks, terms=terms),
        "limit_price": price_text(limit_ticks, terms=terms),
    }


def _min_quantity(order: AnyOrder, terms: MarketTerms, /) -> str | None:
    lots = order.min_quantity_lots
    return in_steps(lots, terms.lot_size) if lots else None


def order_of_command(command: c.SubmitOrder, /, *, market_id: int, at_ms: int) -> Order:
    """Return the row of an order that the engine has not answered yet; it is not written."""
    profit, loss = command.take_profit, command.stop_loss
    return Order(
        id=uuid.UUID(command.order_id),
        engine_id=command.order_id,
        account_id=account_id_of(command.account_id),
        client_order_id=command.client_order_id,
        market_id=market_id,
        side=command.side.value,
        order_type=command.order_type.value,
        time_in_force=command.time_in_force.value,
        quantity_lots=command.quantity_lots,
        limit_ticks=command.limit_ticks,
        expires_at_ms=command.expires_at_ms,
        leverage=command.leverage,
        all_or_none=command.all_or_none,
        min_quantity_lots=command.min_quantity_lots,
        min_quantity_mode=command.min_quantity_mode.value,
        nbbo_protection=command.nbbo_protection,
        post_only=command.post_only,
        reduce_only=command.reduce_only,
        self_trade=command.self_trade.value,
        trigger="" if command.trigger is None else command.trigger.value,
        trigger_ticks=command.trigger_ticks,
        take_profit_trigger_ticks=None if profit is None else profit.trigger_ticks,
        take_profit_limit_ticks=None if profit is None else profit.limit_ticks,
        stop_loss_trigger_ticks=None if loss is None else loss.trigger_ticks,
        stop_loss_limit_ticks=None if loss is None else loss.limit_ticks,
        status=OrderStatus.PENDING.value,
        created_at_ms=at_ms,
        updated_at_ms=at_ms,
    )


def order_of_close(
    command: c.ClosePosition, /, *, market_id: int, at_ms: int, position_lots: int
) -> Order:
    """Return the row of a close that is not answered yet, as the position stood when it came."""
    is_limit = command.limit_ticks is not None
    return Order(
        id=uuid.UUID(command.order_id),
        engine_id=command.order_id,
        account_id=account_id_of(command.account_id),
        client_order_id=command.client_order_id,
        market_id=market_id,
        side="SELL" if position_lots > 0 else "BUY",
        order_type="LIMIT" if is_limit else "MARKET",
        time_in_force="GTC" if is_limit else "IOC",
        quantity_lots=command.quantity_lots or abs(position_lots),
        limit_ticks=command.limit_ticks,
        reduce_only=True,
        status=OrderStatus.PENDING.value,
        created_at_ms=at_ms,
        updated_at_ms=at_ms,
    )
