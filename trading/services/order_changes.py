"""Orders that are open already: amended, canceled, or left to the dead-man switch.

What is not here: placing (`trading.services.order_entry`).
"""

import uuid
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, TypeVar

from asgiref.sync import sync_to_async

from engine import commands as c
from engine.events import OrderCanceled, TriggerCanceled
from godark.errors import UNEXPECTED, Code, Failure
from trading import inbox
from trading.engine_words import account_name
from trading.models import Balance, Order
from trading.selectors.command_log import events_of
from trading.selectors.market_terms import MarketTerms, access_terms, terms_of
from trading.selectors.order_views import Json
from trading.selectors.orders import (
    access_order,
    access_order_by_client_id,
    by_engine_ids,
    engine_ids_of,
    no_such_order,
    order_set_aside,
    read_id,
    waiting_order,
    whole_view,
    whole_views,
)
from trading.selectors.orders_now import whole_views_now
from trading.services import order_terms
from trading.services.order_entry import Answer, only, unavailable
from trading.services.order_terms import Body
from trading.services.refusals import refusal
from trading.services.traders import Trader
from trading.services.venue_pause import Wish, check_not_paused, pause_level

Found = TypeVar("Found")


async def answers_to(commands: Sequence[c.Command], /) -> list[inbox.Outcome]:
    """Put commands to the engine; refuse with UNAVAILABLE what could not be written down."""
    try:
        return await inbox.ask_many(commands)
    except inbox.UnavailableError as error:
        raise unavailable() from error


async def amend(trader: Trader, body: Body, /, *, name: str, by_client_id: bool) -> Answer:
    """Give an order another total size, another limit, or both; return it as it stands."""
    command, terms = await sync_to_async(_amendment)(trader, body, name, by_client_id)
    (outcome,) = await answers_to([command])
    views = await whole_views_now(trader.account_id, engine_ids=[command.order_id])
    return only([await _end(trader, command.order_id, outcome, views=views, terms=terms)])


def _amendment(
    trader: Trader,
    body: Body,
    name: str,
    by_client_id: bool,  # noqa: FBT001 - handed through a thread
) -> tuple[c.AmendOrder, MarketTerms]:
    order = _own_order(trader, name, by_client_id=by_client_id)
    terms = terms_of(order.market_id)
    command = order_terms.amend_order(
        body, terms=terms, order_id=order.engine_id, account_id=trader.account_id
    )
    lowers = (
        command.limit_ticks is None
        and command.quantity_lots is not None
        and command.quantity_lots <= order.quantity_lots
    )
    reduces = lowers or order.reduce_only
    if not reduces:
        trader.check_may_raise()
    check_not_paused(Wish.REDUCE if reduces else Wish.RAISE, level=pause_level())
    return command, terms


def _own_order(trader: Trader, name: str, /, *, by_client_id: bool) -> Order:
    if by_client_id:
        return access_order_by_client_id(trader.account_id, client_order_id=name)
    return access_order(trader.account_id, name=name)


async def cancel(trader: Trader, /, *, name: str, by_client_id: bool) -> Answer:
    """Cancel an order or unfired trigger and return it as it stands."""
    ids, client_ids = ([], [name]) if by_client_id else ([name], [])
    return only(await cancel_many(trader, ids=ids, client_order_ids=client_ids))


async def cancel_many(
    trader: Trader, /, *, ids: Sequence[str], client_order_ids: Sequence[str]
) -> list[Answer | Failure]:
    """Cancel orders, those named by id first; each is answered or refused by itself."""
    named = await sync_to_async(_names)(trader, ids, client_order_ids)
    known = [name for name in named if isinstance(name, str)]
    outcomes = await answers_to(
        [
            c.CancelOrder(at_ms=0, order_id=name, account_id=account_name(trader.account_id))
            for name in known
        ]
    )
    views = await whole_views_now(trader.account_id, engine_ids=known)
    remaining = iter(outcomes)
    return [
        name
        if isinstance(name, Failure)
        else await _end(trader, name, next(remaining), views=views)
        for name in named
    ]


def _names(
    trader: Trader, ids: Sequence[str], client_order_ids: Sequence[str]
) -> list[str | Failure]:
    """Return what the engine calls each order; whether it is open, says the engine."""
    check_not_paused(Wish.CANCEL, level=pause_level())
    read = [_or_refusal(read_id, name) for name in ids]
    known = engine_ids_of(
        trader.account_id, ids=[one for one in read if isinstance(one, uuid.UUID)]
    )
    # An order that is not answered yet has no row; it is called by its id.
    named = [one if isinstance(one, Failure) else known.get(one, str(one)) for one in read]
    for name in client_order_ids:
        order = _or_refusal(_by_client_id, trader, name)
        named.append(order if isinstance(order, Failure) else order.engine_id)
    return named


