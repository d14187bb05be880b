"""Prices into the venue: what the engine makes of the price service's references and wishes."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
import time_machine
from django.db import Error, connection

from engine import commands as c
from engine.vocabulary import MarketState, OrderType, Side
from prices.adapters.lies import Lie, LieKind
from tests.exchange import START_MS, Exchange
from tests.trading.simulations import SimulatedRun, simulated_run
from trading.models import Command, Event, Market, StateWish, Wisher
from trading.services import price_outlet
from trading.services.market_states import OPEN, Wish, wish_states, wishes_of
from trading.services.price_outlet import InboxOutlet
from trading.services.price_rows import moment
from trading.services.unpriced import halt_unpriced

BTC, EUR = "BTC-USDT-PERP", "EUR-USDT-PERP"
ALICE, BOB = "3c2a0f0e-55a5-4f35-9e7e-3a3f5d1a8a10", "8b1f6f0e-0c1f-4a0b-b6b4-1f3c7b8d9e21"
VENUES = ("binance", "coinbase", "kraken", "bybit", "okx")
FRIDAY_CLOSE_MS = int(datetime(2027, 1, 15, 22, tzinfo=UTC).timestamp() * 1_000)
SUNDAY_OPEN_MS = int(datetime(2027, 1, 17, 22, tzinfo=UTC).timestamp() * 1_000)


class Venue:
    """A price run over the simulated world whose outlet ends in the engine's inbox."""

    def __init__(self, exchange: Exchange, *, at_ms: int = START_MS) -> None:
        self.exchange = exchange
        self.world: SimulatedRun = simulated_run()
        self.outlet = InboxOutlet(wishes_of(Wisher.PRICES))
        self.world.run._outlet = self.outlet
        self.world.clock.at_ms = at_ms

    def go(self, *, quarters: int = 4) -> None:
        """Let quarters of a second pass, each a step that is sent and taken."""
        for _ in range(quarters):
            self.world.clock.at_ms += 250
            self.world.simulation.tick(self.world.run._board, at_ms=self.world.clock.at_ms)
            self.world.run.step()
            self.outlet.send()
            self.exchange.now_ms = self.world.clock.at_ms
            self.exchange.settle()

    def go_to(self, at_ms: int) -> None:
        """Let time jump, and one second pass from there."""
        self.world.clock.at_ms = at_ms - 250
        self.go()

    def silence(self, *sources: str, market_id: str = BTC) -> None:
        """Silence these sources of a market from now on."""
        self.world.simulation.obey(
            Lie(source=source, kind=LieKind.SILENT, market_id=market_id) for source in sources
        )

    def state(self, market_id: str = BTC) -> str:
        """Return what the public is told of a market."""
        found: str = Market.objects.get(symbol=market_id).state
        return found

    def engine(self, market_id: str = BTC) -> Any:
        """Return the engine's market."""
        return self.exchange.runner.state.markets[market_id]


@pytest.fixture
def venue(exchange: Exchange) -> Venue:
    """Return a venue after its first second."""
    started = Venue(exchange)
    started.go()
    return started


def peg(account_id: str, side: Side, number: int) -> c.SubmitOrder:
    return c.SubmitOrder(
        at_ms=0,
        order_id=f"{number:032x}",
        account_id=account_id,
        market_id=BTC,
        side=side,
        order_type=OrderType.PEG_MID,
        quantity_lots=1,
    )


def test_all_markets_get_their_newest_prices_in_one_command_a_step(venue: Venue) -> None:
    before = Command.objects.filter(kind="MoveReferences").count()
    venue.go(quarters=4)
    assert Command.objects.filter(kind="MoveReferences").count() == before + 4
    newest = {one.market_id: one for one in venue.world.run._desk.newest}
    for market_id, market in venue.exchange.runner.state.markets.items():
        assert market.prices.index_half_ticks == newest[market_id].index_half_ticks
        assert market.prices.mark_half_ticks == newest[market_id].mark_half_ticks
        reference = newest[market_id].reference
        assert reference is not None
        assert market.prices.bid_ticks == reference.bid_ticks
        assert venue.exchange.now_ms - market.prices.quoted_at_ms <= 1_500


def test_steps_that_nobody_could_send_are_passed_over_for_the_newest(venue: Venue) -> None:
    before = Command.objects.filter(kind="MoveReferences").count()
    for _ in range(20):
        venue.world.clock.at_ms += 50
        venue.world.simulation.tick(venue.world.run._board, at_ms=venue.world.clock.at_ms)
        venue.world.run.step()
    venue.outlet.send()
    assert Command.objects.filter(kind="MoveReferences").count() == before + 1


