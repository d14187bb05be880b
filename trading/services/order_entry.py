"""Orders on their way in: admitted, put to the engine, and answered as they stand afterwards.

The same for REST and for the socket. Whoever calls has made sure who trades, that they may, how
fast, and that the body has its shape; here follow, in this order, the client order id, a pause of
the venue, the tier's open orders, and the engine. What is not here: changing and canceling.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, NamedTuple

import msgspec
from asgiref.sync import sync_to_async

from engine import commands as c
from engine.identity import body_digest
from godark import reading
from godark.clock import now_ms
from godark.errors import UNEXPECTED, Code, Failure
from trading import inbox
from trading.models.orders import OPEN_STATUSES, Order
from trading.selectors.market_terms import MarketTerms, access_terms, terms_at_hand
from trading.selectors.order_views import Json
from trading.selectors.orders import orders_of, pending_order, whole_views
from trading.selectors.orders_now import whole_views_now
from trading.services import order_terms
from trading.services.order_terms import Body
from trading.services.refusals import refusal
from trading.services.traders import Trader
from trading.services.venue_pause import Wish, check_not_paused

DEPOSIT_WAIT_MS: Final = 15_000
"""So long an order that funds do not carry waits for the deposit that its owner authorized."""

Placing = c.SubmitOrder | c.ClosePosition


class Answer(NamedTuple):
    """What a door answers: HTTP's status and the object."""

    status: int
    body: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """An order that may be put to the engine."""

    command: Placing
    terms: MarketTerms


Admission = Admitted | Answer | Failure
"""An order that goes to the engine, one that stands already, or a refusal."""


async def place(trader: Trader, body: Body, /) -> Answer:
    """Place one order and return it as it stands; raise the Failure of a refused one."""
    return only(await place_many(trader, [lambda: submission(trader, body)]))


async def close(trader: Trader, symbol: str, body: Body, /) -> Answer:
    """Close all or some of a position and return the order that does it."""
    return only(await place_many(trader, [lambda: closing(trader, symbol, body)]))


async def place_many(
    trader: Trader, readers: Sequence[Callable[[], Admitted]], /
) -> list[Answer | Failure]:
    """Place orders in this sequence; each is answered or refused by itself.

    A reader makes the command of one order, or raises the Failure that refuses it.
    """
    admissions = await _admit_all(trader, readers)
    asked = [each for each in admissions if isinstance(each, Admitted)]
    try:
        outcomes = await inbox.ask_many([each.command for each in asked])
    except inbox.UnavailableError:
        outcomes = []
    return await _answers(trader, admissions, outcomes)


def only(answers: Sequence[Answer | Failure], /) -> Answer:
    """Return the single answer, or raise it."""
    (answer,) = answers
    if isinstance(answer, Failure):
        raise answer
    return answer


def submission(trader: Trader, body: Body, /) -> Admitted:
    """Return the command of an order; refuse prices and sizes that the market does not have."""
    terms = access_terms(body["symbol"])
    command = order_terms.submit_order(
        body,
        terms=terms,
        order_id=uuid.uuid4(),
        account_id=trader.account_id,
        fee_discount_percent=trader.fee_discount_percent,
        probe_limit=trader.allowance.unfilled_attempts,
    )
    return Admitted(command=command, terms=terms)


def closing(trader: Trader, symbol: str, body: Body, /) -> Admitted:
    """Return the command that closes a position."""
    terms = access_terms(symbol)
    command = order_terms.close_position(
        body,
        terms=terms,
        order_id=uuid.uuid4(),
        account_id=trader.account_id,
        fee_discount_percent=trader.fee_discount_percent,
        probe_limit=trader.allowance.unfilled_attempts,
    )
    return Admitted(command=command, terms=terms)


# Before the engine is asked.

STANDING: Final = f"""
    SELECT COALESCE((SELECT level FROM trading_venuemodechange ORDER BY id DESC LIMIT 1), 0),
           (SELECT count(*) FROM trading_order
             WHERE account_id = %(account)s AND status IN {OPEN_STATUSES}),
           ARRAY(SELECT client_order_id FROM trading_order
             WHERE account_id = %(account)s AND client_order_id = ANY(%(names)s)
               AND status <> 'REJECTED'),
           EXISTS (SELECT FROM trading_authorization
             WHERE account_id = %(account)s AND authorized_micro > 0)
"""  # noqa: S608 - our own words


class Standing(NamedTuple):
    """How the venue and the account stand before an order is put to the engine.

    `used_names` are the client order ids, of those that are asked about, that have their order;
    `may_draw` tells that a deposit is authorized, for which an order may wait.
    """

    pause_level: int
    open_orders: int
    used_names: list[str]
    may_draw: bool


async def _admit_all(
    trader: Trader, readers: Sequence[Callable[[], Admitted]], /
) -> list[Admission]:
    """Look at each order before the engine sees any."""
    await terms_at_hand()
    asked = [_read(reader) for reader in readers]
    names = [one.command.client_order_id for one in asked if isinstance(one, Admitted)]
    standing = await standing_of(trader, names=[name for name in names if name is not None])
    admissions: list[Admission] = []
    for one in asked:
        admission = one if isinstance(one, Failure) else await _admit(trader, one, standing)
        admissions.append(admission)
        if isinstance(admission, Admitted) and may_rest(admission.command):
            standing = standing._replace(open_orders=standing.open_orders + 1)
    return admissions


