"""The runner: commands in, events and outcomes out, all or nothing, once."""

import uuid
from typing import Any

import pytest

from engine import commands as c
from engine.chain import digest
from engine.vocabulary import OrderType, Side, TimeInForce
from tests.exchange import Exchange
from trading import inbox
from trading import log as event_log
from trading.models import Command, Event, Market

ALICE, BOB = str(uuid.uuid4()), str(uuid.uuid4())
BTC = "BTC-USDT-PERP"


def order(account_id: str, side: Side, **terms: Any) -> c.SubmitOrder:
    """Return an order for ten lots of BTC at the mid."""
    usual: dict[str, Any] = {"order_type": OrderType.PEG_MID, "quantity_lots": 10}
    return c.SubmitOrder(
        at_ms=0,
        order_id=str(uuid.uuid4()),
        account_id=account_id,
        market_id=BTC,
        side=side,
        **usual | terms,
    )


@pytest.fixture
def funded(exchange: Exchange) -> Exchange:
    """Return the exchange with two traders who have money."""
    exchange.fund(ALICE)
    exchange.fund(BOB)
    return exchange


def test_listing_seeds_and_opens_all_markets_once(exchange: Exchange) -> None:
    assert Market.objects.filter(state="ACTIVE").count() == 60
    assert exchange.runner.state.markets[BTC].fund_micro == 100_000_000_000
    before = Event.objects.count()
    exchange.open_markets()
    assert Event.objects.filter(sequence__gt=before).exclude(kind="ReferenceMoved").count() == 0


def test_two_orders_meet_and_both_are_told(funded: Exchange) -> None:
    sold, bought = funded.give(order(ALICE, Side.SELL), order(BOB, Side.BUY))
    assert (sold.is_known, sold.reason) == (True, "")
    assert (bought.is_known, bought.reason) == (True, "")
    assert funded.runner.state.markets[BTC].positions[BOB].size_lots == 10
    assert Event.objects.filter(kind="Filled").count() == 1


def test_a_refusal_comes_back_with_its_numbers(exchange: Exchange) -> None:
    (said,) = exchange.give(order(ALICE, Side.BUY))
    assert said.reason == "INSUFFICIENT_COLLATERAL"
    assert said.numbers["free_micro"] == 0


def test_each_account_counts_its_own_commands(funded: Exchange) -> None:
    told = funded.give(*(order(one, Side.BUY) for one in (ALICE, ALICE, BOB, ALICE)))
    assert [one.account_sequence for one in told] == [3, 4, 3, 5]
    funded.restart()
    assert funded.give(order(ALICE, Side.BUY))[0].account_sequence == 6


def test_a_repeated_order_gets_the_first_ones_answer(funded: Exchange) -> None:
    first = order(ALICE, Side.BUY, client_order_id="mine")
    again = c.SubmitOrder(**{**_fields(first), "order_id": str(uuid.uuid4())})
    one, two = funded.give(first, again)
    assert (one.subject_id, one.is_repeated) == (first.order_id, False)
    assert (two.subject_id, two.is_repeated) == (first.order_id, True)


def test_a_key_acts_once_for_ever(exchange: Exchange) -> None:
    gift = c.ContributeInsurance(at_ms=0, contribution_id="once", amount_micro=5)
    assert inbox.put(gift, key="once") is not None
    assert inbox.put(gift, key="once") is None
    exchange.settle()
    assert inbox.put(gift, key="once") is None
    exchange.settle()
    assert Event.objects.filter(kind="InsuranceContributed").count() == 1


def test_of_waiting_prices_only_the_newest_of_each_market_are_decided(exchange: Exchange) -> None:
    for bid in (100, 200):
        inbox.put(_moved(BTC, bid=bid))
    inbox.put(_moved("ETH-USDT-PERP", bid=300))
    before = Event.objects.count()
    exchange.settle()
    assert Event.objects.count() == before + 2
    statuses = Command.objects.order_by("-id").values_list("status", flat=True)[:3]
    assert list(statuses) == ["DONE", "CONFLATED", "CONFLATED"]
    assert exchange.runner.state.markets[BTC].prices.bid_ticks == 200


def test_a_maker_leaves_before_the_price_that_would_have_hit_it(funded: Exchange) -> None:
    resting = order(ALICE, Side.SELL, order_type=OrderType.PEG_ASK)
    funded.give(resting)
    leave = c.CancelOrder(at_ms=0, order_id=resting.order_id, account_id=ALICE)
    taker = order(BOB, Side.BUY, order_type=OrderType.MARKET, time_in_force=TimeInForce.IOC)
    funded.give(taker, leave)
    assert Event.objects.filter(kind="Filled").count() == 0


def test_what_time_makes_due_is_done_and_recorded(funded: Exchange) -> None:
    funded.give(
        order(ALICE, Side.BUY, time_in_force=TimeInForce.GTD, expires_at_ms=funded.now_ms + 1_000)
    )
    funded.wait(999)
    assert not Command.objects.filter(kind="ExpireDue").exists()
    funded.wait(1)
    row = Command.objects.get(kind="ExpireDue")
    assert (row.status, row.event_count) == ("DONE", 1)
    assert funded.runner.state.markets[BTC].orders == {}


def test_the_moment_never_goes_back(funded: Exchange) -> None:
    funded.give(order(ALICE, Side.BUY))
    funded.now_ms -= 60_000
    funded.give(order(ALICE, Side.BUY))
    moments = list(Event.objects.order_by("sequence").values_list("at_ms", flat=True))
    assert moments == sorted(moments)


def test_the_next_engine_stands_where_the_last_one_stood(funded: Exchange) -> None:
    funded.give(order(ALICE, Side.SELL), order(BOB, Side.BUY, quantity_lots=4))
    before, place = digest(funded.runner.state), funded.runner.place
    funded.restart()
    assert digest(funded.runner.state) == before
    assert funded.runner.place == place


def test_the_log_is_one_chain_without_gaps(funded: Exchange) -> None:
    funded.give(order(ALICE, Side.SELL), order(BOB, Side.BUY))
    place = event_log.BEGINNING
    for row in Event.objects.order_by("sequence"):
        read = event_log.LogRow(
            row.sequence, row.kind, row.at_ms, bytes(row.payload), bytes(row.head)
        )
        event_log.prove(place, read)
        place = event_log.Place(read.sequence, read.head)
    assert place == funded.runner.place


def test_bytes_that_nobody_can_read_are_set_aside(exchange: Exchange) -> None:
    Command.objects.create(kind="Nonsense", payload=b"\x93")
    exchange.settle()
    assert Command.objects.get(kind="Nonsense").status == "SET_ASIDE"


def _moved(market_id: str, *, bid: int) -> c.MoveReferences:
    move = c.ReferenceMove(
        market_id=market_id,
        bid_ticks=bid,
        ask_ticks=bid + 2,
        quoted_at_ms=0,
        index_half_ticks=2 * bid + 2,
        mark_half_ticks=2 * bid + 2,
    )
    return c.MoveReferences(at_ms=0, moves=(move,))


def _fields(command: c.Command) -> dict[str, Any]:
    return {name: getattr(command, name) for name in command.__struct_fields__}
