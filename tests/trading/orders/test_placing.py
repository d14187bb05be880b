"""Orders over HTTP: what is answered, and that it is what stands in the books."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core import signing
from django.db import connection

from engine import exchange as engine
from engine.commands import SubmitOrder
from tests.exchange import Exchange, TestDesk
from tests.trading.orders.conftest import BTC, Json, Person
from trading.api.examples_of_orders import BARE_ORDER, FILL, ORDER
from trading.inbox import asking
from trading.models import Command, Order
from trading.runner.deciding import CommandFailedError

DECIDERS: dict[Any, Any] = engine.DECIDERS
MAKER: Json = {"side": "SELL", "limit_price": "95499", "size": "0.3"}


def test_an_order_that_rests_is_answered_open_with_no_fills(alice: Person) -> None:
    order = alice.place(client_order_id="a:1", size="0.25", limit_price="95000.1")
    assert set(order) == set(ORDER)
    assert (order["status"], order["reject_code"]) == ("OPEN", None)
    assert (order["size"], order["filled_size"], order["leaves_size"]) == ("0.25", "0", "0.25")
    assert (order["limit_price"], order["average_price"]) == ("95000.1", None)
    assert (order["client_order_id"], order["symbol"]) == ("a:1", BTC)
    assert order["fills"] == []
    assert order["created_at"] == order["updated_at"]
    assert alice.get(f"/orders/{order['id']}") == order


def test_an_order_that_meets_another_is_answered_with_its_fills(
    alice: Person, bob: Person, exchange: Exchange
) -> None:
    maker = bob.place(**MAKER)
    taker = alice.place(size="0.5", limit_price="95600")
    prices = exchange.runner.state.markets[BTC].prices
    mid = f"{(prices.bid_ticks or 0) / 10 + 0.1:.1f}".removesuffix(".0")
    assert (taker["status"], taker["filled_size"], taker["leaves_size"]) == (
        "PARTIALLY_FILLED",
        "0.3",
        "0.2",
    )
    (fill,) = taker["fills"]
    assert set(fill) == set(FILL)
    assert (fill["order_id"], fill["side"], fill["liquidity"]) == (taker["id"], "BUY", "TAKER")
    assert (fill["price"], fill["size"], taker["average_price"]) == (mid, "0.3", mid)
    assert taker["fee"] == fill["fee"]
    sold = bob.get(f"/orders/{maker['id']}")
    assert (sold["status"], sold["fills"][0]["liquidity"]) == ("FILLED", "MAKER")
    assert sold["fills"][0]["fee"].startswith("-")
    assert fill["id"] != sold["fills"][0]["id"]


def test_the_remainder_of_an_immediate_order_is_canceled_with_its_reason(
    alice: Person, bob: Person
) -> None:
    bob.place(**MAKER)
    order = alice.place(type="MARKET", time_in_force="IOC", size="1")
    assert (order["status"], order["reject_code"]) == ("CANCELED", "UNFILLED_REMAINDER")
    assert (order["filled_size"], order["leaves_size"]) == ("0.3", "0")


def test_a_fok_that_cannot_fill_is_created_and_canceled(alice: Person, bob: Person) -> None:
    bob.place(**MAKER)
    order = alice.place(type="MARKET", time_in_force="FOK", size="1")
    assert (order["status"], order["reject_code"]) == ("CANCELED", "WOULD_NOT_FILL")
    assert (order["filled_size"], order["fills"]) == ("0", [])


def test_what_the_engine_refuses_is_listed_as_rejected(person: Callable[..., Person]) -> None:
    poor = person(micro=5_000_000)
    failure = poor.place(expect=422, client_order_id="x")
    assert failure["code"] == "INSUFFICIENT_COLLATERAL"
    assert failure["extra"]["free"] == "5"
    assert float(failure["extra"]["needed"]) > 900
    order = failure["extra"]["order"]
    assert set(order) == set(ORDER)
    assert (order["status"], order["reject_code"]) == ("REJECTED", "INSUFFICIENT_COLLATERAL")
    assert (order["size"], order["leaves_size"], order["side"]) == ("0.1", "0", "BUY")
    assert poor.get("/orders")["results"][0]["id"] == order["id"]
    assert poor.get(f"/orders/{order['id']}") == order
    assert poor.get("/orders/by-client-id/x") == order


@pytest.mark.parametrize(
    ("change", "code", "field", "limits"),
    [
        ({"leverage": 20}, "LEVERAGE_MISMATCH", "leverage", {"leverage": 20, "leverage_set": 10}),
        ({"reduce_only": True}, "REDUCE_ONLY_REJECTED", "size", {"size": "0.1"}),
        (
            {"size": "0.00005"},
            "INVALID_SIZE",
            "size",
            {"lot_size": "0.0001", "min_size": "0.0001", "max_size": "10"},
        ),
        (
            {"limit_price": "95500.05"},
            "INVALID_PRICE",
            "limit_price",
            {"tick_size": "0.1", "min_price": "0.1"},
        ),
        ({"size": "-1"}, "INVALID_SIZE", "size", {}),
        ({"limit_price": "0"}, "INVALID_PRICE", "limit_price", {}),
    ],
)
def test_the_limits_that_were_broken_are_told(
    alice: Person, change: Json, code: str, field: str, limits: Json
) -> None:
    failure = alice.place(expect=422, **change)
    assert (failure["code"], failure["field"]) == (code, field)
    assert limits.items() <= failure["extra"].items()


def test_what_a_door_refuses_never_reaches_the_engine(alice: Person) -> None:
    before = Command.objects.count()
    alice.place(expect=400, size=0.1)
    alice.place(expect=422, limit_price="0.05")
    alice.place(expect=404, symbol="NOPE-USDT-PERP")
    alice.place(expect=400, time_in_force="GTD", expires_at=1_000)
    assert Command.objects.count() == before
    assert alice.get("/orders")["results"] == []


def test_the_same_client_id_and_body_gets_the_order_as_it_stands(
    alice: Person, bob: Person
) -> None:
    first = alice.place(client_order_id="once")
    bob.place(side="SELL", size="0.1")
    again = alice.place(expect=200, client_order_id="once")
    assert (again["id"], again["status"]) == (first["id"], "FILLED")
    assert Order.objects.filter(account_id=alice.user.pk).count() == 1


def test_the_same_client_id_with_another_body_is_refused(alice: Person) -> None:
    first = alice.place(client_order_id="once")
    failure = alice.place(expect=409, client_order_id="once", size="0.2")
    assert failure["code"] == "DUPLICATE_CLIENT_ORDER_ID"
    assert failure["field"] == "client_order_id"
    assert failure["extra"] == {"order_id": first["id"]}


def test_a_client_id_is_remembered_when_the_engine_has_long_forgotten(
    alice: Person, exchange: Exchange
) -> None:
    first = alice.place(client_order_id="old")
    alice.ask("DELETE", f"/orders/{first['id']}", expect=200)
    exchange.wait(3 * 3_600_000)
    exchange.restart()
    assert (str(alice.user.pk), "old") not in exchange.runner.state.client_ids
    assert alice.place(expect=200, client_order_id="old")["id"] == first["id"]
    assert alice.place(expect=409, client_order_id="old", side="SELL")


def test_a_client_id_belongs_to_its_account(alice: Person, bob: Person) -> None:
    first = alice.place(client_order_id="mine", limit_price="95000")
    other = bob.place(client_order_id="mine", limit_price="95000")
    assert first["id"] != other["id"]


def test_a_refused_order_leaves_its_client_id_free(person: Callable[..., Person]) -> None:
    poor = person(micro=5_000_000)
    poor.place(expect=422, client_order_id="again")
    assert poor.place(client_order_id="again", size="0.0001")["status"] == "OPEN"


def test_an_expired_order_is_still_found_under_its_client_id(
    alice: Person, exchange: Exchange
) -> None:
    terms: Json = {
        "client_order_id": "short",
        "time_in_force": "GTD",
        "expires_at": exchange.now_ms + 1_000,
    }
    order = alice.place(**terms)
    exchange.wait(2_000)
    again = alice.place(expect=200, **terms)
    assert (again["id"], again["status"], again["reject_code"]) == (
        order["id"],
        "EXPIRED",
        "EXPIRED",
    )


def test_an_order_without_an_answer_is_pending_and_found_by_both_names(
    alice: Person, exchange: Exchange
) -> None:
    desk = asking.the_desk()
    assert isinstance(desk, TestDesk)
    desk.is_deaf = True
    order = alice.place(expect=202, client_order_id="late", size="0.4")
    assert (order["status"], order["size"], order["leaves_size"]) == ("PENDING", "0.4", "0.4")
    assert set(order) == set(ORDER)
    found = alice.get(f"/orders/{order['id']}")
    assert {**found, "created_at": 0, "updated_at": 0} == {
        **order,
        "created_at": 0,
        "updated_at": 0,
    }
    assert alice.get("/orders/by-client-id/late")["id"] == order["id"]
    desk.is_deaf = False
    exchange.settle()
    assert alice.get(f"/orders/{order['id']}")["status"] == "OPEN"
    assert alice.place(expect=200, client_order_id="late", size="0.4")["id"] == order["id"]


def test_an_order_that_broke_the_engine_is_found_by_both_names_as_refused(
    alice: Person, bob: Person, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_decision: Any, _command: Any) -> None:
        raise AssertionError("an order that nobody may hear of")

    desk = asking.the_desk()
    assert isinstance(desk, TestDesk)
    desk.is_deaf = True
    told = alice.place(expect=202, client_order_id="breaks")
    with monkeypatch.context() as patch:
        patch.setitem(DECIDERS, SubmitOrder, broken)
        for _ in range(2):
            with pytest.raises(CommandFailedError):
                exchange.settle()
            exchange.restart()
    desk.is_deaf = False
    for path in (f"/orders/{told['id']}", "/orders/by-client-id/breaks"):
        found = alice.get(path)
        assert found["id"] == told["id"]
        assert (found["status"], found["reject_code"]) == ("REJECTED", "INTERNAL_ERROR")
        assert (found["leaves_size"], found["receipt"]) == ("0", None)
        bob.get(path, expect=404)
        alice.ask("DELETE", path, expect=422)


def test_an_id_told_before_the_answer_finds_the_order_that_stands(
    alice: Person, bob: Person, exchange: Exchange
) -> None:
    desk = asking.the_desk()
    assert isinstance(desk, TestDesk)
    desk.is_deaf = True
    first = alice.place(expect=202, client_order_id="late", limit_price="95000")
    again = alice.place(expect=202, client_order_id="late", limit_price="95000")
    desk.is_deaf = False
    exchange.settle()
    assert Order.objects.filter(account_id=alice.user.pk).count() == 1
    for told in (first["id"], again["id"]):
        assert alice.get(f"/orders/{told}")["id"] == first["id"]
    bob.get(f"/orders/{again['id']}", expect=404)
    amended = alice.ask("PATCH", f"/orders/{again['id']}", {"size": "0.05"}, expect=200)
    assert (amended["id"], amended["size"]) == (first["id"], "0.05")
    ended = alice.ask("DELETE", f"/orders/{again['id']}", expect=200)
    assert (ended["id"], ended["status"]) == (first["id"], "CANCELED")


def test_a_trigger_waits_as_pending_and_counts_as_open(alice: Person) -> None:
    order = alice.place(
        type="MARKET",
        time_in_force="IOC",
        trigger="STOP",
        trigger_price="99000",
        take_profit={"trigger_price": "120000"},
    )
    assert (order["status"], order["trigger"], order["trigger_price"]) == (
        "PENDING",
        "STOP",
        "99000",
    )
    assert order["take_profit"] == {"trigger_price": "120000", "limit_price": None}
    assert alice.ask("DELETE", f"/orders/{order['id']}", expect=200)["status"] == "CANCELED"


def test_so_many_orders_and_no_more_are_open_at_once(person: Callable[..., Person]) -> None:
    trader = person(tier="FREE")
    orders = [
        {
            "symbol": BTC,
            "side": "BUY",
            "type": "LIMIT",
            "size": "0.001",
            "limit_price": "90000",
            "time_in_force": "GTC",
        }
    ] * 20
    placed = trader.ask("POST", "/orders/batch", {"orders": orders}, expect=200)["results"]
    assert [order["status"] for order in placed] == ["OPEN"] * 20
    failure = trader.place(expect=422, size="0.001")
    assert failure["code"] == "OPEN_ORDERS_EXCEEDED"
    assert failure["extra"] == {"limit": 20, "open_orders": 20}
    trader.place(expect=201, type="MARKET", time_in_force="IOC", size="0.001")
    trader.ask("DELETE", f"/orders/{placed[0]['id']}", expect=200)
    assert trader.place(size="0.001", limit_price="90000")["status"] == "OPEN"


def test_a_batch_is_answered_one_by_one_in_its_order(alice: Person) -> None:
    good: Json = {
        "symbol": BTC,
        "side": "BUY",
        "type": "LIMIT",
        "size": "0.1",
        "limit_price": "95000",
        "time_in_force": "GTC",
        "client_order_id": "b:1",
    }
    orders = [
        good,
        {**good, "size": 1},
        good,
        {**good, "size": "0.2"},
        7,
        {**good, "client_order_id": "b:2", "limit_price": "95000.05"},
        {**good, "client_order_id": "b:3", "reduce_only": True},
        {**good, "client_order_id": "b:4", "symbol": "ETH-USDT-PERP", "limit_price": "3000"},
    ]
    results = alice.ask("POST", "/orders/batch", {"orders": orders}, expect=200)["results"]
    assert [result.get("status") or result["code"] for result in results] == [
        "OPEN",
        "VALIDATION_ERROR",
        "OPEN",
        "DUPLICATE_CLIENT_ORDER_ID",
        "VALIDATION_ERROR",
        "INVALID_PRICE",
        "REDUCE_ONLY_REJECTED",
        "OPEN",
    ]
    assert results[0]["id"] == results[2]["id"]
    assert results[6]["extra"]["order"]["status"] == "REJECTED"


def test_the_list_is_filtered_paged_and_newest_first(alice: Person, exchange: Exchange) -> None:
    made = []
    for number in range(5):
        exchange.now_ms += 10
        exchange.move(BTC=(955_000, 955_002), ETH=(30_000, 30_002))
        made.append(alice.place(client_order_id=f"n{number}", limit_price="90000"))
    alice.ask("DELETE", f"/orders/{made[1]['id']}", expect=200)
    page = alice.get("/orders", limit=2)
    assert [order["client_order_id"] for order in page["results"]] == ["n4", "n3"]
    assert set(page["results"][0]) == set(BARE_ORDER)
    rest = alice.get("/orders", limit=3, cursor=page["next"])
    assert [order["client_order_id"] for order in rest["results"]] == ["n2", "n1", "n0"]
    assert rest["next"] is None

    def names(**query: Any) -> list[str]:
        found = alice.get("/orders", **query)["results"]
        return [order["client_order_id"] for order in found]

    assert names(status="CANCELED") == ["n1"]
    assert names(status="OPEN,CANCELED") == ["n4", "n3", "n2", "n1", "n0"]
    assert names(client_order_id="n2") == ["n2"]
    assert names(symbol="btc-usdt-perp", since=made[3]["created_at"]) == ["n4", "n3"]
    assert names(until=made[1]["created_at"]) == ["n0"]
    assert names(symbol="ETH-USDT-PERP") == []
    for query in ({"status": "open"}, {"since": "x"}, {"until": "-1"}, {"client_order_id": "ä"}):
        assert alice.get("/orders", expect=400, **query)["code"] == "VALIDATION_ERROR"
    assert alice.get("/orders", expect=404, symbol="NOPE")["code"] == "NOT_FOUND"


def test_no_cursor_holds_a_number_of_the_log(alice: Person, exchange: Exchange) -> None:
    for _ in range(3):
        exchange.now_ms += 10
        alice.place(limit_price="90000")
    page = alice.get("/orders", limit=1)
    shown = page["results"][0]["created_at"]
    assert signing.loads(page["next"], salt="cursor:-created_at_ms,-id") == [0, str(shown)]


def test_an_answer_takes_few_questions_to_the_database(alice: Person) -> None:
    alice.place()
    asked: list[str] = []

    def count(execute: Any, sql: str, *rest: Any) -> Any:
        asked.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(count):
        alice.place(client_order_id="quick", limit_price="90000")
    reads = [sql for sql in asked if sql.lstrip().startswith("SELECT") and "trading_" in sql]
    assert len([sql for sql in reads if "trading_order" in sql]) <= 3
