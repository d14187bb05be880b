"""The price service: what a run leaves in rows and Redis, and what survives its end."""

import asyncio
import contextlib
import math
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
import redis
import time_machine
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection

from engine.commands import ListMarket, MarketSpec
from engine.exchange import apply
from engine.state import State
from godark import alive
from prices.adapters.lies import EVERY_SOURCE, LieKind
from prices.records import USDT_USD, Advice
from tests.accounts.factories import staff_member
from tests.trading.simulations import TUESDAY_MS, SimulatedRun, simulated_run
from trading.management.commands import run_prices
from trading.models import (
    IndexCandle,
    LastGoodPrice,
    Market,
    MarketTicker,
    PremiumMinute,
    PriceAlert,
    ToldLie,
)
from trading.rings import decode_told, told_where
from trading.services import price_rows, price_run
from trading.services.engine_prices import move_references, sample_funding
from trading.services.price_adapters import PriceSettings, PriceSetupError, make_sourcing
from trading.services.price_feed import BOARD_KEY, STATE_KEY, MarketBoardView, ServiceView
from trading.services.price_lock import AnotherPriceServiceError, PriceLock
from trading.services.price_rows import moment
from trading.services.price_run import PriceRun
from trading.services.price_setup import running_hours

pytestmark = pytest.mark.usefixtures("listing")


def bitcoin() -> MarketTicker:
    ticker: MarketTicker = MarketTicker.objects.get(market__base="BTC")
    return ticker


def test_a_run_prices_all_sixty_markets_near_their_listing_price() -> None:
    world = simulated_run()
    world.go(seconds=5)
    world.run.write()
    assert MarketTicker.objects.count() == 60
    for ticker in MarketTicker.objects.select_related("market"):
        market = ticker.market
        assert ticker.index_half_ticks is not None, market
        index = ticker.index_half_ticks * market.tick_size / 2
        assert abs(index / market.listing_price - 1) < 0.02, market
        assert ticker.bid_ticks is not None
        assert ticker.mark_half_ticks is not None
        assert ticker.updated_at == moment(world.clock.at_ms - 750)
    assert bitcoin().funding_rate_ppb is not None


def test_a_market_whose_sources_fall_silent_loses_its_figures() -> None:
    world = simulated_run()
    world.go(seconds=3)
    world.run.write()
    assert bitcoin().index_half_ticks is not None
    world.clock.at_ms += 20_000
    world.run.step()
    world.run.write()
    assert (bitcoin().index_half_ticks, bitcoin().bid_ticks) == (None, None)


def test_finished_minutes_become_candles_and_rows_of_sixty_samples() -> None:
    world = simulated_run()
    world.go(seconds=62)
    world.run.write()
    candles = IndexCandle.objects.filter(market__base="BTC")
    assert [candle.opened_at for candle in candles] == [moment(TUESDAY_MS)]
    assert candles[0].volume_micro > 0
    minute = PremiumMinute.objects.get(market__base="BTC")
    assert minute.minute_at == moment(TUESDAY_MS)
    assert len(minute.premiums_ppb) == 60
    assert sum(premium is not None for premium in minute.premiums_ppb) >= 58
    assert set(minute.perpetuals[2:]) <= {2, 3}
    assert PremiumMinute.objects.count() == IndexCandle.objects.count() == 60


def test_kept_minutes_are_never_rewritten() -> None:
    world = simulated_run()
    world.go(seconds=62)
    pending = world.run._desk.pending
    keys = price_rows.market_keys()
    price_rows.write_minutes(candles=pending.candles, minutes=pending.minutes, keys=keys)
    price_rows.write_minutes(candles=pending.candles, minutes=pending.minutes, keys=keys)
    assert PremiumMinute.objects.count() == 60
    with pytest.raises(DatabaseError, match="append-only"):
        PremiumMinute.objects.update(minute_at=moment(0))


def test_what_cannot_be_written_is_written_with_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    world = simulated_run()
    world.go(seconds=62)
    closed: list[bool] = []

    def fail(**_: Any) -> None:
        raise DatabaseError

    with monkeypatch.context() as patch:
        patch.setattr(price_rows, "write_minutes", fail)
        patch.setattr(connection, "close", lambda: closed.append(True))
        world.run.write()
    assert closed
    assert not IndexCandle.objects.exists()
    world.run.write()
    assert IndexCandle.objects.count() == 60