def _by_client_id(trader: Trader, name: str) -> Order:
    return access_order_by_client_id(trader.account_id, client_order_id=name)


def _or_refusal(find: Callable[..., Found], *named: Any) -> Found | Failure:
    try:
        return find(*named)
    except Failure as refused:
        return refused


async def _end(
    trader: Trader,
    engine_id: str,
    outcome: inbox.Outcome,
    /,
    *,
    views: dict[str, Json],
    terms: MarketTerms | None = None,
) -> Answer | Failure:
    """Return what a wish about one order has come to; others' orders are not there (I26)."""
    view = views.get(engine_id)
    if outcome.is_set_aside:
        return Failure(UNEXPECTED.code, UNEXPECTED.detail)
    if not outcome.is_known:
        if view is None:
            view = await sync_to_async(_waiting_view)(trader, engine_id)
        return unanswered() if view is None else Answer(HTTPStatus.ACCEPTED, view)
    if view is None:
        view = await sync_to_async(_set_aside_view)(trader, engine_id)
    if view is None:
        return no_such_order()
    if outcome.reason:
        return refusal(outcome.reason, numbers=outcome.numbers, terms=terms, extra={"order": view})
    return Answer(HTTPStatus.OK, view)


def _waiting_view(trader: Trader, engine_id: str) -> Json | None:
    """Return an order that waits for the engine itself; None where there is none."""
    waiting = waiting_order(trader.account_id, order_id=engine_id)
    return None if waiting is None else whole_view(waiting)


def _set_aside_view(trader: Trader, engine_id: str) -> Json | None:
    """Return an order that will never stand (I47); None where there is none."""
    broken = order_set_aside(trader.account_id, order_id=engine_id)
    return None if broken is None else whole_view(broken)


def unanswered() -> Failure:
    """Return what is said where the engine is late and there is nothing to show yet."""
    return Failure(
        Code.UNAVAILABLE,
        "The engine has not answered in time; what was asked for stands and will be done.",
        retry_after_seconds=1,
    )


async def cancel_all(trader: Trader, /, *, symbol: str | None) -> Answer:
    """Cancel all orders and unfired triggers, in one market or in all; return those it ended."""
    market_id = await sync_to_async(_where)(symbol)
    command = c.CancelAll(at_ms=0, account_id=account_name(trader.account_id), market_id=market_id)
    (outcome,) = await answers_to([command])
    return await sync_to_async(_ended_by)(trader, outcome)


def _where(symbol: str | None) -> str | None:
    check_not_paused(Wish.CANCEL, level=pause_level())
    return None if symbol is None else access_terms(symbol).symbol


def _ended_by(trader: Trader, outcome: inbox.Outcome) -> Answer:
    """Return the orders that a command has ended, the newest first."""
    if not outcome.is_known:
        raise unanswered()
    _raise_refusal(outcome)
    ended = [
        event.order_id
        for event in events_of(outcome.command_id)
        if isinstance(event, OrderCanceled | TriggerCanceled)
    ]
    orders = by_engine_ids(trader.account_id, engine_ids=ended).values()
    newest_first = sorted(orders, key=lambda order: (order.created_at_ms, order.id), reverse=True)
    return Answer(HTTPStatus.OK, {"results": whole_views(newest_first)})


async def arm_switch(trader: Trader, /, *, timeout_ms: int) -> Answer:
    """Arm the dead-man switch, or disarm it with zero; return when it fires."""
    await sync_to_async(_where)(None)
    command = c.ArmCancelAllAfter(
        at_ms=0, account_id=account_name(trader.account_id), timeout_ms=timeout_ms
    )
    (outcome,) = await answers_to([command])
    if not outcome.is_known:
        raise unanswered()
    _raise_refusal(outcome)
    at_ms = await sync_to_async(_fires_at)(trader.account_id)
    return Answer(HTTPStatus.OK, {"timeout_ms": timeout_ms, "fires_at": at_ms})


def _fires_at(account_id: uuid.UUID) -> int | None:
    balance = Balance.objects.filter(account_id=account_id)
    return balance.values_list("switch_at_ms", flat=True).first()


def _raise_refusal(outcome: inbox.Outcome) -> None:
    if outcome.is_set_aside:
        raise Failure(UNEXPECTED.code, UNEXPECTED.detail)
    if outcome.reason:
        raise refusal(outcome.reason, numbers=outcome.numbers)
