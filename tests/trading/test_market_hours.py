"""When FX is open: Sunday 17:00 to Friday 17:00 in New York, whatever the clocks there do."""

from datetime import UTC, datetime, timedelta

import pytest

from prices.hours import fx_is_open
from trading.models import Holiday, Market, TradingCalendar
from trading.selectors import market_hours

pytestmark = pytest.mark.usefixtures("listing")


def fx() -> Market:
    """Return an FX market with its calendar and holidays at hand."""
    return (
        Market.objects.select_related("calendar")
        .prefetch_related("calendar__holidays")
        .get(symbol="EUR-USDT-PERP")
    )


def moment(text: str) -> datetime:
    """Return a moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        # Winter: New York is five hours behind.
        ("2026-01-16T21:59:59", True),
        ("2026-01-16T22:00:00", False),
        ("2026-01-17T12:00:00", False),
        ("2026-01-18T21:59:59", False),
        ("2026-01-18T22:00:00", True),
        # The weekend of 8 March 2026, in which the clocks go forward.
        ("2026-03-06T21:59:59", True),
        ("2026-03-06T22:00:00", False),
        ("2026-03-08T20:59:59", False),
        ("2026-03-08T21:00:00", True),
        # Summer: four hours behind.
        ("2026-07-17T20:59:59", True),
        ("2026-07-17T21:00:00", False),
        ("2026-07-19T21:00:00", True),
        # The weekend of 1 November 2026, in which they go back.
        ("2026-10-30T20:59:59", True),
        ("2026-10-30T21:00:00", False),
        ("2026-11-01T21:59:59", False),
        ("2026-11-01T22:00:00", True),
        # Christmas Day 2025, a Thursday: closed for one trading day.
        ("2025-12-24T21:59:59", True),
        ("2025-12-24T22:00:00", False),
        ("2025-12-25T21:59:59", False),
        ("2025-12-25T22:00:00", True),
        # New Year's Day 2026.
        ("2025-12-31T22:00:00", False),
        ("2026-01-01T22:00:00", True),
        # Christmas Day 2026, a Friday: the weekend follows at once.
        ("2026-12-24T21:59:59", True),
        ("2026-12-24T22:00:00", False),
        ("2026-12-25T22:00:00", False),
        ("2026-12-27T22:00:00", True),
    ],
)
def test_fx_is_open_by_new_york_time(at: str, *, is_open: bool) -> None:
    assert market_hours.is_open(market=fx(), at=moment(at)) is is_open


@pytest.mark.parametrize(
    ("at", "changes_at"),
    [
        ("2026-03-04T12:00:00", "2026-03-06T22:00:00"),
        ("2026-03-06T22:00:00", "2026-03-08T21:00:00"),
        ("2026-03-08T21:00:00", "2026-03-13T21:00:00"),
        ("2026-11-01T21:59:59", "2026-11-01T22:00:00"),
        ("2025-12-23T12:00:00", "2025-12-24T22:00:00"),
        ("2026-12-24T22:00:00", "2026-12-27T22:00:00"),
        ("2026-12-31T22:00:00", "2027-01-03T22:00:00"),
    ],
)
def test_the_next_change_is_when_it_opens_or_closes_next(at: str, changes_at: str) -> None:
    assert market_hours.next_change_at(market=fx(), at=moment(at)) == moment(changes_at)


def test_the_moment_may_be_given_in_any_time_zone() -> None:
    tokyo = datetime.fromisoformat("2026-01-19T07:00:00+09:00")
    assert market_hours.is_open(market=fx(), at=tokyo)
    assert not market_hours.is_open(market=fx(), at=tokyo - timedelta(seconds=1))


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a time zone"):
        market_hours.is_open(market=fx(), at=datetime(2026, 1, 16, 12))  # noqa: DTZ001 - the point of the test


def test_crypto_is_always_open_and_never_changes() -> None:
    bitcoin = Market.objects.get(symbol="BTC-USDT-PERP")
    for day in range(7):
        at = moment("2025-12-25T00:00:00") + timedelta(days=day)
        assert market_hours.is_open(market=bitcoin, at=at)
        assert market_hours.next_change_at(market=bitcoin, at=at) is None


def test_a_week_may_close_and_open_on_other_days() -> None:
    market = fx()
    assert market.calendar is not None
    market.calendar.week_closes_on, market.calendar.week_opens_on = 1, 7
    begin = moment("2026-01-12T22:00:00")
    days = [market_hours.is_open(market=market, at=begin + timedelta(days=n)) for n in range(7)]
    assert days == [False, False, False, False, False, False, True]


def test_a_calendar_without_a_change_to_come_says_none() -> None:
    begin = moment("2026-01-12T12:00:00")
    calendar = TradingCalendar.objects.get(name="FX")
    for day in range(60):
        Holiday.objects.get_or_create(
            calendar=calendar,
            trading_day=(begin + timedelta(days=day)).date(),
            defaults={"name": "A long rest"},
        )
    assert not market_hours.is_open(market=fx(), at=begin)
    assert market_hours.next_change_at(market=fx(), at=begin) is None


def test_the_price_service_reckons_the_same_hours_in_every_hour_of_five_years() -> None:
    market = fx()
    begin = moment("2025-12-20T00:30:00")
    differing = [
        at
        for at in (begin + timedelta(hours=number) for number in range(5 * 366 * 24))
        if market_hours.is_open(market=market, at=at) != fx_is_open(int(at.timestamp()) * 1_000)
    ]
    assert not differing