def _read(reader: Callable[[], Admitted], /) -> Admitted | Failure:
    try:
        return reader()
    except Failure as refused:
        return refused


async def standing_of(trader: Trader, /, *, names: list[str]) -> Standing:
    """Return what is asked of the rows before an order goes to the engine, in one question."""
    asked = {"account": trader.account_id, "names": names}
    (found,) = await reading.rows(STANDING, asked)
    return Standing(*found)


async def _admit(trader: Trader, asked: Admitted, standing: Standing, /) -> Admission:
    """Return an order that may go on, the one that stands under its client id, or a refusal."""
    try:
        if asked.command.client_order_id in standing.used_names:
            known = await sync_to_async(known_answer)(trader, asked.command)
            if known is not None:
                return known
        return _admitted(trader, asked, standing)
    except Failure as refused:
        return refused


def _admitted(trader: Trader, asked: Admitted, standing: Standing, /) -> Admitted:
    """Return an order that may go on. Raises Failure."""
    command = asked.command
    reduces = isinstance(command, c.ClosePosition) or command.reduce_only
    if not reduces:
        trader.check_may_raise()
    check_not_paused(Wish.REDUCE if reduces else Wish.RAISE, level=standing.pause_level)
    _check_still_to_come(command)
    if may_rest(command) and standing.open_orders >= trader.allowance.open_orders:
        raise Failure(
            Code.OPEN_ORDERS_EXCEEDED,
            "So many orders are open already; cancel one, or ask for a higher tier.",
            extra={"limit": trader.allowance.open_orders, "open_orders": standing.open_orders},
        )
    if standing.may_draw and isinstance(command, c.SubmitOrder) and may_rest(command):
        patient = msgspec.structs.replace(command, deposit_wait_ms=DEPOSIT_WAIT_MS)
        return Admitted(command=patient, terms=asked.terms)
    return asked


def known_answer(trader: Trader, command: Placing, /) -> Answer | None:
    """Return the order that stands under this client id, if its body was the same.

    The engine remembers client ids for an hour, the rows for ever.
    """
    if command.client_order_id is None:
        return None
    first = (
        orders_of(trader.account_id)
        .filter(client_order_id=command.client_order_id)
        .exclude(status="REJECTED")
        .first()
    )
    if first is None:
        return None
    if first.body_digest is None or bytes(first.body_digest) != body_digest(command):
        raise _another_body(first)
    return Answer(HTTPStatus.OK, whole_views([first])[0])


def _another_body(first: Order | None, /) -> Failure:
    extra = {} if first is None else {"order_id": str(first.id)}
    return refusal("DUPLICATE_CLIENT_ORDER_ID", extra=extra)


def _check_still_to_come(command: Placing, /) -> None:
    expires_at = getattr(command, "expires_at_ms", None)
    if expires_at is not None and expires_at <= now_ms():
        raise Failure(Code.VALIDATION_ERROR, "This moment lies in the past.", field="expires_at")


def may_rest(command: Placing, /) -> bool:
    """Tell whether an order may still be open once it is answered."""
    if isinstance(command, c.ClosePosition):
        return command.limit_ticks is not None
    return command.trigger is not None or command.time_in_force.value in ("GTC", "GTD")


# After it has answered.


async def _answers(
    trader: Trader, admissions: Sequence[Admission], outcomes: Sequence[inbox.Outcome], /
) -> list[Answer | Failure]:
    """Return what each order has come to, read from the rows that the engine left."""
    subjects = {outcome.subject_id for outcome in outcomes if outcome.is_known}
    asked = {each.command.order_id for each in admissions if isinstance(each, Admitted)}
    views: dict[str, Json] = {}
    if outcomes:
        views = await whole_views_now(trader.account_id, engine_ids=subjects | asked)
    remaining = iter(outcomes)
    answers: list[Answer | Failure] = []
    for admission in admissions:
        if not isinstance(admission, Admitted):
            answers.append(admission)
            continue
        outcome = next(remaining, None)
        if outcome is None:
            answers.append(unavailable())
        elif outcome.is_known or outcome.is_set_aside:
            answers.append(_answer(admission, outcome, views))
        else:
            answers.append(await sync_to_async(_unanswered)(admission, views))
    return answers


def _answer(asked: Admitted, outcome: inbox.Outcome, views: dict[str, Json], /) -> Answer | Failure:
    """Return what one order has come to."""
    if outcome.is_set_aside:
        return Failure(UNEXPECTED.code, UNEXPECTED.detail)
    if outcome.reason:
        rejected = views.get(asked.command.order_id)
        return refusal(
            outcome.reason,
            numbers=outcome.numbers,
            terms=asked.terms,
            extra={} if rejected is None else {"order": rejected},
        )
    status = HTTPStatus.OK if outcome.is_repeated else HTTPStatus.CREATED
    return Answer(status, views[outcome.subject_id])


def _unanswered(asked: Admitted, views: dict[str, Json], /) -> Answer:
    """Return an order that the engine has not answered in time, as far as it is known."""
    pending = pending_order(asked.command, terms=asked.terms, at_ms=now_ms())
    view = views.get(pending.engine_id) or whole_views([pending])[0]
    return Answer(HTTPStatus.ACCEPTED, view)


def unavailable() -> Failure:
    """Return what is said when a wish could not be written down."""
    return Failure(
        Code.UNAVAILABLE, "The exchange does not answer just now; try again in a moment."
    )
