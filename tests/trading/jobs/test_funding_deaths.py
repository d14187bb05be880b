"""Whoever dies around the hour, before or after whatever step: one payment a market and hour."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.exchange import START_MS, Exchange
from tests.trading.jobs.positions import BTC, ETH, hold_positions, list_only, quote_premiums
from trading import log as event_log
from trading.inbox import writing
from trading.models import Event, FundingClock, FundingPayment, FundingRate
from trading.projections import Projector
from trading.runner import committing, restore, runner, snapshots
from trading.services import funding_clock

START_S = START_MS // 1_000
AROUND_S = range(-1, 2)
POINTS_AT_LEAST = 90


class ProcessDied(BaseException):
    """The process is gone, as by kill -9: nothing after this line runs, what is open is undone."""


class Fate:
    """Counts points, one before and one after each step, and dies once at the one it is set to."""

    def __init__(self) -> None:
        self.dies_at = 0
        self.count = 0

    def set(self, dies_at: int) -> None:
        """Die at this point from now on; 0: never."""
        self.dies_at, self.count = dies_at, 0

    def pass_point(self) -> None:
        """Live on, or not."""
        self.count += 1
        if self.count == self.dies_at:
            raise ProcessDied

    def around(self, step: Callable[..., Any]) -> Callable[..., Any]:
        """Return a step with a point before and one after it."""

        def fateful(*args: Any, **kwargs: Any) -> Any:
            self.pass_point()
            result = step(*args, **kwargs)
            self.pass_point()
            return result

        return fateful


@pytest.fixture
def fate(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> Fate:
    """Return what decides who dies when: job and engine, at every step between two writes."""
    list_only(BTC, ETH)
    hold_positions(exchange, BTC, ETH)
    quote_premiums({BTC: 800_000, ETH: -2_000_000})
    funding_clock.advance(now_s=START_S)
    found = Fate()
    for owner, name in (
        (funding_clock, "_commands"),
        (funding_clock, "put_many"),
        (FundingClock, "save"),
        (writing, "columns_of"),
        (funding_clock, "advance"),
        (runner, "take"),
        (runner, "arrange"),
        (runner, "decide_step"),
        (event_log, "append"),
        (Projector, "write"),
        (committing.AccountSequences, "give"),
        (committing, "_mark"),
        (runner, "commit"),
    ):
        monkeypatch.setattr(owner, name, found.around(getattr(owner, name)))
    return found


def live_through_an_hour(exchange: Exchange, hour_ends_s: int) -> int:
    """Let job and engine run for some seconds around the full hour; return how many died."""
    deaths = 0
    FundingClock.objects.update(sampled_until=hour_ends_s + AROUND_S[0] - 1)
    for second in AROUND_S:
        exchange.now_ms = (hour_ends_s + second) * 1_000
        try:
            funding_clock.advance(now_s=hour_ends_s + second)
        except ProcessDied:
            deaths += 1
        try:
            exchange.settle()
        except ProcessDied:
            deaths += 1
            exchange.restart()
    return deaths


def check_hour(exchange: Exchange, hour: int) -> None:
    """Prove that the hour was paid once in both markets, to both sides, and sums to zero."""
    for symbol in (BTC, ETH):
        rate = FundingRate.objects.get(market__symbol=symbol, hour=hour)
        assert rate.rate_ppb == {BTC: 37_500, ETH: -187_500}[symbol]
        payments = FundingPayment.objects.filter(market__symbol=symbol, hour=hour)
        amounts = list(payments.values_list("amount_micro", flat=True))
        assert len(amounts) == 2
        assert sum(amounts) + rate.residue_micro == 0
        funding = exchange.runner.state.markets[symbol].funding
        assert funding.paid_hour == hour
        assert funding.samples + funding.missing == AROUND_S[-1]


def test_a_death_at_any_point_pays_every_hour_exactly_once(exchange: Exchange, fate: Fate) -> None:
    point, hour, died = 0, START_S // 3_600, 0
    while died == point:
        point += 1
        fate.set(point)
        deaths = live_through_an_hour(exchange, (hour + 1) * 3_600)
        fate.set(0)
        # Whatever was left undone by a death in the last second.
        funding_clock.advance(now_s=(hour + 1) * 3_600 + AROUND_S[-1])
        exchange.settle()
        check_hour(exchange, hour)
        died += deaths
        hour += 1
        # So that the next restore is short.
        snapshots.keep(
            exchange.runner.connection, exchange.runner.state, exchange.runner.place, at_ms=0
        )
    assert died >= POINTS_AT_LEAST
    assert FundingRate.objects.count() == 2 * point
    assert Event.objects.filter(kind="FundingRateSet").count() == 2 * point
    restored = restore.restore(exchange.runner.connection)
    assert restored.place == exchange.runner.place
