"""The clock of funding: each second sampled once, each hour paid once or declared void."""

from datetime import UTC, datetime

import pytest

from engine import commands as c
from engine.codec import decode_command
from tests.exchange import START_MS, Exchange
from tests.trading.jobs.positions import BTC, ETH, hold_positions, list_only, quote_premiums
from trading.models import (
    Alert,
    Command,
    FundingClock,
    FundingPayment,
    FundingRate,
    Market,
    PremiumMinute,
)
from trading.selectors.funding import Recorded
from trading.services.funding_clock import AT_ONCE_S, advance, check_paid, samples_of

START_S = START_MS // 1_000
HOUR = START_S // 3_600


@pytest.fixture(autouse=True)
def two_markets(exchange: Exchange) -> None:
    """Leave BTC and ETH, each with positions, and start the clock on the hour."""
    list_only(BTC, ETH)
    hold_positions(exchange, BTC, ETH)
    quote_premiums({BTC: 800_000, ETH: -2_000_000})
    advance(now_s=START_S)


def record(symbol: str, minute: int, premiums: list[int | None]) -> None:
    """Record a minute as the price service does; `minute` counts from the start."""
    PremiumMinute.objects.create(
        market=Market.objects.get(symbol=symbol),
        minute_at=datetime.fromtimestamp(START_S + 60 * minute, tz=UTC),
        premiums_ppb=premiums,
        index_half_ticks=[1] * 60,
        mark_half_ticks=[1] * 60,
        perpetuals=[3] * 60,
    )


def samples() -> list[c.SampleFunding]:
    """Return all samples that were given, in order."""
    rows = Command.objects.filter(kind="SampleFunding").order_by("id")
    found = [decode_command(bytes(row.payload)) for row in rows]
    return [one for one in found if isinstance(one, c.SampleFunding)]


def test_the_first_call_starts_the_clock_and_gives_nothing() -> None:
    assert FundingClock.objects.get().sampled_until == START_S
    assert samples() == []


def test_each_second_is_sampled_once_however_often_it_is_asked_for(exchange: Exchange) -> None:
    assert [advance(now_s=START_S + second) for second in (1, 1, 2, 2, 4)] == [1, 0, 1, 0, 2]
    exchange.settle()
    funding = exchange.runner.state.markets[BTC].funding
    assert (funding.samples, funding.premium_sum_ppb) == (4, 4 * 800_000)


def test_a_clock_that_was_set_back_samples_nothing_twice() -> None:
    assert advance(now_s=START_S + 10) == 10
    assert advance(now_s=START_S - 3_600) == 0
    assert advance(now_s=START_S + 10) == 0
    assert advance(now_s=START_S + 11) == 1


def test_the_payment_stands_between_the_hours_last_second_and_the_next_ones_first() -> None:
    FundingClock.objects.update(sampled_until=START_S + 3_598)
    advance(now_s=START_S + 3_602)
    kinds = list(
        Command.objects.filter(key__isnull=False).order_by("id").values_list("key", flat=True)
    )
    assert kinds[-4:] == [
        f"sample:{START_S + 3_598}",
        f"funding:{BTC}:{HOUR}",
        f"funding:{ETH}:{HOUR}",
        f"sample:{START_S + 3_600}",
    ]
    assert [one.samples[0].seconds for one in samples()] == [2, 2]


def test_an_hour_is_paid_and_sums_to_zero_with_the_residue(exchange: Exchange) -> None:
    FundingClock.objects.update(sampled_until=START_S + 3_595)
    exchange.now_ms += 3_600_000
    advance(now_s=START_S + 3_600)
    exchange.settle()
    for symbol, rate_ppb in ((BTC, 37_500), (ETH, -187_500)):
        rate = FundingRate.objects.get(market__symbol=symbol)
        assert (rate.hour, rate.rate_ppb) == (HOUR, rate_ppb)
    payments = FundingPayment.objects.filter(market__symbol=BTC)
    residue = FundingRate.objects.get(market__symbol=BTC).residue_micro
    assert len(payments) == 2
    assert sum(one.amount_micro for one in payments) + residue == 0
    assert max(one.amount_micro for one in payments) > 0


def test_an_outage_is_made_up_for_from_what_was_recorded_meanwhile(exchange: Exchange) -> None:
    record(BTC, 0, [1_000, None, *[7] * 58])
    record(BTC, 1, [5] * 60)
    record(BTC, 2, [9] * 60)
    assert advance(now_s=START_S + 150) == 150
    exchange.settle()
    funding = exchange.runner.state.markets[BTC].funding
    assert funding.premium_sum_ppb == 1_000 + 58 * 7 + 60 * 5 + 30 * 9
    assert (funding.samples, funding.missing) == (149, 1)
    assert exchange.runner.state.markets[ETH].funding.missing == 150


def test_an_hour_of_which_most_is_missing_is_declared_void(exchange: Exchange) -> None:
    for minute in range(29):
        record(BTC, minute, [1_000] * 60)
    assert advance(now_s=START_S + 3_600) == 3_600
    exchange.settle()
    rates = dict(FundingRate.objects.values_list("market__symbol", "rate_ppb"))
    assert rates == {BTC: None, ETH: None}
    assert not FundingPayment.objects.exists()


def test_an_hour_of_which_most_was_recorded_is_caught_up(exchange: Exchange) -> None:
    for minute in range(31):
        record(BTC, minute, [800_000] * 60)
    advance(now_s=START_S + 3_600)
    exchange.settle()
    rates = dict(FundingRate.objects.values_list("market__symbol", "rate_ppb"))
    assert rates == {BTC: 37_500, ETH: None}
    assert FundingPayment.objects.filter(market__symbol=BTC).count() == 2


def test_a_night_is_caught_up_hour_by_hour(exchange: Exchange) -> None:
    now_s, calls = START_S + 9 * 3_600 + 30, 0
    while advance(now_s=now_s) == AT_ONCE_S:
        calls += 1
    exchange.settle()
    assert calls == 9
    hours = FundingRate.objects.filter(market__symbol=BTC).order_by("hour")
    assert [row.hour for row in hours] == [HOUR + n for n in range(9)]
    assert FundingClock.objects.get().sampled_until == now_s


def test_an_unpaid_hour_alerts_once(exchange: Exchange) -> None:
    FundingClock.objects.update(sampled_until=START_S + 3_599)
    advance(now_s=START_S + 3_601)
    exchange.settle()
    assert check_paid(now_s=START_S + 3_600 + 120) == []
    assert check_paid(now_s=START_S + 7_200 + 119) == []
    for _ in range(3):
        assert check_paid(now_s=START_S + 7_200 + 120) == [BTC, ETH]
    assert Alert.objects.filter(kind="FUNDING_LATE").count() == 1


@pytest.mark.parametrize(
    ("total", "seconds"), [(0, 1), (7, 3), (-7, 3), (10**12 + 1, 3_599), (-1, 3_600), (0, 0)]
)
def test_recorded_premiums_keep_their_sum_to_the_last(total: int, seconds: int) -> None:
    found = samples_of(BTC, Recorded(total, seconds), seconds=3_600)
    known = [(one.premium_ppb, one.seconds) for one in found if one.premium_ppb is not None]
    assert sum(premium * lasting for premium, lasting in known) == total
    assert sum(lasting for _, lasting in known) == seconds
    assert sum(one.seconds for one in found) == 3_600
    assert all(one.seconds > 0 for one in found)
