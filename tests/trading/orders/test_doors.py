"""Keys that may not, accounts that are frozen, venues that are paused, bodies that are monsters."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Permission
from compliance.models import AccountRestriction
from compliance.services.restrictions import restrict
from tests.accounts.signing import signer_of
from tests.exchange import Exchange
from tests.trading.orders.conftest import BASE, BTC, Json, Person
from trading.models import Command, VenueModeChange

GOOD: Json = {
    "symbol": BTC,
    "side": "BUY",
    "type": "LIMIT",
    "size": "0.1",
    "limit_price": "90000",
    "time_in_force": "GTC",
}


def pause(level: int) -> None:
    """Pause the venue, or let it operate with zero."""
    VenueModeChange.objects.create(
        level=level,
        reason="a drill",
        changed_at=timezone.now(),
        resumes_at=timezone.now() + timedelta(minutes=5) if level in (1, 2) else None,
    )


def test_a_key_that_only_reads_looks_and_does_nothing(alice: Person) -> None:
    reader = signer_of(alice.user, Permission.READ)
    assert reader.send("GET", f"{BASE}/orders").status_code == 200
    before = Command.objects.count()
    for method, path, body in (
        ("POST", "/orders", GOOD),
        ("DELETE", "/orders", None),
        ("POST", f"/positions/{BTC}/close", {}),
        ("POST", "/orders/cancel-all-after", {"timeout_ms": 0}),
    ):
        answer = reader.send(method, f"{BASE}{path}", "" if body is None else json.dumps(body))
        assert (answer.status_code, answer.json()["code"]) == (403, "PERMISSION_DENIED")
    assert Command.objects.count() == before


def test_a_key_that_trades_places_and_cancels(alice: Person) -> None:
    trader = signer_of(alice.user, Permission.TRADE)
    placed = trader.send("POST", f"{BASE}/orders", json.dumps(GOOD))
    assert placed.status_code == 201
    name = placed.json()["id"]
    assert trader.send("DELETE", f"{BASE}/orders/{name}").status_code == 200
    assert trader.send("GET", f"{BASE}/orders").status_code == 403


def test_a_frozen_account_cancels_and_closes_and_nothing_else(
    alice: Person, bob: Person, django_capture_on_commit_callbacks: Any
) -> None:
    bob.place(side="SELL", size="0.1", limit_price="95000")
    alice.place(size="0.1", limit_price="96000")
    resting = alice.place(limit_price="90000")
    with django_capture_on_commit_callbacks(execute=True):
        restrict(account=alice.user, action=AccountRestriction.Action.FREEZE, reason="a drill")
    for method, path, body in (
        ("POST", "/orders", GOOD),
        ("POST", "/orders", {**GOOD, "size": "nonsense"}),
        ("PATCH", f"/orders/{resting['id']}", {"size": "0.2"}),
        ("POST", f"/positions/{BTC}/leverage", {"leverage": 5}),
        ("POST", "/dev/test-usdt", None),
    ):
        assert alice.ask(method, path, body, expect=403)["code"] == "ACCOUNT_FROZEN"
    (refused,) = alice.ask("POST", "/orders/batch", {"orders": [GOOD]}, expect=200)["results"]
    assert refused["code"] == "ACCOUNT_FROZEN"
    alice.ask("PATCH", f"/orders/{resting['id']}", {"size": "0.05"}, expect=200)
    alice.ask("DELETE", f"/orders/{resting['id']}", expect=200)
    reducing = {**GOOD, "side": "SELL", "limit_price": "99000", "reduce_only": True}
    alice.ask("POST", "/orders", reducing, expect=201)
    alice.ask("POST", f"/positions/{BTC}/close", {}, expect=201)


@pytest.mark.parametrize(
    ("level", "refused"),
    [
        (0, set()),
        (1, {"raise", "amend"}),
        (2, {"raise", "amend", "reduce", "close"}),
        (3, {"raise", "amend", "reduce", "close", "leverage", "money"}),
        (4, {"raise", "amend", "reduce", "close", "leverage", "money", "cancel", "all", "switch"}),
    ],
)
def test_a_pause_stops_what_its_level_says(
    alice: Person, bob: Person, level: int, refused: set[str]
) -> None:
    bob.place(side="SELL", size="0.1", limit_price="95000")
    alice.place(size="0.1", limit_price="96000", client_order_id="first")
    resting = alice.place(limit_price="90000")
    reducing = {**GOOD, "side": "SELL", "limit_price": "99000", "reduce_only": True}
    pause(level)
    wishes: dict[str, tuple[str, str, Any]] = {
        "raise": ("POST", "/orders", GOOD),
        "amend": ("PATCH", f"/orders/{resting['id']}", {"limit_price": "90001"}),
        "reduce": ("POST", "/orders", reducing),
        "close": ("POST", f"/positions/{BTC}/close", {}),
        "leverage": ("POST", f"/positions/{BTC}/leverage", {"leverage": 11}),
        "money": ("POST", "/dev/test-usdt", None),
        "cancel": ("DELETE", f"/orders/{resting['id']}", None),
        "switch": ("POST", "/orders/cancel-all-after", {"timeout_ms": 0}),
        "all": ("DELETE", "/orders", None),
    }
    for name, (method, path, body) in wishes.items():
        answer = alice.send(method, path, body)
        if name in refused:
            code = "UNAVAILABLE" if level == 4 else "MARKET_CLOSED"
            assert answer.json()["code"] == code, name
            assert answer.json()["extra"] == {"pause_level": level}
        elif name == "money":  # let through, to a chain that these tests do not have
            assert (answer.status_code, answer.json()["extra"]) == (503, {})
        else:
            assert answer.status_code in (200, 201), (name, answer.content)
    again = {**GOOD, "limit_price": "96000", "client_order_id": "first"}
    assert alice.ask("POST", "/orders", again, expect=200)["status"] == "FILLED"
    assert alice.get("/status")["pause_level"] == level


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"null", 400),
        (b"[]", 400),
        (b"{", 400),
        (b'{"size": NaN}', 400),
        (b'{"size": 1e400}', 400),
        (b'{"size": -1e400}', 400),
        (b'{"size": 1E-400}', 400),
        (b'{"size": 123456789012345678901234567890}', 400),
        (b'{"size": "1", "size": "2"}', 400),
        (b'{"side": "\xff"}', 400),
        (b'{"side": "\\ud800"}', 400),
        ('{"side": "\u202ebuy"}'.encode(), 400),
        (b"[" * 100_000 + b"]" * 100_000, 400),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, 400),
        (b'{"size": "' + b"9" * 2_000_000 + b'"}', 400),
        (b" " * 2_621_441, 413),
    ],
    ids=range(17),
)
def test_a_monstrous_body_is_refused_and_changes_nothing(
    alice: Person, body: bytes, status: int
) -> None:
    before = Command.objects.count()
    for method, path in (
        ("POST", "/orders"),
        ("POST", "/orders/batch"),
        ("DELETE", "/orders/batch"),
        ("PATCH", f"/orders/{alice.place(limit_price='90000')['id']}"),
        ("POST", f"/positions/{BTC}/margin"),
    ):
        failure = alice.ask(method, path, body, expect=status)
        assert set(failure) == {"code", "detail", "field", "extra"}
        assert len(json.dumps(failure)) < 3_000
    assert Command.objects.count() == before + 1


@pytest.mark.parametrize("field", ["ids", "client_order_ids"])
def test_a_name_that_no_row_can_hold_is_refused(alice: Person, field: str) -> None:
    failure = alice.ask("DELETE", "/orders/batch", {field: ["a\x00b"]}, expect=400)
    assert failure["code"] == "VALIDATION_ERROR"
    assert failure["field"].startswith(field)


def test_an_order_of_absurd_worth_is_refused_with_numbers_and_the_venue_goes_on(
    alice: Person,
) -> None:
    largest = alice.get(f"/markets/{BTC}")["max_size"]
    worth = {"limit_price": "900000000000000", "size": largest}
    refused = alice.ask("POST", "/orders", {**GOOD, **worth}, expect=422)
    assert refused["code"] == "INVALID_SIZE"
    assert refused["extra"]["order"]["status"] == "REJECTED"
    assert alice.place(limit_price="90000")["status"] == "OPEN"


def test_an_order_costs_an_order_and_a_cancel_a_cancel(person: Callable[..., Person]) -> None:
    trader = person(tier="FREE")
    batch = {"orders": [GOOD] * 15}
    for _ in range(2):
        results = trader.ask("POST", "/orders/batch", batch, expect=200)["results"]
    assert {result.get("code") for result in results} == {None, "OPEN_ORDERS_EXCEEDED"}
    refused = trader.ask("POST", "/orders", GOOD, expect=429)
    assert refused["code"] == "RATE_LIMIT_EXCEEDED"
    ids = [order["id"] for order in trader.get("/orders", status="OPEN")["results"]]
    canceled = trader.ask("DELETE", "/orders/batch", {"ids": ids}, expect=200)["results"]
    assert [order["status"] for order in canceled] == ["CANCELED"] * 20
    ids = ids * 2
    assert trader.ask("DELETE", "/orders/batch", {"ids": ids}, expect=200)
    answer = trader.send("DELETE", "/orders/batch", {"ids": ids})
    assert (answer.status_code, answer.json()["code"]) == (429, "RATE_LIMIT_EXCEEDED")
    assert int(answer["Retry-After"]) >= 1


def test_a_method_that_a_door_does_not_know_is_said(alice: Person, exchange: Exchange) -> None:
    for method, path in (("PUT", "/orders"), ("GET", "/orders/batch"), ("PATCH", "/fills")):
        assert alice.ask(method, path, expect=405)["code"] == "METHOD_NOT_ALLOWED"


def test_a_signed_body_that_is_neither_object_nor_list_is_a_mistake_of_shape(alice: Person) -> None:
    trader = signer_of(alice.user, Permission.TRADE)
    signed = trader.headers("POST", f"{BASE}/orders", "{}")
    answer = Client().post(
        f"{BASE}/orders", data="7", content_type="application/json", headers=signed
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")
