"""Journeys of orders over HTTP against the real engine in a process of its own."""

import asyncio
import json
import time
from collections import Counter
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.journeys.people import ACCEPTED, PATIENCE_S, Traveler, newcomer
from tests.live_site import LiveSite

BTC = "BTC-USDT-PERP"
FAR: dict[str, Any] = {
    "symbol": BTC,
    "side": "BUY",
    "type": "LIMIT",
    "size": "0.001",
    "limit_price": "50000",
    "time_in_force": "GTC",
}


@pytest.fixture(scope="module")
def trader(trading_site: LiveSite) -> Traveler:
    """Return a newcomer with test USDT."""
    return newcomer(trading_site)


async def at_once(trader: Traveler, bodies: list[dict[str, Any]]) -> list[httpx.Response]:
    """Post all orders at the same time."""
    url = f"{trader.site.url}/api/v1/orders"
    headers = {**trader.headers, "Content-Type": "application/json"}
    async with httpx.AsyncClient(timeout=30) as client:
        return await asyncio.gather(
            *(client.post(url, content=json.dumps(body), headers=headers) for body in bodies)
        )


def settled(trader: Traveler, answers: list[httpx.Response]) -> list[httpx.Response]:
    """Ask again for those whose answer came too late; they are known by then."""
    return [again(trader, answer) for answer in answers]


def again(trader: Traveler, answer: httpx.Response) -> httpx.Response:
    """Post the same order until the engine has spoken of it."""
    until = time.monotonic() + PATIENCE_S
    while answer.status_code == ACCEPTED and time.monotonic() < until:
        time.sleep(0.1)
        answer = trader.send("POST", "/orders", json.loads(answer.request.content))
    return answer


async def test_the_same_client_id_many_times_at_once_makes_one_order(trader: Traveler) -> None:
    body = {**FAR, "client_order_id": "storm:1"}
    answers = settled(trader, await at_once(trader, [body] * 24))
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert Counter(answer.status_code for answer in answers)[201] <= 1
    assert len({answer.json()["id"] for answer in answers}) == 1
    found = trader.ask("GET", "/orders?client_order_id=storm:1", expect=200)["results"]
    assert len(found) == 1


async def test_two_bodies_under_one_client_id_make_one_order_and_refusals(
    trader: Traveler,
) -> None:
    bodies = [
        {**FAR, "client_order_id": "storm:2", "size": "0.001" if number % 2 else "0.002"}
        for number in range(16)
    ]
    answers = settled(trader, await at_once(trader, bodies))
    counted = Counter(answer.status_code for answer in answers)
    assert set(counted) <= {200, 201, 409}
    assert counted[409] == 8
    stands = {answer.json()["id"] for answer in answers if answer.is_success}
    assert len(stands) == 1
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {
        "DUPLICATE_CLIENT_ORDER_ID"
    }


async def test_different_orders_at_once_all_stand(trader: Traveler) -> None:
    bodies = [{**FAR, "client_order_id": f"many:{number}"} for number in range(30)]
    answers = settled(trader, await at_once(trader, bodies))
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert len({answer.json()["id"] for answer in answers}) == 30
    ended = trader.ask("DELETE", f"/orders?symbol={BTC}", expect=200)["results"]
    names = {order["client_order_id"] for order in ended}
    assert {f"many:{number}" for number in range(30)} <= names
    assert trader.ask("GET", "/account/balance", expect=200)["reserved"] == "0"


def test_a_day_of_two_traders_sums_up(trading_site: LiveSite) -> None:
    maker, taker = newcomer(trading_site), newcomer(trading_site)
    maker.ask("POST", f"/positions/{BTC}/leverage", {"leverage": 20}, expect=200)
    peg = {"symbol": BTC, "side": "SELL", "type": "PEG_MID", "size": "0.05"}
    rests = maker.ask("POST", "/orders", {**peg, "time_in_force": "GTC"}, expect=201)
    assert rests["status"] == "OPEN"
    order = {"symbol": BTC, "side": "BUY", "type": "MARKET", "size": "0.03"}
    bought = taker.ask("POST", "/orders", {**order, "time_in_force": "IOC"}, expect=201)
    assert bought["status"] == "FILLED"
    tape = taker.ask("GET", f"/markets/{BTC}/trades", expect=200)["results"]
    assert {"price": bought["average_price"], "size": "0.03"}.items() <= tape[0].items()
    assert set(tape[0]) == {"price", "size", "executed_at"}
    sold = maker.ask("GET", f"/orders/{rests['id']}", expect=200)
    assert (sold["status"], sold["leaves_size"]) == ("PARTIALLY_FILLED", "0.02")
    maker.ask("DELETE", f"/orders/{rests['id']}", expect=200)
    for person, size, liquidity in ((taker, "0.03", "TAKER"), (maker, "-0.03", "MAKER")):
        (position,) = person.ask("GET", "/positions", expect=200)["results"]
        assert position["size"] == size
        assert 1 <= position["adl_rank"] <= 5
        assert Decimal(position["margin_ratio"]) > 1
        (fill,) = person.ask("GET", "/fills", expect=200)["results"]
        assert fill["liquidity"] == liquidity
        money = person.ask("GET", "/account/balance", expect=200)
        exact = {name: Decimal(value) for name, value in money.items()}
        assert exact["wallet"] == exact["free"] + exact["reserved"] + exact["in_positions"]
        assert exact["equity"] == exact["wallet"] + exact["unrealized_pnl"]
        assert exact["wallet"] == 10_000 - Decimal(fill["fee"])
    candles = taker.ask("GET", f"/markets/{BTC}/candles?source=trades", expect=200)["results"]
    assert Decimal(candles[0]["close"]) == Decimal(bought["average_price"])
    market = taker.ask("GET", f"/markets/{BTC}", expect=200)
    assert Decimal(market["volume_24h"]) >= Decimal("0.03") * Decimal(bought["average_price"])


def test_fifty_megabytes_are_refused_before_they_are_read(trader: Traveler) -> None:
    headers = {**trader.headers, "Content-Type": "application/json"}
    url = f"{trader.site.url}/api/v1/orders"
    try:
        answer = httpx.post(url, content=b" " * 50_000_000, headers=headers, timeout=60)
    except (httpx.WriteError, httpx.ReadError):
        return  # cut off while it was still sending
    assert (answer.status_code, answer.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")
