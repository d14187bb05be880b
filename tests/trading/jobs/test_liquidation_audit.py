"""The audit of liquidations: it agrees with the engine, and finds whom the engine would miss."""

import uuid
from datetime import timedelta
from random import Random

import pytest
from django.utils import timezone

from engine import commands as c
from engine.vocabulary import Side
from tests.exchange import Exchange
from tests.trading.jobs.positions import BOB, BTC, ETH, hold_positions, peg_mid
from trading.models import Alert, LiquidationSuspect, Market, Position
from trading.selectors.liquidation_audit import engine_marks, measured_positions
from trading.services.liquidation_audit import Audit, audit_liquidations

SYMBOLS = (BTC, ETH, "DOGE-USDT-PERP")
NOW = timezone.now()
NOTHING = Audit(disputed=0, suspected=0, missed=0)


@pytest.fixture
def positions(exchange: Exchange) -> Exchange:
    """Return the exchange with positions of BTC and ETH, its markets long open."""
    hold_positions(exchange, BTC, ETH)
    Market.objects.update(state_changed_at=NOW - timedelta(hours=1))
    return exchange


def at(seconds: float) -> Audit:
    """Audit some seconds from now."""
    return audit_liquidations(now=NOW + timedelta(seconds=seconds))


def bobs() -> Position:
    return Position.objects.get(account_id=BOB, market__symbol=BTC)


def make_liquidatable() -> None:
    """Write Bob's BTC as if he had no collateral left, and the engine had seen nothing."""
    mark = engine_marks()[bobs().market_id]
    Position.objects.filter(pk=bobs().pk).update(
        collateral_micro=0, liquidation_half_ticks=mark + 1_000
    )


def test_the_marks_are_those_that_the_engine_heard_last(positions: Exchange) -> None:
    mark = engine_marks()[bobs().market_id] // 2
    positions.move(BTC=(mark + 70, mark + 90))
    markets = positions.runner.state.markets
    expected = {symbol: markets[symbol].prices.mark_half_ticks for symbol in (BTC, ETH)}
    names = dict(Market.objects.values_list("pk", "symbol"))
    assert {names[key]: mark for key, mark in engine_marks().items()} == expected


def test_healthy_positions_are_passed_over(positions: Exchange) -> None:
    assert at(0) == NOTHING
    assert not Alert.objects.exists()


def test_whom_the_engine_liquidated_nobody_misses(positions: Exchange) -> None:
    mark = positions.runner.state.markets[BTC].prices.mark_half_ticks or 0
    fallen = mark // 2 * 88 // 100
    positions.move(BTC=(fallen, fallen + 2))
    assert positions.runner.state.markets[BTC].positions[BOB].size_lots < 77
    assert [at(0), at(30)] == [NOTHING, NOTHING]


def test_a_position_left_below_maintenance_is_missed_after_five_seconds(
    positions: Exchange,
) -> None:
    make_liquidatable()
    assert at(0) == Audit(disputed=0, suspected=1, missed=0)
    assert at(4) == Audit(disputed=0, suspected=1, missed=0)
    assert at(5) == Audit(disputed=0, suspected=1, missed=1)
    assert at(6) == Audit(disputed=0, suspected=1, missed=0)
    alert = Alert.objects.get()
    assert (alert.kind, alert.detail) == ("LIQUIDATION_MISSED", f"{BTC}: 1 positions")


def test_a_suspect_that_recovers_is_forgotten(positions: Exchange) -> None:
    before = bobs()
    make_liquidatable()
    assert at(0).suspected == 1
    before.save()
    assert at(4) == NOTHING
    make_liquidatable()
    assert at(6) == Audit(disputed=0, suspected=1, missed=0)
    assert LiquidationSuspect.objects.count() == 1


