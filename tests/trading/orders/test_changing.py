"""Orders amended, canceled one by one, in batches, all at once, and by the dead-man switch."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from engine import commands as c
from tests.exchange import Exchange, TestDesk
from tests.trading.orders.conftest import BTC, ETH, Json, Person
from trading.api.examples_of_orders import ORDER
from trading.inbox import asking
from trading.models import Command, Order

FAR = "90000"


def test_a_smaller_size_or_another_limit_is_answered_as_it_stands(alice: Person) -> None:
    order = alice.place(limit_price=FAR, size="0.5", client_order_id="a")
    smaller = alice.ask("PATCH", f"/orders/{order['id']}", {"size": "0.2"}, expect=200)
    assert (smaller["id"], smaller["size"], smaller["status"]) == (order["id"], "0.2", "OPEN")
    both = alice.ask(
        "PATCH", "/orders/by-client-id/a", {"size": "0.3", "limit_price": "90001"}, expect=200
    )
    assert (both["size"], both["limit_price"]) == ("0.3", "90001")
    assert set(both) == set(ORDER)


def test_an_amendment_that_meets_somebody_is_answered_with_the_fill(
    alice: Person, bob: Person
) -> None:
    bob.place(side="SELL", size="0.1")
    order = alice.place(limit_price=FAR)
    filled = alice.ask("PATCH", f"/orders/{order['id']}", {"limit_price": "95600"}, expect=200)
    assert (filled["status"], len(filled["fills"])) == ("FILLED", 1)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "VALIDATION_ERROR"),
        ({"size": 1}, 400, "VALIDATION_ERROR"),
        ({"price": "1"}, 400, "VALIDATION_ERROR"),
        ({"size": "0.00001"}, 422, "INVALID_SIZE"),
        ({"limit_price": "1.05"}, 422, "INVALID_PRICE"),
        ({"size": "9", "limit_price": "95000"}, 422, "INSUFFICIENT_COLLATERAL"),
    ],
)
def test_a_refused_amendment_changes_nothing(
    alice: Person, body: Json, status: int, code: str
) -> None:
    order = alice.place(limit_price=FAR)
    alice.place(limit_price="95000", size="9")
    failure = alice.ask("PATCH", f"/orders/{order['id']}", body, expect=status)
    assert failure["code"] == code
    assert alice.get(f"/orders/{order['id']}") == order


def test_a_trigger_is_not_amended(alice: Person) -> None:
    trigger = alice.place(
        type="MARKET", time_in_force="IOC", trigger="STOP", trigger_price="120000"
    )
    failure = alice.ask("PATCH", f"/orders/{trigger['id']}", {"size": "0.2"}, expect=422)
    assert failure["code"] == "ORDER_NOT_OPEN"
    assert failure["extra"]["order"]["status"] == "PENDING"


def test_a_canceled_order_is_answered_and_cannot_be_canceled_again(alice: Person) -> None:
    order = alice.place(limit_price=FAR, client_order_id="c")
    canceled = alice.ask("DELETE", f"/orders/{order['id']}", expect=200)
    assert (canceled["status"], canceled["reject_code"]) == ("CANCELED", "USER_REQUEST")
    assert (canceled["leaves_size"], canceled["size"]) == ("0", "0.1")
    for path in (f"/orders/{order['id']}", "/orders/by-client-id/c"):
        failure = alice.ask("DELETE", path, expect=422)
        assert failure["code"] == "ORDER_NOT_OPEN"
        assert failure["extra"]["order"] == canceled


@pytest.mark.parametrize(
    "name",
    [
        str(uuid.UUID(int=7, version=4)),
        "7",
        "x" * 200,
        "0D2C7AC4-59C8-4BD1-9C36-1D5C1B5FD1F8",
        "{0d2c7ac4-59c8-4bd1-9c36-1d5c1b5fd1f8}",
        "0d2c7ac459c84bd19c361d5c1b5fd1f8",
        "%F0%9F%92%A9",
        "..%2f..",
    ],
)
@pytest.mark.parametrize("method", ["GET", "DELETE", "PATCH"])
def test_what_is_no_order_is_not_found(alice: Person, method: str, name: str) -> None:
    body = {"size": "0.1"} if method == "PATCH" else None
    for path in (f"/orders/{name}", f"/orders/by-client-id/{name}"):
        failure = alice.ask(method, path, body, expect=404)
        assert failure["code"] == "NOT_FOUND"


def test_many_are_canceled_by_both_names_and_answered_in_order(alice: Person, bob: Person) -> None:
    first = alice.place(limit_price=FAR)
    second = alice.place(limit_price=FAR, client_order_id="two")
    gone = alice.place(limit_price=FAR)
    alice.ask("DELETE", f"/orders/{gone['id']}", expect=200)
    foreign = bob.place(limit_price=FAR, client_order_id="three")
    answer = alice.ask(
        "DELETE",
        "/orders/batch",
        {
            "ids": [first["id"], gone["id"], foreign["id"], "no-id", first["id"]],
            "client_order_ids": ["two", "three", "ä"],
        },
        expect=200,
    )
    told = [result.get("code") or (result["id"], result["status"]) for result in answer["results"]]
    assert told == [
        (first["id"], "CANCELED"),
        "ORDER_NOT_OPEN",
        "NOT_FOUND",
        "NOT_FOUND",
        "ORDER_NOT_OPEN",
        (second["id"], "CANCELED"),
        "NOT_FOUND",
        "NOT_FOUND",
    ]
    assert bob.get(f"/orders/{foreign['id']}")["status"] == "OPEN"


def test_all_are_canceled_in_one_market_or_everywhere(
    alice: Person, bob: Person, exchange: Exchange
) -> None:
    made = []
    for symbol, price in ((BTC, FAR), (ETH, "2000"), (BTC, FAR)):
        exchange.now_ms += 10
        made.append(alice.place(symbol=symbol, limit_price=price, size="0.1"))
    trigger = alice.place(
        type="MARKET", time_in_force="IOC", trigger="STOP", trigger_price="120000"
    )
    other = bob.place(limit_price=FAR)
    ended = alice.ask("DELETE", "/orders", expect=200, symbol=BTC)["results"]
    assert [order["id"] for order in ended if order["id"] != trigger["id"]] == [
        made[2]["id"],
        made[0]["id"],
    ]
    assert {order["status"] for order in ended} == {"CANCELED"}
    assert len(ended) == 3
    rest = alice.ask("DELETE", "/orders", expect=200)["results"]
    assert [order["id"] for order in rest] == [made[1]["id"]]
    assert alice.ask("DELETE", "/orders", expect=200) == {"results": []}
    assert bob.get(f"/orders/{other['id']}")["status"] == "OPEN"


def test_a_misspelt_filter_cancels_nothing(alice: Person) -> None:
    order = alice.place(limit_price=FAR)
    assert alice.ask("DELETE", "/orders", expect=400, sybmol=ETH)["code"] == "VALIDATION_ERROR"
    assert alice.ask("DELETE", "/orders", expect=404, symbol="NOPE")["code"] == "NOT_FOUND"
    assert alice.get(f"/orders/{order['id']}")["status"] == "OPEN"


def test_the_switch_says_when_it_fires_and_fires(alice: Person, exchange: Exchange) -> None:
    order = alice.place(limit_price=FAR)
    armed = alice.ask("POST", "/orders/cancel-all-after", {"timeout_ms": 5_000}, expect=200)
    assert armed == {"timeout_ms": 5_000, "fires_at": exchange.now_ms + 5_000}
    exchange.wait(4_000)
    again = alice.ask("POST", "/orders/cancel-all-after", {"timeout_ms": 5_000}, expect=200)
    assert again["fires_at"] == exchange.now_ms + 5_000
    exchange.wait(5_001)
    fired = alice.get(f"/orders/{order['id']}")
    assert (fired["status"], fired["reject_code"]) == ("CANCELED", "CANCEL_ALL_AFTER")
    alice.ask("POST", "/orders/cancel-all-after", {"timeout_ms": 5_000}, expect=200)
    off = alice.ask("POST", "/orders/cancel-all-after", {"timeout_ms": 0}, expect=200)
    assert off == {"timeout_ms": 0, "fires_at": None}


def test_a_cancel_that_overtakes_its_answer_is_taken(alice: Person, exchange: Exchange) -> None:
    desk = asking.the_desk()
    assert isinstance(desk, TestDesk)
    desk.is_deaf = True
    order = alice.place(expect=202, limit_price=FAR, client_order_id="slow")
    late = alice.ask("DELETE", f"/orders/{order['id']}", expect=202)
    assert (late["id"], late["status"]) == (order["id"], "PENDING")
    amended = alice.ask("PATCH", "/orders/by-client-id/slow", {"size": "0.2"}, expect=202)
    assert amended["id"] == order["id"]
    nobody = alice.ask("DELETE", f"/orders/{uuid.uuid4()}", expect=503)
    assert nobody["code"] == "UNAVAILABLE"
    exchange.settle()
    assert alice.get(f"/orders/{order['id']}")["status"] == "CANCELED"


def test_an_order_of_the_venues_own_making_is_canceled_by_its_public_id(
    alice: Person, bob: Person, exchange: Exchange
) -> None:
    bob.place(side="SELL", size="0.1")
    alice.place(size="0.1")
    pair = {"take_profit": {"trigger_price": "96000", "limit_price": "99000"}}
    alice.ask("POST", f"/positions/{BTC}/triggers", pair, expect=200)
    exchange.now_ms += 100
    exchange.move(BTC=(970_000, 970_002))
    (made,) = alice.get("/orders", status="OPEN")["results"]
    assert (made["side"], made["limit_price"], made["reduce_only"]) == ("SELL", "99000", True)
    row = Order.objects.get(id=made["id"])
    assert row.engine_id != made["id"]
    amended = alice.ask("PATCH", f"/orders/{made['id']}", {"limit_price": "98000"}, expect=200)
    assert amended["limit_price"] == "98000"
    canceled = alice.ask("DELETE", f"/orders/{made['id']}", expect=200)
    assert (canceled["id"], canceled["status"]) == (made["id"], "CANCELED")


def test_a_command_that_was_set_aside_is_an_error_of_ours(
    alice: Person, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = asking.the_desk()
    assert isinstance(desk, TestDesk)

    def answering(rows: Any) -> Any:
        return [outcome._replace(is_known=True, is_set_aside=True) for outcome in answer(rows)]

    answer = desk._answer
    monkeypatch.setattr(desk, "_answer", answering)
    assert alice.place(expect=500)["code"] == "INTERNAL_ERROR"
    assert alice.ask("DELETE", f"/orders/{uuid.uuid4()}", expect=500)["code"] == "INTERNAL_ERROR"


def test_what_cannot_be_written_down_is_unavailable(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = alice.place(limit_price=FAR)
    desk = asking.the_desk()

    def broken(rows: Any) -> Any:
        raise asking_error

    from trading.inbox import UnavailableError  # noqa: PLC0415 - raised only here

    asking_error = UnavailableError("gone")
    monkeypatch.setattr(desk, "_answer", broken)
    for method, path, body in (
        ("DELETE", f"/orders/{order['id']}", None),
        ("DELETE", "/orders", None),
        ("POST", f"/positions/{BTC}/leverage", {"leverage": 5}),
        ("POST", "/dev/test-usdt", None),
    ):
        assert alice.ask(method, path, body, expect=503)["code"] == "UNAVAILABLE"
    assert alice.place(expect=503)["code"] == "UNAVAILABLE"


def test_only_the_kinds_that_doors_know_are_written(
    alice: Person, person: Callable[..., Person]
) -> None:
    alice.place(limit_price=FAR)
    alice.ask("DELETE", "/orders", expect=200)
    kinds = set(Command.objects.filter(account_id=alice.user.pk).values_list("kind", flat=True))
    assert kinds == {
        c.CreditDeposit.__name__,
        c.FinalizeDeposit.__name__,
        c.SubmitOrder.__name__,
        c.CancelAll.__name__,
    }
