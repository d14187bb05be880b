"""Two worlds that differ in hidden orders only are the same at REST, byte for byte (I21, I23)."""

import logging
import random
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import transaction
from django.test import Client

from tests.exchange import Exchange
from tests.trading.orders.conftest import BTC, ETH, Json, Person, publish_mark

PUBLIC = (
    "/api/v1/markets",
    f"/api/v1/markets/{BTC}",
    f"/api/v1/markets/{ETH}",
    f"/api/v1/markets/{BTC}/trades",
    f"/api/v1/markets/{BTC}/reference",
    f"/api/v1/markets/{BTC}/trades?limit=1",
    f"/api/v1/markets/{BTC}/candles?source=trades",
    f"/api/v1/markets/{BTC}/candles",
    f"/api/v1/markets/{BTC}/funding",
    f"/api/v1/markets/{BTC}/liquidations",
    "/api/v1/status",
)
# Of the request itself, or of the bucket of whoever asks.
OF_THE_REQUEST = {"X-Request-ID", "X-RateLimit-Used", "X-RateLimit-Reset"}
NOON = datetime(2027, 1, 15, 12, tzinfo=UTC)
Told = list[tuple[str, int, dict[str, str], bytes]]


class Worlds:
    """The same beginning, as often as one likes: a savepoint, and the engine restored from it."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.began_ms = exchange.now_ms

    @contextmanager
    def world(self) -> Iterator[None]:
        """Live in one world and leave nothing of it."""
        point = transaction.savepoint()
        try:
            yield
        finally:
            transaction.savepoint_rollback(point)
            self.exchange.now_ms = self.began_ms
            self.exchange.restart()


def told(method: str, path: str, answer: Any) -> tuple[str, int, dict[str, str], bytes]:
    """Return what an answer tells."""
    headers = {name: value for name, value in answer.items() if name not in OF_THE_REQUEST}
    # Salted anew each time, and signed with it: the same world twice gives other bytes here alone.
    content = re.sub(rb'"(commitment|signature)":"[^"]*"', rb'"\1":""', answer.content)
    return f"{method} {path}", answer.status_code, headers, content


def public_bytes() -> Told:
    """Return what everybody can read."""
    with time_machine.travel(NOON, tick=False):
        return [told("GET", path, Client().get(path)) for path in PUBLIC]


def hide(carol: Person) -> None:
    """Rest orders of every kind that do not trade with what comes."""
    far: Json = {"size": "0.5"}
    for change in (
        {"side": "BUY", "limit_price": "95499.9"},
        {"side": "BUY", "limit_price": "90000"},
        {"side": "SELL", "limit_price": "95600"},
        {"side": "BUY", "type": "PEG_BID", "limit_price": "95000"},
        {"side": "SELL", "type": "PEG_MID", "all_or_none": True, "size": "7"},
        {"side": "BUY", "type": "PEG_BID", "min_quantity": "6", "size": "6.5"},
        {"side": "SELL", "limit_price": "95520", "post_only": True},
        {
            "side": "SELL",
            "type": "MARKET",
            "time_in_force": "IOC",
            "trigger": "STOP",
            "trigger_price": "80000",
        },
        {"side": "SELL", "symbol": ETH, "limit_price": "9000"},
    ):
        order = carol.place(**{**far, **change})
        assert order["status"] in ("OPEN", "PENDING"), order
        assert order["filled_size"] == "0"


def a_strangers_day(dave: Person, erin: Person, exchange: Exchange) -> Told:
    """Live a day that meets its own orders only; return every answer."""
    answers: Told = []

    def ask(who: Person, method: str, path: str, body: Any = None, **query: Any) -> Json:
        answer = who.send(method, path, body, **query)
        answers.append(told(method, path, answer))
        found: Json = answer.json()
        return found

    def order(**change: Any) -> Json:
        usual = {"symbol": BTC, "side": "BUY", "type": "LIMIT", "size": "0.1"}
        return {**usual, "time_in_force": "GTC", **change}

    market = {"type": "MARKET", "time_in_force": "IOC"}
    for body in (
        order(**market),
        order(**market, side="SELL"),
        order(**{**market, "time_in_force": "FOK"}),
        order(limit_price="95500", all_or_none=True),
        order(limit_price="95500.05"),
        order(limit_price="1"),
        order(limit_price="95500", size="9.9"),
        order(limit_price="95500", size="10", reduce_only=True),
        order(limit_price="95500", leverage=50),
        order(type="PEG_MID", size="0.2"),
        order(type="PEG_ASK", side="SELL", size="0.2", post_only=True),
        order(limit_price="95500", client_order_id="mine"),
        order(limit_price="95500", client_order_id="mine"),
        order(limit_price="95500", client_order_id="mine", size="0.2"),
        order(symbol=ETH, limit_price="3000"),
    ):
        ask(dave, "POST", "/orders", body)
    ask(erin, "POST", "/orders", order(side="SELL", limit_price="95500", size="0.15"))
    exchange.now_ms += 500
    exchange.move(BTC=(955_010, 955_012), ETH=(30_000, 30_002))
    publish_mark(BTC, half_ticks=1_910_022)
    ask(erin, "POST", "/orders", order(side="SELL", type="PEG_MID", size="0.1"))
    listed = ask(dave, "GET", "/orders")["results"]
    for one in listed[:3]:
        ask(dave, "PATCH", f"/orders/{one['id']}", {"size": "0.05"})
        ask(dave, "DELETE", f"/orders/{one['id']}")
    for path in ("/fills", "/positions", "/account/balance", "/funding-payments", "/liquidations"):
        ask(dave, "GET", path)
    ask(dave, "POST", f"/positions/{BTC}/leverage", {"leverage": 20})
    ask(dave, "POST", f"/positions/{BTC}/leverage", {"leverage": 1_000})
    ask(dave, "POST", f"/positions/{BTC}/margin", {"amount": "100"})
    ask(dave, "POST", f"/positions/{BTC}/close", {"size": "0.1"})
    ask(dave, "POST", "/orders/cancel-all-after", {"timeout_ms": 1_000})
    exchange.wait(1_500)
    ask(dave, "DELETE", "/orders")
    call_command("run_job", "rank_positions")
    ask(dave, "GET", "/positions")
    return answers


def test_hidden_orders_change_no_byte_of_any_answer(
    exchange: Exchange, person: Callable[..., Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    carol, dave, erin = person(micro=10**13), person(), person()
    exchange.move(BTC=(955_000, 955_002), ETH=(30_000, 30_002))
    publish_mark(BTC, half_ticks=1_910_002)
    worlds = Worlds(exchange)
    with worlds.world():
        same_ids(monkeypatch)
        day = a_strangers_day(dave, erin, exchange)
        public = public_bytes()
    with worlds.world():
        hide(carol)
        same_ids(monkeypatch)
        hidden_day = a_strangers_day(dave, erin, exchange)
        hidden_public = public_bytes()
        carols = carol.get("/orders", status="OPEN,PENDING")["results"]
    assert len(carols) == 9, "they rest to the end"
    assert hidden_public == public
    assert hidden_day == day
    statuses = {status for _, status, _, _ in day}
    assert {200, 201, 409, 422} <= statuses, "the day has seen every kind of answer"
    assert b"executed_at" in public[3][3]


def test_the_comparison_sees_an_order_that_trades(
    exchange: Exchange, person: Callable[..., Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    carol, dave, erin = person(micro=10**13), person(), person()
    exchange.move(BTC=(955_000, 955_002), ETH=(30_000, 30_002))
    worlds = Worlds(exchange)
    with worlds.world():
        same_ids(monkeypatch)
        day, public = a_strangers_day(dave, erin, exchange), public_bytes()
    with worlds.world():
        carol.place(side="SELL", limit_price="95500", size="0.1")
        same_ids(monkeypatch)
        other_day, other_public = a_strangers_day(dave, erin, exchange), public_bytes()
    assert other_public != public
    assert other_day != day


def same_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let random ids be the same from here on in each world."""
    chance = random.Random(1)  # noqa: S311 - that is the point
    monkeypatch.setattr("uuid.uuid4", lambda: uuid.UUID(int=chance.getrandbits(128), version=4))


class Unredacted(logging.Handler):
    """Keeps each line with all that it brings, as it was before the formatter took anything out."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.told.append(str(vars(record)))


def test_no_line_of_the_log_names_an_order_or_an_account(alice: Person, bob: Person) -> None:
    kept, root = Unredacted(), logging.getLogger()
    root.addHandler(kept)
    try:
        order = alice.place(limit_price="95000", client_order_id="mine-4711")
        alice.ask("PATCH", f"/orders/{order['id']}", {"size": "0.05"}, expect=200)
        alice.get(f"/orders/{order['id']}")
        alice.get("/orders/by-client-id/mine-4711")
        bob.get(f"/orders/{order['id']}", expect=404)
        alice.place(client_order_id="mine-4712", size="0.00001", expect=422)
        alice.ask("DELETE", f"/orders/{order['id']}", expect=200)
        alice.ask("DELETE", f"/orders/{order['id']}", expect=422)
    finally:
        root.removeHandler(kept)
    assert len(kept.told) >= 8
    said = "\n".join(kept.told)
    for gone in (order["id"], "mine-471", str(alice.user.pk), str(bob.user.pk), "95000"):
        assert gone not in said