def test_the_last_good_prices_survive_a_restart_with_their_age() -> None:
    first = simulated_run()
    first.go(seconds=3)
    first.run.write()
    kept = LastGoodPrice.objects.get(name="BTC-USDT-PERP")
    assert kept.priced_at == moment(first.clock.at_ms - 750)
    assert LastGoodPrice.objects.filter(name="USDT-USD").exists()
    second = simulated_run(seed=99)
    second.go(seconds=1)
    prices = {one.market_id: one for one in second.run._desk.newest}
    index_pico = prices["BTC-USDT-PERP"].index_pico
    assert index_pico is not None
    assert abs(index_pico / int(kept.index_pico) - 1) < 0.002


def test_the_running_hour_goes_on_from_the_kept_samples() -> None:
    world = simulated_run()
    world.go(seconds=125)
    world.run.write()
    with time_machine.travel(moment(world.clock.at_ms), tick=False):
        hours = running_hours()
    before = world.run._desk.rates_ppb()["BTC-USDT-PERP"]
    assert hours["BTC-USDT-PERP"].rate_ppb() == pytest.approx(before, abs=50_000)
    with time_machine.travel(moment(world.clock.at_ms + 3_600_000), tick=False):
        assert running_hours() == {}


def test_a_breaker_that_trips_is_written_down() -> None:
    world = simulated_run()
    world.go(seconds=3)
    world.simulation.jump("ETH-USDT-PERP", percent=15)
    world.go(seconds=2)
    world.run.write()
    alerts = PriceAlert.objects.filter(name="ETH-USDT-PERP")
    assert "BREAKER_PRICE" in set(alerts.values_list("sign", flat=True))


def test_told_lies_are_obeyed_until_they_end() -> None:
    world = simulated_run()
    world.go(seconds=2)
    ToldLie.objects.create(
        source="binance",
        kind=LieKind.TENFOLD,
        told_by=staff_member(),
        told_at=moment(0),
        ends_at=moment(4_102_444_800_000),
    )
    world.run.write()
    world.go(seconds=2)
    drops = {venue.source.name: venue.drop for venue in newest(world, "BTC-USDT-PERP").venues}
    assert drops["binance"] == "OUTLIER"
    ToldLie.objects.update(ends_at=moment(1))
    world.run.write()
    world.go(seconds=2)
    drops = {venue.source.name: venue.drop for venue in newest(world, "BTC-USDT-PERP").venues}
    assert drops["binance"] is None


def test_told_about_one_name_every_source_trips_its_breaker_and_no_other() -> None:
    world = simulated_run()
    world.go(seconds=2)
    ToldLie.objects.create(
        source=EVERY_SOURCE,
        kind=LieKind.TWELVE_PERCENT_HIGH,
        name="ETH-USDT-PERP",
        told_by=staff_member(),
        told_at=moment(0),
        ends_at=moment(4_102_444_800_000),
    )
    world.run.write()
    world.go(seconds=2)
    world.run.write()
    tripped = PriceAlert.objects.filter(sign="BREAKER_PRICE")
    assert list(tripped.values_list("name", flat=True)) == ["ETH-USDT-PERP"]


def newest(world: SimulatedRun, market_id: str) -> Any:
    return next(one for one in world.run._desk.newest if one.market_id == market_id)


def test_all_tickers_together_are_told_twice_a_second_and_no_change_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = redis.Redis.from_url(settings.REDIS_URL)
    listener: Any = client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]  # redis' own
    listener.subscribe(told_where())
    listener.get_message(timeout=1)
    now_seconds = [100.0]
    clock = SimpleNamespace(monotonic=lambda: now_seconds[0])
    monkeypatch.setattr("trading.services.price_feed.time", clock)
    world = simulated_run()
    for _ in range(9):
        world.go(seconds=1)
        world.run.tell()
        now_seconds[0] += 0.25
    each: dict[str, Any] = {}
    together: dict[str, Any] = {}
    times = 0
    while message := listener.get_message(timeout=1):
        for one in decode_told(message["data"]):
            data = msgspec.json.decode("{" + one.body)["data"]
            if one.channel == "tickers":
                times += 1
                together |= {ticker["symbol"]: ticker for ticker in data}
            else:
                each[data["symbol"]] = data
    assert times == 5
    assert together == each


