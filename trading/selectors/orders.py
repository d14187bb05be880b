"""One account's orders and fills. `access_` is the only door to a single order.

Somebody else's order and one that there is not are the same (I26).
"""

import uuid
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from django.db.models import Q, QuerySet

from engine import commands as c
from engine.codec import decode_command
from engine.vocabulary import OrderStatus
from godark.errors import Code, Failure
from trading.models import Command, CommandStatus, Fill, Order, Position, RepeatedOrder
from trading.projections.ids import OUR_UUID
from trading.selectors.market_terms import MarketTerms, access_terms
from trading.selectors.order_views import (
    Json,
    order_of_close,
    order_of_command,
    order_view,
)
from trading.selectors.receipts import receipts_of
from trading.services.refusals import SET_ASIDE

MOST_FILLS_SHOWN: Final = 500
"""So many of an order's newest fills come with the order itself; the rest by /fills."""
PLACING: Final = ("SubmitOrder", "ClosePosition")
OWN_ORDERS: Final = "SELECT * FROM trading_order WHERE account_id = %s AND id = ANY(%s::uuid[])"
"""Written out: every order that is placed asks it, and to compile it costs more than to run it."""


def no_such_order() -> Failure:
    """Return what is said of an order that is not there, or not the caller's."""
    return Failure(Code.NOT_FOUND, "There is no such order.")


def orders_of(account_id: uuid.UUID, /) -> QuerySet[Order]:
    """Return all orders of an account."""
    return Order.objects.filter(account_id=account_id)


def fills_of(account_id: uuid.UUID, /) -> QuerySet[Fill]:
    """Return all fills of an account."""
    return Fill.objects.filter(account_id=account_id)


def access_order(account_id: uuid.UUID, /, *, name: str) -> Order:
    """Return the account's order of this id, answered or not; refuse any other."""
    order_id = read_id(name)
    order = (
        orders_of(account_id).filter(id=order_id).first()
        or first_order(account_id, order_id=order_id)
        or waiting_order(account_id, order_id=str(order_id))
        or order_set_aside(account_id, order_id=str(order_id))
    )
    if order is None:
        raise no_such_order()
    return order


def access_order_by_client_id(account_id: uuid.UUID, /, *, client_order_id: str) -> Order:
    """Return the account's order of this client id: the one that stood, else the newest refused."""
    found = orders_of(account_id).filter(client_order_id=client_order_id)
    order = (
        found.exclude(status="REJECTED").first()
        or waiting_order(account_id, client_order_id=client_order_id)
        or found.order_by("-created_at_ms", "-id").first()
        or order_set_aside(account_id, client_order_id=client_order_id)
    )
    if order is None:
        raise no_such_order()
    return order


def first_order(account_id: uuid.UUID, /, *, order_id: uuid.UUID) -> Order | None:
    """Return the order that stood already when this one was asked for, if it was a repetition."""
    repeated = RepeatedOrder.objects.filter(account_id=account_id, id=order_id)
    return orders_of(account_id).filter(id__in=repeated.values("order_id")).first()


def read_id(name: str, /) -> uuid.UUID:
    """Return an id that a client wrote; one that cannot be one is of no order."""
    try:
        order_id = uuid.UUID(name)
    except ValueError as error:
        raise no_such_order() from error
    if str(order_id) != name.lower():
        raise no_such_order()
    return order_id


def whole_view(order: Order, /) -> Json:
    """Return one order as it stands, with its fills and its receipt."""
    return whole_views([order])[0]


def whole_views(orders: Collection[Order], /) -> list[Json]:
    """Return orders as they stand, with their fills and receipts, in two queries."""
    fills = fills_by_order(orders)
    receipts = receipts_of([order.engine_id for order in orders])
    return [
        order_view(order, fills=fills.get(order.id, ()), receipt=receipts.get(order.engine_id))
        for order in orders
    ]


def fills_by_order(orders: Iterable[Order], /) -> dict[uuid.UUID, list[Fill]]:
    """Return the newest fills of each order that has any."""
    found: dict[uuid.UUID, list[Fill]] = {}
    filled = [order.id for order in orders if order.filled_lots]
    if filled:
        newest = Fill.objects.filter(order_id__in=filled).order_by("-executed_at_ms", "-id")
        for fill in newest:
            assert fill.order_id is not None  # noqa: S101 - what was asked for
            shown = found.setdefault(fill.order_id, [])
            if len(shown) < MOST_FILLS_SHOWN:
                shown.append(fill)
    return found


def by_engine_ids(account_id: uuid.UUID, /, *, engine_ids: Iterable[str]) -> dict[str, Order]:
    """Return the account's orders by what the engine calls them.

    People's orders are called by their id; those that the engine itself placed (a fired
    take-profit, say) have a name of their own, and are few.
    """
    names = set(engine_ids)
    own = {name for name in names if OUR_UUID.fullmatch(name)}
    found = list(Order.objects.raw(OWN_ORDERS, [account_id, list(own)])) if own else []
    if names - own:
        found += orders_of(account_id).filter(engine_id__in=names - own)
    return {order.engine_id: order for order in found}


def engine_ids_of(account_id: uuid.UUID, /, *, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return what the engine calls the account's orders of these ids."""
    wanted = set(ids)
    found = dict(orders_of(account_id).filter(id__in=wanted).values_list("id", "engine_id"))
    if wanted - found.keys():
        repeated = RepeatedOrder.objects.filter(account_id=account_id, id__in=wanted - found.keys())
        firsts = dict(repeated.values_list("id", "order_id"))
        if firsts:
            known = engine_ids_of(account_id, ids=firsts.values())
            found |= {each: known[first] for each, first in firsts.items() if first in known}
    return found


def waiting_order(account_id: uuid.UUID, /, **names: str) -> Order | None:
    """Return an order that the engine has not answered yet, as it was asked for."""
    return _asked(Command.objects.filter(status=CommandStatus.WAITING), account_id, names)


def order_set_aside(account_id: uuid.UUID, /, **names: str) -> Order | None:
    """Return an order that broke the engine twice and will never stand, as it was asked for."""
    broken = Command.objects.filter(failures__gt=0, status=CommandStatus.SET_ASIDE)
    order = _asked(broken, account_id, names)
    if order is not None:
        order.status, order.reason = OrderStatus.REJECTED.value, SET_ASIDE
    return order


def _asked(
    rows: QuerySet[Command], account_id: uuid.UUID, names: Mapping[str, str]
) -> Order | None:
    """Return the newest order of these commands that has these names, not written."""
    for row in rows.filter(Q(account_id=account_id, kind__in=PLACING)).order_by("-id"):
        command: Any = decode_command(bytes(row.payload))
        if all(getattr(command, field) == name for field, name in names.items()):
            terms = access_terms(command.market_id)
            at_ms = int(row.created_at.timestamp() * 1_000)
            return pending_order(command, terms=terms, at_ms=at_ms)
    return None


def pending_order(
    command: c.SubmitOrder | c.ClosePosition, /, *, terms: MarketTerms, at_ms: int
) -> Order:
    """Return an order that is not answered yet, not written, as its owner sees it."""
    if isinstance(command, c.SubmitOrder):
        return order_of_command(command, market_id=terms.pk, at_ms=at_ms)
    held = Position.objects.filter(account_id=command.account_id, market_id=terms.pk)
    lots = held.values_list("size_lots", flat=True).first() or 0
    return order_of_close(command, market_id=terms.pk, at_ms=at_ms, position_lots=lots)
