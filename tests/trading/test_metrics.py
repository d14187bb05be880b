"""What an operator reads of the exchange at /metrics, and what nobody may read there."""

import threading
import time
import uuid

import pytest
import redis
from django.db import OperationalError
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.registry import Collector
from pytest_django import Settings

from engine import commands as c
from engine.vocabulary import Side
from tests.exchange import Exchange
from tests.trading.jobs.positions import ALICE, BTC, ETH, hold_positions, peg_mid
from tests.trading.orders.conftest import publish_mark
from trading.alerts import raise_alert
from trading.engine_figures import COUNTS, Spread, encode_figures, figures_key
from trading.inbox import put
from trading.metrics.engine import EngineCollector
from trading.metrics.venue import Bounded, VenueCollector
from trading.models import AlertKind, Market
from trading.runner.measuring import TOLD_EVERY_MS
from trading.selectors.venue_figures import Look
from trading.services import funding_clock


def told(collector: Collector) -> dict[str, float]:
    """Return each sample of a collector by its name with labels."""
    return {
        f"{sample.name}{sorted(sample.labels.values()) or ''}": sample.value
        for family in collector.collect()
        for sample in family.samples
    }


@pytest.fixture
def trading(exchange: Exchange) -> Exchange:
    """Return the exchange with two positions."""
    hold_positions(exchange, BTC, ETH)
    return exchange


def show_figures(exchange: Exchange, client: redis.Redis) -> None:
    """Leave the runner's figures in Redis as its process does."""
    exchange.now_ms += TOLD_EVERY_MS
    figures = exchange.runner.measures.look(exchange.runner.state, at_ms=exchange.now_ms)
    client.set(figures_key(), encode_figures(figures))


@pytest.mark.django_db
def test_without_an_engine_only_its_absence_is_told() -> None:
    assert told(EngineCollector()) == {"godark_engine_up": 0.0, "godark_engine_standby": 0.0}


def test_the_engine_tells_its_pace(trading: Exchange, session_redis: redis.Redis) -> None:
    show_figures(trading, session_redis)
    found = told(EngineCollector())
    assert found["godark_engine_up"] == 1
    assert found["godark_engine_trades_total"] == 2
    assert found["godark_engine_liquidations_total"] == 0
    assert found["godark_engine_stale_references"] == 60
    assert found["godark_engine_oldest_reference_seconds"] == TOLD_EVERY_MS / 1_000
    steps = found["godark_engine_step_seconds_count"]
    assert steps == found["godark_engine_commit_seconds_count"] > 0
    assert found["godark_engine_step_commands_bucket['+Inf']"] == steps
    assert 0 < found["godark_engine_commit_seconds_sum"] < found["godark_engine_step_seconds_sum"]


def test_the_venue_tells_queue_log_money_and_duties(trading: Exchange) -> None:
    funding_clock.advance(now_s=int(time.time()) - 50)
    raise_alert(AlertKind.BOOKS_DIFFER, "one")
    put(peg_mid(ALICE, BTC, Side.SELL, 10))
    found = told(VenueCollector())
    assert found["godark_commands_waiting"] == 1
    assert found["godark_commands_set_aside"] == 0
    assert 49 <= found["godark_funding_lag_seconds"] < 3_600
    assert found["godark_log_bytes"] > 0
    assert found["godark_liquidation_suspects"] == 0
    assert found[f"godark_insurance_usdt['{BTC}']"] >= 100_000
    assert found[f"godark_venue_debt_usdt['{BTC}']"] == 0
    assert found["godark_backstop_room_usdt"] == 5 * found["godark_backstop_equity_usdt"] == 0
    assert found["godark_withdrawals_waiting"] == 0
    assert found["godark_alerts_total['BOOKS_DIFFER']"] == 1
    assert found["godark_alerts_total['LOG_BROKEN']"] == 0
    assert found["godark_engine_leaders"] >= 1


def test_a_fund_is_told_beside_a_hundredth_of_the_published_open_interest(
    trading: Exchange,
) -> None:
    name = f"godark_insurance_target_usdt['{BTC}']"
    assert name not in told(VenueCollector()), "without a mark there is none"
    market = Market.objects.get(symbol=BTC)
    publish_mark(BTC, half_ticks=2_000_000)
    assert told(VenueCollector())[name] == 0
    trading.give(c.PublishOpenInterest(at_ms=0))
    worth_micro = 77 * 2_000_000 * (market.tick_lot_micro // 2)
    assert told(VenueCollector())[name] == pytest.approx(worth_micro / 100 / 1_000_000)


def figures_of_now(exchange: Exchange, client: redis.Redis) -> dict[str, float]:
    """Return everything told but how long things took, which no two runs share."""
    show_figures(exchange, client)
    found = told(EngineCollector()) | told(VenueCollector())
    timed = ("_seconds", "_bytes")
    return {name: value for name, value in found.items() if not any(t in name for t in timed)}


def test_an_order_that_rests_moves_no_count(trading: Exchange, session_redis: redis.Redis) -> None:
    spread = "godark_engine_step_commands"
    before = figures_of_now(trading, session_redis)
    trading.give(peg_mid(ALICE, BTC, Side.SELL, 10))
    found = trading.runner.measures.look(trading.runner.state, at_ms=trading.now_ms + 1)
    session_redis.set(figures_key(), encode_figures(found))
    after = told(EngineCollector()) | told(VenueCollector())
    assert {name: after[name] for name in before} == before
    later = figures_of_now(trading, session_redis)
    changed = {name for name in before if later[name] != before[name]}
    assert all(name.startswith((spread, "godark_engine_oldest")) for name in changed)


def test_an_order_is_told_by_no_name_or_label(
    trading: Exchange, session_redis: redis.Redis
) -> None:
    trading.give(peg_mid(ALICE, BTC, Side.SELL, 10))
    show_figures(trading, session_redis)
    registry = CollectorRegistry()
    registry.register(EngineCollector())
    registry.register(VenueCollector())
    text = generate_latest(registry).decode()
    assert str(uuid.UUID(ALICE)) not in text
    assert "SubmitOrder" not in text
    assert "order" not in text.replace("border", "")


def test_a_spread_counts_what_is_at_most_each_bound() -> None:
    spread = Spread.over(COUNTS)
    for measure in (1, 2, 2, 600):
        spread.add(measure)
    buckets = dict(spread.buckets())
    assert (buckets["1.0"], buckets["2.0"], buckets["500.0"], buckets["+Inf"]) == (1, 3, 3, 4)
    assert spread.total == 605


def test_a_database_that_hangs_costs_a_scrape_no_more_than_a_probe(settings: Settings) -> None:
    settings.PROBE_SECONDS = 0.05
    released, looks = threading.Event(), []

    def hang() -> Look:
        looks.append(1)
        assert released.wait(timeout=30)
        raise OperationalError("it was away")

    collector = VenueCollector(Bounded(hang))
    assert [told(collector), told(collector)] == [{}, {}]
    assert looks == [1], "one look hangs, and no other is begun"
    released.set()
