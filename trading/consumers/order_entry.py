"""Frames that reach the engine: the bodies, checks and services of REST, in the same order.

Who it is, whether their key may, and how fast they are is looked at before the next frame is read;
only then does a frame wait for the engine while others come, so that what one connection sends
reaches the inbox in its own order. What is not here: any rule about orders.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from rest_framework import serializers

from accounts.api.fields import StrictSerializer
from accounts.models import Permission
from compliance import gate
from godark.counting import failure_of_limit, limiter
from godark.errors import Code, Failure
from godark.limits import Kind
from trading.api import bodies
from trading.api.orders import reader
from trading.api.strict import Name, Symbol
from trading.consumers.permissions import caller_with
from trading.consumers.session import Session
from trading.services import order_changes, order_entry
from trading.services.order_entry import Answer
from trading.services.traders import Trader

Done = Callable[[], Awaitable[Any]]
Json = dict[str, Any]


class NamedOrder(StrictSerializer):
    """An order by its id, or by the client's own name for it."""

    id = Name(required=False)
    client_order_id = Name(required=False)

    def validate(self, attrs: Json) -> Json:
        """Refuse none of the names, and both."""
        if ("id" in attrs) == ("client_order_id" in attrs):
            raise serializers.ValidationError("Give id or client_order_id.")
        return attrs


class MarketOrAll(StrictSerializer):
    """One market, or all of them."""

    symbol = Symbol(required=False, allow_null=True)


NAMED: Final = NamedOrder()
WHERE: Final = MarketOrAll()


async def prepare(session: Session, kind: str, data: Any) -> Done:
    """Return what does a frame of order entry, once everything but the engine has allowed it."""
    bucket, door = DOORS[kind]
    caller = caller_with(session, Permission.TRADE)
    verdict = await limiter.take_async(caller.subject, bucket, cost=_cost(kind, data))
    if not verdict.allowed:
        raise failure_of_limit(verdict)
    refusal = await gate.may_trade_async(caller.account_id)
    trader = Trader(
        account_id=caller.account_id,
        allowance=caller.allowance,
        refusal=None if refusal is None else refusal.failure,
    )
    return door(trader, {} if data is None else data)


def _cost(kind: str, data: Any) -> int:
    """Return the tokens of a frame: one for each order in it."""
    orders = data.get("orders") if kind == "order.place_batch" and isinstance(data, dict) else None
    count = len(orders) if isinstance(orders, list) else 1
    return max(1, min(count, bodies.MOST_PLACED))


def _place(trader: Trader, data: Any) -> Done:
    read = reader(trader, data)

    async def done() -> Json:
        return order_entry.only(await order_entry.place_many(trader, [read])).body

    return done


def _place_batch(trader: Trader, data: Any) -> Done:
    orders = bodies.ORDER_BATCH.run_validation(data)["orders"]
    readers = [reader(trader, each) for each in orders]

    async def done() -> Json:
        answers = await order_entry.place_many(trader, readers)
        return {"results": [answer.body for answer in answers]}

    return done


def _amend(trader: Trader, data: Any) -> Done:
    named, change = _split(data)
    name, by_client_id = _name_of(NAMED.run_validation(named))
    body = bodies.AMEND.run_validation(change)

    async def done() -> Json:
        return _body(await order_changes.amend(trader, body, name=name, by_client_id=by_client_id))

    return done


def _cancel(trader: Trader, data: Any) -> Done:
    name, by_client_id = _name_of(NAMED.run_validation(data))

    async def done() -> Json:
        return _body(await order_changes.cancel(trader, name=name, by_client_id=by_client_id))

    return done


def _cancel_all(trader: Trader, data: Any) -> Done:
    symbol = WHERE.run_validation(data).get("symbol")

    async def done() -> Json:
        return _body(await order_changes.cancel_all(trader, symbol=symbol))

    return done


def _body(answer: Answer) -> Json:
    return answer.body


def _split(data: Any) -> tuple[Any, Any]:
    """Return which order, and what is to change."""
    if not isinstance(data, dict):
        raise Failure(Code.VALIDATION_ERROR, "data is an object.", field="data")
    named = {field: data[field] for field in ("id", "client_order_id") if field in data}
    return named, {field: value for field, value in data.items() if field not in named}


def _name_of(named: Json) -> tuple[str, bool]:
    by_client_id = "client_order_id" in named
    return named["client_order_id" if by_client_id else "id"], by_client_id


DOORS: Final[dict[str, tuple[Kind, Callable[[Trader, Any], Done]]]] = {
    "order.place": (Kind.ORDERS, _place),
    "order.place_batch": (Kind.ORDERS, _place_batch),
    "order.amend": (Kind.ORDERS, _amend),
    "order.cancel": (Kind.CANCELS, _cancel),
    "order.cancel_all": (Kind.CANCELS, _cancel_all),
}
