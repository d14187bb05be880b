"""Positions over HTTP: what they are worth, and what their owner sets about them."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command

from tests.exchange import Exchange
from tests.trading.orders.conftest import BTC, ETH, Json, Person, publish_mark
from trading.api.examples_of_orders import POSITION
from trading.models import AdlRank

MID = 1_910_002  # half ticks: 95500.1


@pytest.fixture
def held(alice: Person, bob: Person, exchange: Exchange) -> Person:
    """Return a trader who is long 0.2 BTC at 95500.1 from bob."""
    exchange.move(BTC=(955_000, 955_002))
    bob.place(side="SELL", size="0.2", limit_price="95000")
    alice.place(side="BUY", size="0.2", limit_price="96000")
    publish_mark(BTC, half_ticks=MID)
    return alice


def only_position(person: Person) -> Json:
    """Return the one position that somebody has."""
    (position,) = person.get("/positions")["results"]
    found: Json = position
    return found


def test_a_position_is_shown_with_all_that_the_contract_names(held: Person, bob: Person) -> None:
    position = only_position(held)
    assert set(position) == set(POSITION)
    assert (position["symbol"], position["size"], position["leverage"]) == (BTC, "0.2", 10)
    assert (position["entry_price"], position["mark_price"]) == ("95500.1", "95500.1")
    assert (position["notional"], position["unrealized_pnl"]) == ("19100.02", "0")
    assert position["collateral"] == "1910.002"
    assert position["initial_margin"] == "1910.002"
    assert position["maintenance_margin"] == "16.60002"
    assert position["margin_ratio"] == "115.0602"
    assert position["adl_rank"] == 1
    assert only_position(bob)["size"] == "-0.2"
    assert only_position(bob)["entry_price"] == "95500.1"


def test_profit_and_equity_follow_the_published_mark(held: Person, bob: Person) -> None:
    publish_mark(BTC, half_ticks=MID + 20_000)
    assert only_position(held)["unrealized_pnl"] == "200"
    assert only_position(bob)["unrealized_pnl"] == "-200"
    for person, gain in ((held, 200), (bob, -200)):
        money = {name: Decimal(value) for name, value in person.get("/account/balance").items()}
        assert money["unrealized_pnl"] == gain
        assert money["wallet"] == money["free"] + money["reserved"] + money["in_positions"]
        assert money["equity"] == money["wallet"] + gain


def test_the_liquidation_price_is_where_equity_meets_maintenance(held: Person) -> None:
    position = only_position(held)
    price = Decimal(position["liquidation_price"])
    equity = Decimal(position["collateral"]) + Decimal("0.2") * (price - Decimal("95500.1"))
    notional = Decimal("0.2") * price
    assert equity < notional * Decimal("0.001") - Decimal("2.5")
    one_up = equity + Decimal("0.2") * Decimal("0.05")
    assert one_up >= (notional + Decimal("0.01")) * Decimal("0.001") - Decimal("2.5")


def test_without_any_price_a_position_is_not_valued(held: Person) -> None:
    from trading.models import MarketTicker  # noqa: PLC0415 - only to take it away

    MarketTicker.objects.all().delete()
    position = only_position(held)
    assert (position["mark_price"], position["margin_ratio"]) == (None, None)
    assert position["entry_price"] == "95500.1"
    assert held.get("/account/balance")["unrealized_pnl"] == "0"


def test_the_leverage_of_a_market_can_be_read_and_set_without_a_position(alice: Person) -> None:
    assert alice.get("/positions") == {"results": [], "next": None}
    (flat,) = alice.get("/positions", symbol=ETH)["results"]
    assert set(flat) == set(POSITION)
    assert (flat["size"], flat["leverage"], flat["entry_price"]) == ("0", 10, None)
    assert (flat["adl_rank"], flat["liquidation_price"], flat["updated_at"]) == (None, None, None)
    set_to = alice.ask("POST", f"/positions/{ETH}/leverage", {"leverage": 25}, expect=200)
    assert set_to["leverage"] == 25
    assert alice.get("/positions", symbol="eth-usdt-perp")["results"][0]["leverage"] == 25
    assert alice.get("/positions")["results"] == []
    assert alice.get("/positions", symbol="NOPE", expect=404)["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("symbol", "leverage", "status", "code", "extra"),
    [
        (BTC, 0, 400, "VALIDATION_ERROR", {}),
        (BTC, 1_001, 400, "VALIDATION_ERROR", {}),
        (BTC, "20", 400, "VALIDATION_ERROR", {}),
        ("EUR-USDT-PERP", 51, 422, "LEVERAGE_TOO_HIGH", {"leverage": 51, "max_leverage": 50}),
        (BTC, 1_000, 422, "LEVERAGE_TOO_HIGH", {"leverage": 1_000, "max_leverage": 500}),
        ("NOPE-USDT-PERP", 5, 404, "NOT_FOUND", {}),
    ],
)
def test_a_leverage_beyond_market_or_bracket_is_refused_with_the_limit(
    held: Person, symbol: str, leverage: Any, status: int, code: str, extra: Json
) -> None:
    path = f"/positions/{symbol}/leverage"
    failure = held.ask("POST", path, {"leverage": leverage}, expect=status)
    assert failure["code"] == code
    assert extra.items() <= failure["extra"].items()
    assert only_position(held)["leverage"] == 10


def test_margin_goes_in_and_comes_out_to_the_micro_usdt(held: Person) -> None:
    before = Decimal(held.get("/account/balance")["free"])
    more = held.ask("POST", f"/positions/{BTC}/margin", {"amount": "250.000001"}, expect=200)
    assert more["collateral"] == "2160.002001"
    less = held.ask("POST", f"/positions/{BTC}/margin", {"amount": "-250.000001"}, expect=200)
    assert less["collateral"] == "1910.002"
    assert Decimal(held.get("/account/balance")["free"]) == before


@pytest.mark.parametrize(
    ("amount", "status", "code"),
    [
        ("-1", 422, "INSUFFICIENT_COLLATERAL"),
        ("100000", 422, "INSUFFICIENT_COLLATERAL"),
        ("0", 422, "INVALID_AMOUNT"),
        ("0.0000001", 422, "INVALID_AMOUNT"),
        (250, 400, "VALIDATION_ERROR"),
        (None, 400, "VALIDATION_ERROR"),
    ],
)
def test_margin_that_cannot_move_is_refused(
    held: Person, amount: Any, status: int, code: str
) -> None:
    before = held.get("/account/balance")
    body = {"amount": amount}
    failure = held.ask("POST", f"/positions/{BTC}/margin", body, expect=status)
    assert failure["code"] == code
    assert held.get("/account/balance") == before


def test_margin_needs_a_position(alice: Person) -> None:
    failure = alice.ask("POST", f"/positions/{BTC}/margin", {"amount": "1"}, expect=422)
    assert failure["code"] == "INVALID_AMOUNT"


def test_a_position_is_closed_whole_or_in_part_or_at_a_limit(held: Person, bob: Person) -> None:
    bob.place(side="BUY", size="0.15", limit_price="96000")
    part = held.ask("POST", f"/positions/{BTC}/close", {"size": "0.05"}, expect=201)
    assert (part["status"], part["side"], part["reduce_only"]) == ("FILLED", "SELL", True)
    rest = held.ask("POST", f"/positions/{BTC}/close", {}, expect=201)
    assert (rest["size"], rest["filled_size"], rest["status"]) == ("0.15", "0.1", "CANCELED")
    body = {"limit_price": "99000", "client_order_id": "out"}
    waits = held.ask("POST", f"/positions/{BTC}/close", body, expect=201)
    assert (waits["size"], waits["status"], waits["type"]) == ("0.05", "OPEN", "LIMIT")
    again = held.ask("POST", f"/positions/{BTC}/close", body, expect=200)
    assert again["id"] == waits["id"]
    other = {**body, "limit_price": "99001"}
    failure = held.ask("POST", f"/positions/{BTC}/close", other, expect=409)
    assert failure["code"] == "DUPLICATE_CLIENT_ORDER_ID"


def test_without_a_position_there_is_nothing_to_close(alice: Person) -> None:
    failure = alice.ask("POST", f"/positions/{BTC}/close", {}, expect=422)
    assert (failure["code"], failure["extra"]["position_size"]) == ("REDUCE_ONLY_REJECTED", "0")
    assert failure["extra"]["order"]["status"] == "REJECTED"


def test_the_pair_of_a_position_is_set_replaced_and_cleared(held: Person) -> None:
    path = f"/positions/{BTC}/triggers"
    pair: Json = {
        "take_profit": {"trigger_price": "99000"},
        "stop_loss": {"trigger_price": "93000", "limit_price": "92900"},
    }
    both = held.ask("POST", path, pair, expect=200)
    assert both["take_profit"] == {"trigger_price": "99000", "limit_price": None}
    assert both["stop_loss"] == pair["stop_loss"]
    one = held.ask("POST", path, {"stop_loss": {"trigger_price": "94000"}}, expect=200)
    assert (one["take_profit"], one["stop_loss"]["trigger_price"]) == (None, "94000")
    none = held.ask("DELETE", path, expect=200)
    assert (none["take_profit"], none["stop_loss"]) == (None, None)
    wrong = {"stop_loss": {"trigger_price": "94000.05"}}
    failure = held.ask("POST", path, wrong, expect=422)
    assert (failure["code"], failure["field"]) == ("INVALID_PRICE", "stop_loss.trigger_price")


def test_fills_are_listed_with_what_they_realized(held: Person, bob: Person) -> None:
    bob.place(side="BUY", size="0.1", limit_price="96000")
    close = held.ask("POST", f"/positions/{BTC}/close", {"size": "0.1"}, expect=201)
    page = held.get("/fills")
    assert [fill["side"] for fill in page["results"]] in (["SELL", "BUY"], ["BUY", "SELL"])
    (fill,) = held.get("/fills", order_id=close["id"])["results"]
    assert fill == close["fills"][0]
    assert held.get("/fills", symbol=ETH)["results"] == []
    assert len(held.get("/fills", status="FILLED")["results"]) == 2
    assert held.get("/fills", client_order_id="none")["results"] == []


def test_ranks_are_those_of_the_engines_queue(
    held: Person, bob: Person, exchange: Exchange
) -> None:
    publish_mark(BTC, half_ticks=MID + 20_000)
    call_command("run_job", "rank_positions")
    assert only_position(held)["adl_rank"] == 5
    assert only_position(bob)["adl_rank"] == 1
    publish_mark(BTC, half_ticks=MID - 20_000)
    assert only_position(held)["adl_rank"] == 5
    call_command("run_job", "rank_positions")
    assert (only_position(held)["adl_rank"], only_position(bob)["adl_rank"]) == (1, 5)
    assert AdlRank.objects.count() == 1


def test_a_close_of_null_closes_nothing(alice: Person, bob: Person) -> None:
    bob.place(side="SELL", size="0.2", limit_price="95000")
    alice.place(size="0.2", limit_price="96000")
    refused = alice.ask("POST", f"/positions/{BTC}/close", b"null", expect=400)
    assert refused["code"] == "VALIDATION_ERROR"
    (position,) = alice.ask("GET", "/positions", expect=200)["results"]
    assert position["size"] == "0.2"