def test_a_lone_source_lets_a_market_only_reduce_until_the_others_have_settled(
    venue: Venue,
) -> None:
    venue.silence(*VENUES[1:], "pyth", "switchboard")
    venue.go(quarters=24)
    assert (venue.state(), wishes_of(Wisher.PRICES)[BTC].state.value) == ("REDUCE_ONLY",) * 2
    assert venue.state("ETH-USDT-PERP") == "ACTIVE"
    venue.silence()
    venue.go(quarters=8)
    assert venue.state() == "REDUCE_ONLY"
    venue.go(quarters=12)
    assert venue.state() == "ACTIVE"
    assert not StateWish.objects.exists()


def test_no_order_trades_on_the_reference_that_closes_its_market(exchange: Exchange) -> None:
    venue = Venue(exchange)
    venue.go()
    exchange.fund(ALICE)
    exchange.fund(BOB)
    venue.silence(*VENUES[1:], "pyth", "switchboard")
    for _ in range(24):
        if wishes_of(Wisher.PRICES):
            break
        venue.go(quarters=1)
    prices = venue.engine().prices
    assert (prices.bid_ticks, prices.index_half_ticks is None) == (None, False)
    venue.go(quarters=1)
    assert venue.engine().prices.bid_ticks is not None
    (said,) = exchange.give(peg(ALICE, Side.BUY, 1))
    assert said.reason == "REDUCE_ONLY_REJECTED"


def test_without_any_source_a_market_is_halted_by_its_missing_index_and_comes_back(
    venue: Venue,
) -> None:
    venue.silence(*VENUES, "pyth", "switchboard")
    venue.go(quarters=28)
    assert (venue.state(), venue.engine().prices.index_half_ticks) == ("HALTED", None)
    venue.silence()
    venue.go(quarters=4)
    assert venue.state() == "ACTIVE" or wishes_of(Wisher.PRICES)
    venue.go(quarters=16)
    assert venue.state() == "ACTIVE"


def test_a_violent_minute_trips_the_breaker_once_and_it_releases_by_itself(venue: Venue) -> None:
    venue.world.simulation.jump(BTC, percent=12)
    venue.go(quarters=4)
    assert venue.state() == "REDUCE_ONLY"
    assert Event.objects.filter(kind="BreakerTripped").count() == 1
    until_ms = venue.engine().breaker_until_ms
    assert 299_000 <= until_ms - venue.world.clock.at_ms <= 300_000
    assert wishes_of(Wisher.PRICES) == {}
    venue.go_to(until_ms)
    venue.go(quarters=4)
    assert venue.state() == "ACTIVE"
    assert Event.objects.filter(kind="BreakerTripped").count() == 1


def test_fx_closes_on_friday_opens_with_a_minute_of_rest_and_then_uncrosses(
    exchange: Exchange,
) -> None:
    venue = Venue(exchange, at_ms=FRIDAY_CLOSE_MS - 2_000)
    venue.go()
    assert (venue.state(EUR), venue.state()) == ("ACTIVE", "ACTIVE")
    venue.go_to(FRIDAY_CLOSE_MS)
    assert (venue.state(EUR), venue.state()) == ("CANCEL_ONLY", "ACTIVE")
    assert venue.engine(EUR).hours_closed
    mark = venue.engine(EUR).prices.mark_half_ticks
    venue.go_to(SUNDAY_OPEN_MS - 2_000)
    assert venue.engine(EUR).prices.mark_half_ticks == mark
    venue.go_to(SUNDAY_OPEN_MS)
    assert (venue.state(EUR), venue.engine(EUR).hours_closed) == ("POST_ONLY", False)
    for account_id in (ALICE, BOB):
        exchange.fund(account_id)
    resting = [peg(ALICE, Side.BUY, 1), peg(BOB, Side.SELL, 2)]
    resting = [msgspec.structs.replace(order, market_id=EUR) for order in resting]
    assert [said.reason for said in exchange.give(*resting)] == ["", ""]
    venue.go_to(SUNDAY_OPEN_MS + 58_000)
    assert not Event.objects.filter(kind="Filled").exists()
    venue.go_to(SUNDAY_OPEN_MS + 60_000)
    assert venue.state(EUR) == "ACTIVE"
    assert Event.objects.filter(kind="Filled").count() == 1


def test_what_staff_closed_is_not_opened_by_prices_that_recover(venue: Venue) -> None:
    halt = {BTC: Wish(MarketState.HALTED)}
    assert wish_states(halt, wisher=Wisher.STAFF) == 1
    venue.silence(*VENUES[1:], "pyth", "switchboard")
    venue.go(quarters=24)
    assert venue.state() == "HALTED"
    venue.silence()
    venue.go(quarters=24)
    assert venue.state() == "HALTED"
    assert wish_states({BTC: OPEN}, wisher=Wisher.STAFF) == 1
    venue.go(quarters=4)
    assert venue.state() == "ACTIVE"


