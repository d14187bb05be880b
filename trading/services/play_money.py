"""Test USDT for accounts of development: from the development chain's faucet, by a real deposit.

An account without a wallet gets its development wallet, which deposits what the faucet gave; to a
wallet of somebody's own it is only given, since nobody else can sign for it. In production there is
no door to it.
"""

import time
import uuid
from http import HTTPStatus
from typing import Final

from asgiref.sync import sync_to_async
from django.conf import settings
from solders.pubkey import Pubkey

from accounts.models import User
from accounts.selectors import linked_wallet
from accounts.services.demonstration import TRADERS
from accounts.services.development_wallets import ensure_development_wallet
from chain.client import Level
from chain.errors import ChainError
from godark.errors import Code, Failure
from trading.deposits import compare_vaults, credit_key, linked_owners
from trading.models import Command, CommandStatus, Deposit, DepositState
from trading.models.units import MICRO
from trading.selectors.amounts import usdt_text
from trading.selectors.balances import balance_view
from trading.services.chain_setup import deposit_test_usdt, give_test_usdt_to
from trading.services.order_changes import unanswered
from trading.services.order_entry import Answer
from trading.services.traders import Trader
from trading.services.venue_pause import Wish, check_not_paused, pause_level
from trading.solana import Solana, solana

GIFT_MICRO: Final = 10_000 * MICRO
DEMONSTRATION_MICRO: Final = 50_000 * MICRO
WAIT_S: Final = 10.0
LOOK_S: Final = 0.01

pause = time.sleep


async def give_test_usdt(trader: Trader, /) -> Answer:
    """Give 10,000 test USDT and return the balance, with them if the venue could deposit them."""
    if settings.IN_PRODUCTION:
        raise Failure(Code.NOT_FOUND, "There is no such address in the API.")
    trader.check_may_raise()
    return await sync_to_async(_given)(trader.account_id)


def fund_demonstration(door: Solana, /) -> int:
    """Let the demonstration's traders deposit once; return how many did. The jobs credit it."""
    funded = 0
    for user in User.objects.filter(email__in=TRADERS).order_by("email"):
        if Deposit.objects.filter(account_id=user.pk).exists():
            continue
        key = ensure_development_wallet(user=user)
        if key is None or door.records.vaults([key.pubkey()], level=Level.CONFIRMED)[0]:
            continue
        deposit_test_usdt(door, key, amount_micro=DEMONSTRATION_MICRO)
        funded += 1
    return funded


def _given(account_id: uuid.UUID, /) -> Answer:
    """Give, wait until the engine has credited it, and answer."""
    check_not_paused(Wish.SET, level=pause_level())
    try:
        _give(solana(), User.objects.get(pk=account_id))
    except ChainError as error:
        raise _no_chain() from error
    rows = Deposit.objects.filter(account_id=account_id, state=DepositState.CONFIRMED)
    _wait_for_the_engine([credit_key(row) for row in rows])
    balance = balance_view(account_id)
    return Answer(HTTPStatus.CREATED, {"amount": usdt_text(GIFT_MICRO), "balance": balance})


def _give(door: Solana, user: User, /) -> None:
    """Give test USDT, and deposit them where the key is known."""
    if door.records.exchange(level=Level.CONFIRMED) is None:
        raise _no_chain()
    key = ensure_development_wallet(user=user)
    if key is not None:
        deposit_test_usdt(door, key, amount_micro=GIFT_MICRO)
        compare_vaults(door, linked_owners([str(key.pubkey())]))
        return
    wallet = linked_wallet(user)
    if wallet is not None:
        give_test_usdt_to(door, Pubkey.from_string(wallet.address), GIFT_MICRO)


def _wait_for_the_engine(keys: list[str], /) -> None:
    """Wait until the commands with these keys are decided; refuse when it takes too long."""
    waiting = Command.objects.filter(key__in=keys, status=CommandStatus.WAITING)
    ends = time.monotonic() + WAIT_S
    while waiting.exists():
        if time.monotonic() > ends:
            raise unanswered()
        pause(LOOK_S)


def _no_chain() -> Failure:
    return Failure(
        Code.UNAVAILABLE, "The development chain does not answer just now; try again in a moment."
    )
