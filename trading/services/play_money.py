"""Test USDT for accounts of development: an adjustment of the ledger.

It serves until the chain brings real deposits; in production there is no door to it.
"""

import uuid
from http import HTTPStatus
from typing import Final

from asgiref.sync import sync_to_async
from django.conf import settings

from engine import commands as c
from godark.errors import UNEXPECTED, Code, Failure
from trading.engine_words import account_name
from trading.models.units import MICRO
from trading.selectors.amounts import usdt_text
from trading.selectors.balances import balance_view
from trading.services.order_changes import answers_to, unanswered
from trading.services.order_entry import Answer
from trading.services.refusals import refusal
from trading.services.traders import Trader
from trading.services.venue_pause import Wish, check_not_paused, pause_level

GIFT_MICRO: Final = 10_000 * MICRO
PREFIX: Final = "test:"
"""A deposit id that begins so is test money; the ledger books it as an adjustment."""


async def give_test_usdt(trader: Trader, /) -> Answer:
    """Credit 10,000 test USDT, final at once; return the balance."""
    if settings.IN_PRODUCTION:
        raise Failure(Code.NOT_FOUND, "There is no such address in the API.")
    trader.check_may_raise()
    await sync_to_async(_check_open)()
    deposit_id, account_id = f"{PREFIX}{uuid.uuid4()}", account_name(trader.account_id)
    outcomes = await answers_to(
        [
            c.CreditDeposit(
                at_ms=0, deposit_id=deposit_id, account_id=account_id, amount_micro=GIFT_MICRO
            ),
            c.FinalizeDeposit(at_ms=0, deposit_id=deposit_id, account_id=account_id),
        ]
    )
    for outcome in outcomes:
        if not outcome.is_known:
            raise unanswered()
        if outcome.is_set_aside:
            raise Failure(UNEXPECTED.code, UNEXPECTED.detail)
        if outcome.reason:
            raise refusal(outcome.reason, numbers=outcome.numbers)
    balance = await sync_to_async(balance_view)(trader.account_id)
    return Answer(HTTPStatus.CREATED, {"amount": usdt_text(GIFT_MICRO), "balance": balance})


def _check_open() -> None:
    check_not_paused(Wish.SET, level=pause_level())