def test_a_wish_is_told_to_the_engine_once_and_survives_a_restart_of_the_prices(
    venue: Venue,
) -> None:
    venue.silence(*VENUES[1:], "pyth", "switchboard")
    venue.go(quarters=28)
    assert Command.objects.filter(kind="SetMarketState").count() == 1
    again = Venue(venue.exchange, at_ms=venue.world.clock.at_ms)
    again.go(quarters=24)
    assert again.state() == "ACTIVE"
    assert Command.objects.filter(kind="SetMarketState").count() == 2


def test_an_unknown_or_delisted_market_takes_no_wish(exchange: Exchange) -> None:
    Market.objects.filter(symbol=EUR).update(state="DELISTED")
    wishes = {EUR: Wish(MarketState.HALTED), "NO-USDT-PERP": Wish(MarketState.HALTED)}
    assert wish_states(wishes, wisher=Wisher.STAFF) == 0
    assert not StateWish.objects.exists()


def test_without_the_database_breakers_and_wishes_wait_and_prices_are_told_anew(
    venue: Venue, monkeypatch: pytest.MonkeyPatch
) -> None:
    venue.world.simulation.jump(BTC, percent=12)
    venue.silence(*VENUES[1:], "pyth", "switchboard", market_id="ETH-USDT-PERP")

    def fail(*_: Any, **__: Any) -> None:
        raise Error

    with monkeypatch.context() as patch:
        for name in ("put_many", "put_references", "wish_states"):
            patch.setattr(price_outlet, name, fail)
        patch.setattr(connection, "close", lambda: None)
        venue.go(quarters=24)
        assert venue.state() == "ACTIVE"
    venue.go(quarters=1)
    assert (venue.state(), venue.state("ETH-USDT-PERP")) == ("REDUCE_ONLY", "REDUCE_ONLY")
    assert Event.objects.filter(kind="BreakerTripped").count() == 1


def test_a_breaker_that_could_not_be_sent_before_it_ended_is_dropped(
    venue: Venue, monkeypatch: pytest.MonkeyPatch
) -> None:
    venue.world.simulation.jump(BTC, percent=12)
    with monkeypatch.context() as patch:
        patch.setattr(venue.outlet, "send", lambda: None)
        venue.go(quarters=4)
    venue.go_to(venue.world.clock.at_ms + 301_000)
    assert not Command.objects.filter(kind="TripBreaker").exists()


def test_the_outlet_sends_what_the_inbox_can_read(venue: Venue) -> None:
    venue.go()
    assert not Command.objects.filter(status="SET_ASIDE").exists()
    assert not Event.objects.filter(kind="CommandRejected").exists()


def test_a_restart_of_the_prices_neither_halts_nor_narrows_a_market_while_sources_come(
    venue: Venue,
) -> None:
    index = venue.engine().prices.index_half_ticks
    again = Venue(venue.exchange, at_ms=venue.world.clock.at_ms)
    again.silence(*VENUES[1:], "pyth", "switchboard")
    again.go(quarters=19)
    assert venue.engine().prices.index_half_ticks == index
    assert (venue.state(), wishes_of(Wisher.PRICES)) == ("ACTIVE", {})
    again.go(quarters=2)
    assert venue.state() == "REDUCE_ONLY"


@pytest.mark.parametrize("leap_ms", [-3_600_000, -2_000, 6_000, 3_600_000])
def test_a_leap_of_the_clock_or_a_pause_of_the_process_closes_no_market(
    venue: Venue, leap_ms: int
) -> None:
    """The sources come back one by one, and until then nobody is judged by those that lack."""
    before = Event.objects.filter(kind="MarketStateChanged").count()
    venue.world.clock.at_ms += leap_ms
    venue.world.run.step()
    venue.outlet.send()
    venue.exchange.settle()
    venue.go(quarters=8)
    assert (venue.state(), wishes_of(Wisher.PRICES)) == ("ACTIVE", {})
    assert Event.objects.filter(kind="MarketStateChanged").count() == before
    venue.silence(*VENUES, "pyth", "switchboard")
    venue.go(quarters=40)
    assert venue.state() == "HALTED"


def test_markets_whose_prices_nobody_renews_are_halted_once_and_come_back(venue: Venue) -> None:
    def look(later_ms: int) -> int:
        with time_machine.travel(moment(venue.world.clock.at_ms + later_ms), tick=False):
            halted = halt_unpriced()
        venue.exchange.settle()
        return halted

    venue.world.run.write()
    assert look(14_000) == 0
    assert look(16_000) == 60
    assert (venue.state(), venue.engine().prices.index_half_ticks) == ("HALTED", None)
    assert look(21_000) == 0
    venue.world.clock.at_ms += 21_000
    venue.go()
    venue.world.run.write()
    assert (venue.state(), look(0)) == ("ACTIVE", 0)
