"""Somebody else's object and one that there is not are the same, at every door (I26)."""

import itertools
import json
import uuid
from typing import Any

import pytest
from django.test import Client

from tests.exchange import Exchange
from tests.trading.orders.conftest import BASE, BTC, Json, Person
from trading.models import Balance, Command, Fill, Order, Position

NOBODYS = str(uuid.UUID(int=0xDA4C, version=4))
LISTS = ("/orders", "/fills", "/funding-payments", "/liquidations")
PRIVATE: tuple[tuple[str, str, Any], ...] = (
    ("GET", "/orders", None),
    ("POST", "/orders", {}),
    ("DELETE", "/orders", None),
    ("POST", "/orders/batch", {}),
    ("DELETE", "/orders/batch", {}),
    ("POST", "/orders/cancel-all-after", {}),
    ("GET", f"/orders/{NOBODYS}", None),
    ("PATCH", f"/orders/{NOBODYS}", {}),
    ("DELETE", f"/orders/{NOBODYS}", None),
    ("GET", "/orders/by-client-id/a", None),
    ("PATCH", "/orders/by-client-id/a", {}),
    ("DELETE", "/orders/by-client-id/a", None),
    ("GET", "/fills", None),
    ("GET", "/funding-payments", None),
    ("GET", "/liquidations", None),
    ("GET", "/positions", None),
    ("POST", f"/positions/{BTC}/leverage", {}),
    ("POST", f"/positions/{BTC}/margin", {}),
    ("POST", f"/positions/{BTC}/close", {}),
    ("POST", f"/positions/{BTC}/triggers", {}),
    ("DELETE", f"/positions/{BTC}/triggers", None),
    ("GET", "/account/balance", None),
    ("GET", "/account/statement.csv", None),
    ("POST", "/dev/test-usdt", None),
)


@pytest.fixture
def rich_past(alice: Person, bob: Person, exchange: Exchange) -> Json:
    """Return the ids of everything that alice has, after a day of trading."""
    bob.place(side="SELL", size="0.2", limit_price="95000")
    filled = alice.place(size="0.2", limit_price="96000", client_order_id="filled")
    resting = alice.place(limit_price="90000", client_order_id="resting")
    gone = alice.place(limit_price="90000", client_order_id="gone")
    alice.ask("DELETE", f"/orders/{gone['id']}", expect=200)
    rejected = alice.place(expect=422, leverage=50, client_order_id="rejected")
    trigger = alice.place(
        type="MARKET",
        time_in_force="IOC",
        trigger="STOP",
        trigger_price="120000",
        client_order_id="trigger",
    )
    orders = [filled, resting, gone, rejected["extra"]["order"], trigger]
    return {
        "orders": [order["id"] for order in orders],
        "names": [order["client_order_id"] for order in orders],
        "fills": [str(fill.id) for fill in Fill.objects.filter(account_id=alice.user.pk)],
        "account": [str(alice.user.pk)],
    }


def all_of(person: Person) -> Any:
    """Return every row of somebody's."""
    mine = {"account_id": person.user.pk}
    return [
        list(model.objects.filter(**mine).order_by("pk").values())
        for model in (Order, Fill, Position, Balance)
    ]


def same(person: Person, method: str, paths: tuple[str, str], bodies: tuple[Any, Any]) -> Any:
    """Ask for somebody else's and for nobody's; return the one answer that both get."""
    told = []
    for path, body in zip(paths, bodies, strict=True):
        answer = person.send(method, path, body)
        told.append((answer.status_code, answer.content))
    assert told[0] == told[1], (method, paths, told)
    return told[0]


def test_others_orders_are_not_there_by_any_name_or_method(
    alice: Person, bob: Person, rich_past: Json
) -> None:
    before = all_of(alice)
    amend = {"size": "0.01"}
    every_id = [*rich_past["orders"], *rich_past["fills"], *rich_past["account"]]
    for (method, body), name in itertools.product(
        (("GET", None), ("PATCH", amend), ("DELETE", None)), [*every_id, *rich_past["names"]]
    ):
        for base in ("/orders", "/orders/by-client-id"):
            paths = (f"{base}/{name}", f"{base}/{NOBODYS}")
            status, _ = same(bob, method, paths, (body, body))
            assert status == 404
    assert all_of(alice) == before


def test_others_orders_are_not_canceled_in_a_batch(
    alice: Person, bob: Person, rich_past: Json
) -> None:
    before = all_of(alice)
    for field, names in (("ids", rich_past["orders"]), ("client_order_ids", rich_past["names"])):
        for name in names:
            bodies = ({field: [name]}, {field: [NOBODYS]})
            status, content = same(bob, "DELETE", ("/orders/batch",) * 2, bodies)
            assert (status, json.loads(content)["results"][0]["code"]) == (200, "NOT_FOUND")
    assert all_of(alice) == before


def test_no_list_shows_anything_of_others_whatever_is_asked_for(
    alice: Person, bob: Person, rich_past: Json
) -> None:
    shown = "".join(bob.send("GET", path, limit=500).content.decode() for path in LISTS)
    shown += bob.send("GET", "/positions").content.decode()
    for name in rich_past["names"]:
        for path in ("/orders", "/fills"):
            found = bob.get(path, client_order_id=name)
            assert found == {"results": [], "next": None}
            shown += str(found)
    for name in [*rich_past["orders"], *rich_past["fills"], *rich_past["account"]]:
        assert name not in shown
        assert bob.get("/fills", order_id=name)["results"] == []


def test_anothers_cursor_leads_to_ones_own_rows_only(
    alice: Person, bob: Person, exchange: Exchange
) -> None:
    for _ in range(3):
        exchange.now_ms += 5
        alice.place(limit_price="90000")
        bob.place(limit_price="90000")
    cursor = alice.get("/orders", limit=1)["next"]
    mine = {order["id"] for order in bob.get("/orders")["results"]}
    found = {order["id"] for order in bob.get("/orders", cursor=cursor)["results"]}
    assert found <= mine


def test_the_same_words_change_nothing_of_anothers(
    alice: Person, bob: Person, rich_past: Json
) -> None:
    before = all_of(alice)
    bob.ask("DELETE", "/orders", expect=200)
    bob.ask("POST", "/orders/cancel-all-after", {"timeout_ms": 1_000}, expect=200)
    bob.ask("POST", f"/positions/{BTC}/leverage", {"leverage": 20}, expect=200)
    bob.ask("POST", f"/positions/{BTC}/margin", {"amount": "10"}, expect=200)
    bob.ask("DELETE", f"/positions/{BTC}/triggers", expect=200)
    bob.place(limit_price="90000", client_order_id="resting")
    assert all_of(alice) == before


@pytest.mark.parametrize(("method", "path", "body"), PRIVATE)
def test_without_credentials_every_private_door_is_shut(
    exchange: Exchange, method: str, path: str, body: Any
) -> None:
    before = Command.objects.count()
    answer = Client().generic(
        method,
        f"{BASE}{path}",
        data=b"" if body is None else json.dumps(body),
        content_type="application/json",
    )
    assert answer.status_code == 401
    assert answer.json()["code"] == "AUTHENTICATION_FAILED"
    assert Command.objects.count() == before
