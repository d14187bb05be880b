"""Pauses of the venue: what they stop, and how they end."""

from datetime import timedelta

import pytest
from django.utils import timezone

from engine import commands as c
from engine.vocabulary import MarketState, Side
from tests.exchange import Exchange
from tests.trading.jobs.positions import ALICE, BTC, peg_mid
from trading.models import Command, Market, PauseLevel, VenueModeChange, Wisher
from trading.services.market_states import Wish, wish_states
from trading.services.open_interest import publish
from trading.services.venue_modes import change_mode, resume_due

NOW = timezone.now()


def order() -> c.SubmitOrder:
    return peg_mid(ALICE, BTC, Side.BUY, 10)


@pytest.mark.parametrize(
    ("level", "minutes"), [(PauseLevel.NEW_ORDERS_PAUSED, 5), (PauseLevel.TRADING_PAUSED, 15)]
)
def test_the_lower_levels_end_by_themselves_and_no_sooner(
    exchange: Exchange, level: PauseLevel, minutes: int
) -> None:
    change_mode(level, reason="A drill.", now=NOW)
    assert resume_due(now=NOW + timedelta(minutes=minutes, seconds=-1)) is False
    assert resume_due(now=NOW + timedelta(minutes=minutes)) is True
    assert resume_due(now=NOW + timedelta(minutes=minutes, seconds=1)) is False
    exchange.settle()
    levels = list(VenueModeChange.objects.order_by("id").values_list("level", flat=True))
    assert levels == [level, PauseLevel.OPERATING]
    assert set(Market.objects.values_list("state", flat=True)) == {"ACTIVE"}


@pytest.mark.parametrize("level", [PauseLevel.CANCELS_AND_WITHDRAWALS_ONLY, PauseLevel.STOPPED])
def test_the_higher_levels_end_by_hand_only(exchange: Exchange, level: PauseLevel) -> None:
    change_mode(level, reason="A drill.", now=NOW)
    assert resume_due(now=NOW + timedelta(days=30)) is False
    exchange.settle()
    assert set(Market.objects.values_list("state", flat=True)) == {"HALTED"}
    change_mode(PauseLevel.OPERATING, reason="It is over.", now=NOW + timedelta(days=30))
    exchange.settle()
    assert set(Market.objects.values_list("state", flat=True)) == {"ACTIVE"}


def test_a_pause_of_trading_halts_every_market_and_lets_makers_leave(exchange: Exchange) -> None:
    exchange.fund(ALICE)
    resting = order()
    exchange.give(resting)
    change_mode(PauseLevel.TRADING_PAUSED, reason="A drill.")
    exchange.settle()
    assert exchange.give(order())[0].reason == "MARKET_CLOSED"
    leaving = c.CancelOrder(at_ms=0, order_id=resting.order_id, account_id=ALICE)
    assert exchange.give(leaving)[0].reason == ""


def test_a_pause_that_ends_lifts_nobody_elses_halt(exchange: Exchange) -> None:
    wish_states({BTC: Wish(MarketState.HALTED)}, wisher=Wisher.STAFF)
    change_mode(PauseLevel.TRADING_PAUSED, reason="A drill.", now=NOW)
    resume_due(now=NOW + timedelta(hours=1))
    exchange.settle()
    assert Market.objects.get(symbol=BTC).state == "HALTED"
    assert Market.objects.filter(state="ACTIVE").count() == 59


def test_a_pause_of_new_orders_leaves_the_markets_as_they_are(exchange: Exchange) -> None:
    change_mode(PauseLevel.NEW_ORDERS_PAUSED, reason="A drill.")
    exchange.settle()
    assert not Command.objects.filter(kind="SetMarketState").exists()


def test_open_interest_is_published_once_a_minute(exchange: Exchange) -> None:
    assert [publish(now_s=60), publish(now_s=119), publish(now_s=120)] == [True, False, True]
    exchange.settle()
    assert Command.objects.filter(kind="PublishOpenInterest", status="DONE").count() == 2