def test_ticks_are_published_when_they_change_and_the_board_is_shown_to_staff() -> None:
    client = redis.Redis.from_url(settings.REDIS_URL)
    listener: Any = client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]  # redis' own
    listener.subscribe(told_where())
    listener.get_message(timeout=1)
    world = simulated_run()
    world.go(seconds=2)
    world.run.write()
    for _ in range(2):
        world.run.tell()
    heard = [message for _ in range(4) if (message := listener.get_message(timeout=0.2))]
    told = {one.channel: one.body for message in heard for one in decode_told(message["data"])}
    assert len(told) == 61
    tick = msgspec.json.decode("{" + told["ticker:BTC-USDT-PERP"])["data"]
    everything = msgspec.json.decode("{" + told["tickers"])["data"]
    assert len(everything) == 60
    assert tick in everything
    row = bitcoin()
    assert row.index_half_ticks is not None
    assert row.bid_ticks is not None
    # the tick of BTC is 0.1
    assert Decimal(tick["index_price"]) * 20 == row.index_half_ticks
    assert Decimal(tick["bid"]) * 10 == row.bid_ticks
    assert set(tick) == {"symbol", "index_price", "mark_price", "bid", "ask", "funding_rate"}
    shown = client.hget(BOARD_KEY, "BTC-USDT-PERP")
    assert isinstance(shown, bytes)
    board = msgspec.json.decode(shown, type=MarketBoardView)
    assert {source.name for source in board.sources} >= {"binance", "pyth", "okx-perp"}
    assert board.spark[-1] == (board.index_half_ticks, board.mark_half_ticks)
    state = client.get(STATE_KEY)
    assert isinstance(state, bytes)
    assert msgspec.json.decode(state, type=ServiceView).mode == "simulated"
    sources = alive.last_sign(alive.Part.PRICES)
    assert sources is not None
    # the simulation's own clock stands in another year
    assert sources.keys() >= {"binance", "pyth", "okx-perp"}
    listener.close()
    client.close()


def test_prices_that_stand_still_are_told_again_while_somebody_steps_them() -> None:
    world = simulated_run()
    world.go(seconds=2)
    newest = list(world.run._desk.newest)

    def told_later(milliseconds: int) -> int:
        later = [msgspec.structs.replace(one, at_ms=one.at_ms + milliseconds) for one in newest]
        return world.run._feed.tell_ticks(later, rates_ppb={})

    assert told_later(0) == 60
    assert told_later(0) == told_later(1_750) == 0
    assert told_later(2_000) == 60
    assert told_later(2_250) == 0


def test_without_redis_rows_are_written_and_all_is_told_when_it_is_back() -> None:
    world = simulated_run()
    there = world.run._feed._redis
    world.run._feed._redis = redis.Redis.from_url("redis://127.0.0.1:1/0")
    world.go(seconds=2)
    for _ in range(2):
        world.run.tell()
    world.run.write()
    assert bitcoin().index_half_ticks is not None
    assert there.get(STATE_KEY) is None
    world.run._feed._redis = there
    assert world.run._feed.tell_ticks(world.run._desk.newest, rates_ppb={}) == 60
    for _ in range(2):
        world.run.tell()
    assert there.get(STATE_KEY) is not None


def test_the_engine_takes_the_recorded_references_and_samples() -> None:
    world = simulated_run()
    world.go(seconds=2)
    command = world.recorder.newest
    assert command is not None
    assert (world.recorder.count, len(command.moves)) == (2, 60)
    state = State()
    for market in Market.objects.all():
        spec = MarketSpec(
            market_id=market.symbol,
            tick_lot_micro=market.tick_lot_micro,
            tick_size=str(market.tick_size),
            lot_size=str(market.lot_size),
        )
        apply(state, ListMarket(at_ms=TUESDAY_MS, spec=spec))
    events = apply(state, command)
    assert events
    samples = sample_funding(world.run._desk.newest, at_ms=world.clock.at_ms)
    assert len(samples.samples) == 60
    apply(state, samples)
    silent = move_references(world.run._board.step(world.clock.at_ms + 60_000), at_ms=1)
    assert {move.index_half_ticks for move in silent.moves} == {None}
    advice = Counter(one.advice for one in world.run._desk.newest)
    assert advice[Advice.TRADE] >= 55


