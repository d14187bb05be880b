"""An order that lacks funds draws the authorized deposit and waits for it, at most 15 seconds."""

import pytest
from django.test import Client
from solders.keypair import Keypair

from tests.chain.conftest import PACE, chain
from tests.trading.orders.conftest import Json, Person
from tests.trading.test_settlement import USDT, Venue, signed_by_wallet, venue
from trading.models import Authorization, Deposit, DepositDraw, Order
from trading.services import vaults
from trading.services.chain_setup import give_test_usdt_to
from trading.services.waiting_orders import draw_for_waiting_orders

__all__ = ["chain", "venue"]


@pytest.fixture
def owner(venue: Venue) -> tuple[Person, Keypair]:
    """Return somebody whose wallet holds 2,500 USDT and lets the venue draw them."""
    user, wallet = venue.person("alice")
    give_test_usdt_to(venue.door, wallet.pubkey(), 2_500 * USDT)
    made = vaults.authorize(venue.door, user=user, amount_micro=2_500 * USDT)
    signed_by_wallet(venue, made, wallet)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return Person(user, client), wallet


def work(venue: Venue) -> None:
    """Let a second pass, and the jobs do their work."""
    venue.pass_time(1_000)
    draw_for_waiting_orders(venue.door)
    venue.exchange.wait(1_000)


def status(person: Person, order: Json) -> tuple[str, str | None]:
    found = person.get(f"/orders/{order['id']}")
    return found["status"], found["reject_code"]


def test_the_order_waits_and_is_open_when_the_deposit_is_credited(
    venue: Venue, owner: tuple[Person, Keypair]
) -> None:
    person, _wallet = owner
    order = person.place(size="0.1", limit_price="90000", client_order_id="mine")
    assert (order["status"], order["reject_code"]) == ("PENDING", None)
    assert person.get("/account/balance")["reserved"] == "0"
    for _ in range(3):
        work(venue)
    assert status(person, order) == ("OPEN", None)
    again = person.place(expect=200, size="0.1", limit_price="90000", client_order_id="mine")
    assert again["id"] == order["id"]
    # Whole units, whatever the order needs, and once.
    assert [row.amount_micro for row in Deposit.objects.all()] == [2_000 * USDT]
    assert DepositDraw.objects.count() == 1


def test_it_is_refused_with_the_reason_when_the_deposit_does_not_suffice_in_time(
    venue: Venue, owner: tuple[Person, Keypair]
) -> None:
    person, _wallet = owner
    order = person.place(size="1", limit_price="90000")
    assert order["status"] == "PENDING"
    for _ in range(14):
        work(venue)
    assert status(person, order) == ("PENDING", None)
    for _ in range(2):
        work(venue)
    assert status(person, order) == ("REJECTED", "INSUFFICIENT_COLLATERAL")
    # All that was authorized was drawn on the way: units first, then the rest.
    assert sum(row.amount_micro for row in Deposit.objects.all()) == 2_500 * USDT
    assert Authorization.objects.get().authorized_micro == 0
    refused = person.place(expect=422, size="1", limit_price="90000")
    assert refused["code"] == "INSUFFICIENT_COLLATERAL"


def test_it_may_be_canceled_and_an_order_at_once_never_waits(
    venue: Venue, owner: tuple[Person, Keypair]
) -> None:
    person, _wallet = owner
    refused = person.place(expect=422, type="MARKET", size="1", time_in_force="IOC")
    assert refused["code"] == "INSUFFICIENT_COLLATERAL"
    order = person.place(size="0.1", limit_price="90000")
    assert person.ask("DELETE", f"/orders/{order['id']}", expect=200)["status"] == "CANCELED"
    for _ in range(3):
        work(venue)
    assert not DepositDraw.objects.exists()


def test_however_often_the_engine_dies_the_order_ends_once(
    venue: Venue, owner: tuple[Person, Keypair]
) -> None:
    person, _wallet = owner
    order = person.place(size="0.1", limit_price="90000")
    for _ in range(4):
        venue.exchange.restart()
        draw_for_waiting_orders(venue.door)
        work(venue)
    venue.pass_time(PACE.finalize_ms)
    assert status(person, order) == ("OPEN", None)
    assert Order.objects.count() == 1
    assert DepositDraw.objects.count() == 1
