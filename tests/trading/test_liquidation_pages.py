"""Who is next to be liquidated, and what another mark would do: right, and blind to what rests."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.roles import Role
from engine import commands as c
from engine.vocabulary import Side
from tests.accounts.factories import staff_client, staff_member
from tests.exchange import Exchange
from tests.trading.back_office import seen
from tests.trading.jobs.positions import BTC, peg_mid
from tests.trading.orders.conftest import Person, person, publish_mark
from trading.models import Command, Event, Liquidation, Market, MarketFunds, Position, VenueFunds
from trading.selectors import what_if as selector
from trading.selectors.liquidation_queue import Stage, nearest
from trading.selectors.what_if import Closed, what_if

__all__ = ["person"]
QUEUE = "/admin/trading/liquidation/queue"
WHAT_IF = "/admin/trading/liquidation/what-if"
LEVERAGES = (50, 20, 10, 5)
LOTS = 10_000
FIGURES = (
    "size_lots",
    "equity_micro",
    "maintenance_micro",
    "backstop_lots",
    "deleveraged_lots",
    "fee_micro",
    "insurance_micro",
    "global_insurance_micro",
    "debt_micro",
    "is_pending",
)


@pytest.fixture
def held(exchange: Exchange) -> Exchange:
    """Return the exchange with longs of several leverages, and one short against all of them."""
    exchange.give(
        c.ContributeInsurance(at_ms=0, contribution_id="global", amount_micro=1_000_000_000_000),
        c.FundBackstop(at_ms=0, transfer_id="backstop", amount_micro=500_000_000_000),
    )
    short = str(uuid.UUID(int=99))
    exchange.fund(short, micro=1_000_000_000_000)
    for number, leverage in enumerate(LEVERAGES, 1):
        long = str(uuid.UUID(int=number))
        exchange.fund(long)
        owner = {"account_id": long, "market_id": BTC}
        exchange.give(
            c.SetLeverage(at_ms=0, leverage=leverage, **owner),
            peg_mid(short, BTC, Side.SELL, LOTS // number),
            peg_mid(long, BTC, Side.BUY, LOTS // number),
        )
    assert Position.objects.filter(size_lots__gt=0).count() == len(LEVERAGES)
    publish_mark(BTC, half_ticks=mark_of(exchange))
    return exchange


def mark_of(exchange: Exchange) -> int:
    mark = exchange.runner.state.markets[BTC].prices.mark_half_ticks
    assert mark is not None
    return mark


def risk() -> Client:
    return staff_client(staff_member(Role.RISK))


def figures(one: Closed | Liquidation) -> dict[str, Any]:
    return {name: getattr(one, name) for name in FIGURES}


def empty_the_funds(exchange: Exchange) -> None:
    """Take all insurance away, so that a deficit goes on to the winners."""
    state = exchange.runner.state
    state.markets[BTC].fund_micro = state.global_fund_micro = 0
    MarketFunds.objects.update(insurance_micro=0)
    VenueFunds.objects.update(global_insurance_micro=0)


@pytest.mark.parametrize("percent", [99, 95, 90, 70])
@pytest.mark.parametrize("funds", ["full", "empty"])
def test_what_is_foretold_is_what_the_engine_then_does(
    held: Exchange, percent: int, funds: str
) -> None:
    if funds == "empty":
        empty_the_funds(held)
    ticks = mark_of(held) * percent // 200
    market = Market.objects.get(symbol=BTC)
    before = Event.objects.count(), Command.objects.count()
    told = what_if(market, mark_half_ticks=2 * ticks)
    assert (Event.objects.count(), Command.objects.count()) == before
    held.move(BTC=(ticks - 1, ticks + 1))
    was = {row.account_id: figures(row) for row in Liquidation.objects.all()}
    assert {one.account_id: figures(one) for one in told.closed} == was
    assert bool(was) is (percent < 99)
    if percent == 70:
        paid = told.total("insurance_micro") + told.total("global_insurance_micro")
        assert (paid > 0) is (funds == "full")
        assert bool(told.winners) is (funds == "empty")


def test_so_much_deleveraging_that_it_would_hold_up_the_site_is_not_tried(
    held: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"market": BTC, "change": "-30"}
    monkeypatch.setattr(selector, "MOST_RANKED", 4)
    assert "more than can be tried" not in risk().get(WHAT_IF, asked).text
    empty_the_funds(held)
    assert "more than can be tried" in risk().get(WHAT_IF, asked).text
    monkeypatch.setattr(selector, "MOST_RANKED", 100)
    assert "Whom it would deleverage" in risk().get(WHAT_IF, asked).text


def test_the_queue_begins_with_whom_the_least_move_reaches(held: Exchange) -> None:
    mark = mark_of(held)
    market = Market.objects.get(symbol=BTC)
    found = nearest({market.pk: mark})
    assert [near.leverage for near in found if near.size_lots > 0] == list(LEVERAGES)
    assert [near.distance_ppb for near in found] == sorted(near.distance_ppb for near in found)
    first = found[0]
    assert first.stage is Stage.WELL
    at_its_price = {market.pk: first.liquidation_half_ticks}
    assert nearest(at_its_price)[0].stage is Stage.BELOW
    assert nearest(at_its_price)[0].distance_ppb == 0
    page = risk().get(QUEUE).text
    assert re.findall(r"posit[^>]+>([0-9a-f-]{36})</a>", page) == [str(x.account_id) for x in found]
    assert "No open position" in risk().get(QUEUE, {"market": "ETH-USDT-PERP"}).text


def test_neither_page_changes_by_what_rests(held: Exchange, person: Callable[..., Person]) -> None:
    client, pages = risk(), (QUEUE, f"{WHAT_IF}?market={BTC}&change=-20")
    maker = person(micro=10_000_000_000_000)
    before = [seen(client, page) for page in pages]
    maker.place(limit_price="90000", size="5")
    after = [seen(client, page) for page in pages]
    assert after == before
    assert "It would liquidate nobody" not in before[1]
    held.move(BTC=(mark_of(held) // 2 - 400, mark_of(held) // 2 - 398))
    publish_mark(BTC, half_ticks=mark_of(held))
    assert seen(client, QUEUE) != before[0]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"market": BTC}, "Give a mark or a change"),
        ({"market": BTC, "mark": "90000", "change": "1"}, "Give a mark or a change"),
        ({"market": BTC, "mark": "90000.001"}, "smallest step is"),
        ({"market": BTC, "mark": "1e5"}, "Type a figure"),
        ({"market": BTC, "change": "-100"}, "From -99"),
        ({"market": "NONE", "change": "1"}, "Select a valid choice"),
        ({"market": "ETH-USDT-PERP", "change": "1"}, "has never had a mark"),
        ({"market": BTC, "mark": "95,000"}, "It would liquidate nobody"),
    ],
)
def test_what_is_typed_is_read_or_refused(held: Exchange, asked: dict[str, str], said: str) -> None:
    assert said in risk().get(WHAT_IF, asked).text


@pytest.mark.parametrize(
    ("role", "queue", "dry_run"),
    [
        (Role.RISK, 200, 200),
        (Role.AUDITOR, 200, 200),
        (Role.SUPPORT, 200, 403),
        (Role.MARKET_OPS, 403, 403),
    ],
)
def test_only_who_may_see_positions_and_funds_sees_them_here(
    held: Exchange, role: Role, queue: int, dry_run: int
) -> None:
    client = staff_client(staff_member(role))
    asked = {"market": BTC, "change": "-5"}
    assert [client.get(QUEUE).status_code, client.get(WHAT_IF, asked).status_code] == [
        queue,
        dry_run,
    ]
    assert ("What if a mark were another" in client.get("/admin/").text) is (dry_run == 200)