def test_a_run_steps_and_writes_by_itself_until_it_is_canceled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = simulated_run(step_ms=50)
    wrote: list[int] = []
    told: list[int] = []

    def write(run: PriceRun) -> None:
        wrote.append(run._desk.steps)

    def tell(run: PriceRun) -> None:
        told.append(run._desk.steps)

    monkeypatch.setattr(PriceRun, "write", write)
    monkeypatch.setattr(PriceRun, "tell", tell)
    monkeypatch.setattr(PriceRun, "_close", lambda _run: wrote.append(-1))

    async def briefly() -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.2):
                await world.run.run()

    asyncio.run(briefly())
    assert world.run._desk.steps >= 5
    assert wrote[-1] == -1
    assert len(wrote) >= 2
    assert len(told) >= 2
    assert 5 <= world.recorder.sent <= world.recorder.count


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({"mode": "guessed"}, "GODARK_PRICES is 'guessed'; it may be simulated, replay, live."),
        ({"mode": "simulated", "schedule": "x"}, "GODARK_PRICES_SCHEDULE is 'x'"),
        ({"mode": "replay"}, "GODARK_PRICES_RECORDING names no recording."),
        ({"mode": "replay", "recording": "/nowhere"}, "There is no recording at /nowhere."),
        ({"mode": "replay", "recording": "/nowhere", "speed": 101.0}, "it may be 1 to 100, or 0"),
        ({"mode": "replay", "recording": "/nowhere", "speed": math.nan}, "SPEED is nan"),
    ],
)
def test_settings_that_make_no_sense_are_refused_with_a_sentence(
    chosen: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(PriceSetupError, match=sentence):
        simulated_run(**chosen)


def test_the_command_refuses_in_a_sentence_without_sense_a_lock_or_real_prices(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "IN_PRODUCTION", True)
        with pytest.raises(CommandError, match="Simulated prices are for development"):
            call_command("run_prices")
    monkeypatch.setattr(settings, "PRICES", settings.PRICES | {"mode": "guessed"})
    with pytest.raises(CommandError, match="GODARK_PRICES is 'guessed'"):
        call_command("run_prices")
    with holding() as lock:
        with pytest.raises(CommandError, match="Another price service is running"):
            call_command("run_prices")
        lock.keep()


@contextlib.contextmanager
def holding() -> Iterator[PriceLock]:
    lock = PriceLock()
    lock.take()
    try:
        yield lock
    finally:
        lock.give_back()


def cut(lock: PriceLock) -> None:
    """Let PostgreSQL lose the lock's connection, as it does when it dies, and wait until it has."""
    assert lock._connection is not None
    with connection.cursor() as cursor:
        # One role may end its own connections.
        cursor.execute(
            "SELECT pg_terminate_backend(%s, 30000)", [lock._connection.info.backend_pid]
        )
        assert cursor.fetchone() == (True,)


def test_a_lock_that_was_lost_with_the_database_is_taken_anew() -> None:
    with holding() as lock:
        cut(lock)
        lock.keep()
        lock.keep()
        with pytest.raises(AnotherPriceServiceError):
            PriceLock().take()


def test_a_run_ends_where_another_has_taken_the_lock_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = simulated_run()
    for name in ("write", "tell", "_close"):
        monkeypatch.setattr(PriceRun, name, lambda _run: None)
    monkeypatch.setattr(price_run, "LOCK_S", 0.05)
    world.run._lock.take()
    cut(world.run._lock)
    with holding(), pytest.raises(CommandError, match="Another price service is running"):
        asyncio.run(run_prices.until_stopped(world.run))


def test_replayed_markets_keep_their_recording_and_the_rest_is_simulated() -> None:
    recording = "tests/prices/recordings/simulated.csv.gz"
    world = simulated_run(mode="replay", recording=recording, speed=0.0)
    markets = {market.market_id for market in world.run._sourcing.markets}
    assert len(markets) == 60
    assert len(world.run._sourcing.adapters) == 2
    world.go(seconds=2)
    prices = {one.market_id: one for one in world.run._desk.newest}
    assert prices["ETH-USDT-PERP"].index_pico is not None
    assert prices["BTC-USDT-PERP"].index_pico is None
    # the recording brings its own dollar, which has not spoken yet
    assert prices[USDT_USD].index_pico is None


def test_there_must_be_markets(listing: object) -> None:
    Market.objects.update(state="DELISTED")
    with pytest.raises(PriceSetupError, match="There are no markets yet"):
        simulated_run()


def test_the_live_mode_needs_nothing_simulated() -> None:
    world_settings = PriceSettings(mode="live", hermes_url="https://hermes.invalid")
    base = simulated_run().run._sourcing
    sourcing = make_sourcing(
        world_settings,
        markets=base.markets,
        conversion=base.conversion,
        listing_prices={},
        last_good={},
    )
    assert sourcing.simulation is None
    names = {state.source for adapter in sourcing.adapters for state in adapter.states()}
    assert {"binance", "kraken", "okx-perp", "pyth"} <= names
