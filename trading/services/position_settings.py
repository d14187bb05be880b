"""What an account sets about a position: leverage, margin, its take-profit and stop-loss."""

import uuid
from decimal import Decimal
from http import HTTPStatus

from asgiref.sync import sync_to_async

from engine import commands as c
from godark.errors import UNEXPECTED, Code, Failure
from trading.engine_words import account_name
from trading.selectors.market_terms import MarketTerms, access_terms
from trading.selectors.positions import position_in, position_views
from trading.services import order_terms
from trading.services.order_changes import answers_to, unanswered
from trading.services.order_entry import Answer
from trading.services.order_terms import Body
from trading.services.refusals import refusal
from trading.services.traders import Trader
from trading.services.venue_pause import Wish, check_not_paused, pause_level


async def set_leverage(trader: Trader, symbol: str, /, *, leverage: int) -> Answer:
    """Set the leverage of a market; return the position."""
    terms = await sync_to_async(_open_market)(trader, symbol)
    if leverage > terms.max_leverage:
        raise Failure(
            Code.LEVERAGE_TOO_HIGH,
            "This market does not offer so much leverage.",
            field="leverage",
            extra={"leverage": leverage, "max_leverage": terms.max_leverage},
        )
    command = c.SetLeverage(
        at_ms=0,
        account_id=account_name(trader.account_id),
        market_id=terms.symbol,
        leverage=leverage,
    )
    return await _set(trader, command, terms)


async def move_margin(trader: Trader, symbol: str, /, *, amount: Decimal) -> Answer:
    """Add margin to a position, or take some out; return the position."""
    terms = await sync_to_async(_open_market)(trader, symbol)
    command = c.MoveMargin(
        at_ms=0,
        transfer_id=str(uuid.uuid4()),
        account_id=account_name(trader.account_id),
        market_id=terms.symbol,
        amount_micro=order_terms.micro_of(amount, field="amount"),
    )
    return await _set(trader, command, terms)


async def set_triggers(trader: Trader, symbol: str, pair: Body, /) -> Answer:
    """Set a position's take-profit and stop-loss, or clear what is not given."""
    terms = await sync_to_async(_open_market)(trader, symbol)
    command = c.SetPositionTriggers(
        at_ms=0,
        account_id=account_name(trader.account_id),
        market_id=terms.symbol,
        take_profit=order_terms.protection(pair, "take_profit", terms=terms),
        stop_loss=order_terms.protection(pair, "stop_loss", terms=terms),
    )
    return await _set(trader, command, terms)


def _open_market(trader: Trader, symbol: str) -> MarketTerms:
    trader.check_may_raise()
    terms = access_terms(symbol)
    check_not_paused(Wish.SET, level=pause_level())
    return terms


async def _set(trader: Trader, command: c.Command, terms: MarketTerms) -> Answer:
    """Put a setting to the engine and return the position as it stands afterwards."""
    (outcome,) = await answers_to([command])
    if not outcome.is_known:
        raise unanswered()
    if outcome.is_set_aside:
        raise Failure(UNEXPECTED.code, UNEXPECTED.detail)
    if outcome.reason:
        raise refusal(outcome.reason, numbers=outcome.numbers, terms=terms)
    return await sync_to_async(_position)(trader.account_id, terms)


def _position(account_id: uuid.UUID, terms: MarketTerms) -> Answer:
    return Answer(HTTPStatus.OK, position_views([position_in(account_id, terms=terms)])[0])
