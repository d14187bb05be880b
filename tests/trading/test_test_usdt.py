"""Test USDT comes from the development chain's faucet, by a deposit like anybody's."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import Wallet
from accounts.services.demonstration import TRADERS
from accounts.services.development_wallets import development_wallet
from chain.addresses import token_account
from chain.client import Level
from tests.accounts.factories import UserFactory
from tests.chain.conftest import PACE, chain
from tests.trading.orders.conftest import Json, Person
from tests.trading.test_settlement import USDT, Venue, venue
from trading.models import Balance, Deposit
from trading.services import play_money
from trading.services.play_money import fund_demonstration

__all__ = ["chain", "venue"]


@pytest.fixture
def poor(venue: Venue, monkeypatch: pytest.MonkeyPatch) -> Person:
    """Return somebody without money or wallet, whose site reaches the chain."""
    monkeypatch.setattr(play_money, "solana", lambda: venue.door)
    monkeypatch.setattr(play_money, "pause", lambda _seconds: venue.exchange.settle())
    user, client = UserFactory.create(), Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return Person(user, client)


def given(person: Person) -> Json:
    """Take test USDT once."""
    return person.ask("POST", "/dev/test-usdt", expect=201)


def test_test_usdt_is_a_deposit_of_the_account_s_development_wallet(
    venue: Venue, poor: Person
) -> None:
    gift = given(poor)
    assert gift["amount"] == "10000"
    assert gift["balance"] == poor.get("/account/balance")
    assert (gift["balance"]["free"], gift["balance"]["pending_deposits"]) == ("10000", "10000")
    assert given(poor)["balance"]["free"] == "20000"
    key = development_wallet(poor.user.pk)
    assert poor.get("/wallet/info")["address"] == str(key.pubkey())
    vault = venue.door.records.vaults([key.pubkey()], level=Level.CONFIRMED)[0]
    assert vault is not None
    assert vault.deposited_micro == 20_000 * USDT
    assert sum(row.amount_micro for row in Deposit.objects.all()) == 20_000 * USDT
    venue.pass_time(PACE.finalize_ms)
    assert poor.get("/account/balance")["pending_deposits"] == "0"


def test_to_a_wallet_of_one_s_own_it_is_only_given(venue: Venue, poor: Person) -> None:
    own = venue.devchain.rich("own wallet").pubkey()
    Wallet.objects.create(user=poor.user, address=str(own))
    assert given(poor)["balance"]["free"] == "0"
    account = token_account(owner=own, mint=venue.door.mint)
    assert venue.door.client.token_balance(account, level=Level.PROCESSED) == 10_000 * USDT
    assert not Deposit.objects.exists()


def test_without_a_chain_it_is_unavailable_and_in_production_unknown(
    poor: Person, venue: Venue, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.IN_PRODUCTION = True
    assert poor.ask("POST", "/dev/test-usdt", expect=404)["code"] == "NOT_FOUND"
    settings.IN_PRODUCTION = False
    monkeypatch.undo()  # the site of the tests reaches no chain
    assert poor.ask("POST", "/dev/test-usdt", expect=503)["code"] == "UNAVAILABLE"
    assert not Wallet.objects.exists()
    assert venue.exchange.runner is not None


def test_the_demonstration_s_traders_deposit_once(venue: Venue) -> None:
    alice = UserFactory.create(email=TRADERS[0])
    assert fund_demonstration(venue.door) == 1
    assert fund_demonstration(venue.door) == 0
    venue.pass_time(0)
    assert Balance.objects.get(account_id=alice.pk).cash_micro == play_money.DEMONSTRATION_MICRO
    assert fund_demonstration(venue.door) == 0