def test_a_missed_position_stays_on_the_list_with_its_end(positions: Exchange) -> None:
    before = bobs()
    make_liquidatable()
    at(0)
    at(5)
    before.save()
    assert at(8) == NOTHING
    row = LiquidationSuspect.objects.get()
    assert (row.alerted_at, row.ended_at) == (
        NOW + timedelta(seconds=5),
        NOW + timedelta(seconds=8),
    )


def test_one_that_waits_as_pending_is_not_missed(positions: Exchange) -> None:
    make_liquidatable()
    Position.objects.filter(pk=bobs().pk).update(is_pending=True)
    assert [at(0), at(30)] == [NOTHING, NOTHING]


@pytest.mark.parametrize(("state", "ago_s"), [("HALTED", 3_600), ("ACTIVE", 30)])
def test_a_market_that_stands_still_or_has_just_resumed_is_left_alone(
    positions: Exchange, state: str, ago_s: int
) -> None:
    Market.objects.filter(symbol=BTC).update(
        state=state, state_changed_at=NOW - timedelta(seconds=ago_s)
    )
    make_liquidatable()
    assert [at(0), at(10)] == [NOTHING, NOTHING]


def test_a_trigger_price_that_is_wrong_is_disputed_at_once_and_alerted_once(
    positions: Exchange,
) -> None:
    Position.objects.filter(pk=bobs().pk).update(collateral_micro=0, liquidation_half_ticks=None)
    assert at(0) == Audit(disputed=1, suspected=1, missed=0)
    assert at(1).disputed == 1
    alert = Alert.objects.get()
    assert (alert.kind, alert.detail) == ("LIQUIDATION_DISPUTED", f"{BTC}: 1 positions")


def test_a_trigger_price_that_is_too_early_is_disputed_too(positions: Exchange) -> None:
    Position.objects.filter(pk=bobs().pk).update(liquidation_half_ticks=1 << 40)
    assert at(0) == Audit(disputed=1, suspected=0, missed=0)


def trade_at_random(exchange: Exchange, random: Random) -> None:
    """Let people take positions of all brackets and leverages against each other."""
    people = [str(uuid.UUID(int=100 + number)) for number in range(8)]
    for person in people:
        exchange.fund(person, micro=1_000_000_000_000)
    for symbol in SYMBOLS:
        market = exchange.runner.state.markets[symbol]
        lot_micro = (market.prices.mark_half_ticks or 0) * market.unit_micro
        for person in people:
            leverage = random.choice((5, 10, 20))
            exchange.give(
                c.SetLeverage(at_ms=0, account_id=person, market_id=symbol, leverage=leverage)
            )
        for _ in range(5):
            notional = random.choice((100, 4_900, 19_000, 60_000, 140_000))
            lots = max(1, notional * 1_000_000 // lot_micro)
            sides = zip(random.sample(people, 2), (Side.SELL, Side.BUY), strict=True)
            exchange.give(*(peg_mid(person, symbol, side, lots) for person, side in sides))


@pytest.mark.parametrize("seed", range(3))
def test_at_every_mark_both_reckonings_name_the_same_positions(
    exchange: Exchange, seed: int
) -> None:
    random = Random(seed)  # noqa: S311 - a seeded world
    trade_at_random(exchange, random)
    held = list(Position.objects.exclude(size_lots=0))
    keys = dict(Market.objects.filter(symbol__in=SYMBOLS).values_list("symbol", "pk"))
    found = 0
    for _ in range(100):
        marks = {}
        for symbol, key in keys.items():
            prices = [one.liquidation_half_ticks for one in held if one.market_id == key]
            near = random.choice([price for price in prices if price] or [0])
            usual = exchange.runner.state.markets[symbol].prices.mark_half_ticks or 0
            marks[key] = (near or usual) + random.choice((-1, 0, 0, 1, 50))
        measured = measured_positions(marks)
        assert [one for one in measured if one.is_below is not one.is_triggered] == []
        found += len(measured)
    assert len(held) > 10
    assert found > 100
