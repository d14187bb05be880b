import pytest
from hypothesis import given
from hypothesis import strategies as st

from prices.funding import HourSoFar, Sampler, average_premium_ppb, hourly_rate_ppb


def an_hour_of(premium_ppb: int | None) -> list[int | None]:
    return [premium_ppb] * 3_600


@pytest.mark.parametrize(
    ("premium_ppb", "hourly_ppb"),
    [
        # P 0: F8h = 0.01%, an eighth of it
        (0, 12_500),
        # P within 0.01% +- 0.05%: the interest takes it back to 0.01%
        (600_000, 12_500),
        (-400_000, 12_500),
        # P 0.2%: F8h = 0.2% - 0.05% = 0.15%
        (2_000_000, 187_500),
        # P -0.2%: F8h = -0.15%
        (-2_000_000, -187_500),
        # P 1%: an eighth of 0.95% is above the clamp of 0.05%
        (10_000_000, 500_000),
        (-10_000_000, -500_000),
    ],
)
def test_the_hourly_rate_follows_the_average_premium(premium_ppb: int, hourly_ppb: int) -> None:
    assert hourly_rate_ppb(an_hour_of(premium_ppb)) == hourly_ppb


def test_missing_seconds_are_left_out_of_the_average_and_too_many_leave_no_rate() -> None:
    half = an_hour_of(None)[:1_800]
    assert hourly_rate_ppb([*half, *[2_000_000] * 1_800]) == 187_500
    assert hourly_rate_ppb([*half, None, *[2_000_000] * 1_799]) is None
    assert hourly_rate_ppb([2_000_000] * 1_799) is None
    assert hourly_rate_ppb([]) is None


@given(st.lists(st.integers(min_value=-(10**8), max_value=10**8), min_size=6, max_size=6))
def test_an_hour_never_costs_more_than_a_twentieth_of_a_percent(some: list[int]) -> None:
    premiums = some * 600
    rate = hourly_rate_ppb(premiums)
    average = average_premium_ppb(premiums)
    assert rate is not None
    assert average is not None
    assert -500_000 <= rate <= 500_000
    assert min(premiums) <= average <= max(premiums)


def test_a_minute_holds_the_first_sample_of_each_second_and_none_for_a_missing_one() -> None:
    sampler = Sampler("BTC-USDT-PERP")
    for at_ms, premium in ((60_000, 1), (60_400, 9), (61_000, 2), (119_999, 3)):
        finished = sampler.take(
            at_ms=at_ms,
            premium_ppb=premium,
            index_half_ticks=20,
            mark_half_ticks=21,
            perpetuals=3,
        )
        assert finished is None
    minute = sampler.take(
        at_ms=120_000, premium_ppb=None, index_half_ticks=None, mark_half_ticks=None, perpetuals=0
    )
    assert minute is not None
    assert minute.minute_ms == 60_000
    assert len(minute.premiums_ppb) == len(minute.index_half_ticks) == 60
    assert (minute.premiums_ppb[:3], minute.premiums_ppb[59]) == ((1, 2, None), 3)
    assert minute.mark_half_ticks[0] == 21
    assert minute.perpetuals[:3] == (3, 3, 0)


def test_a_sampler_that_saw_nothing_has_no_minute_to_close() -> None:
    assert Sampler("BTC-USDT-PERP").close() is None


def test_the_rate_of_the_running_hour_is_that_of_its_premiums_so_far() -> None:
    hour_ms = 3_600_000
    so_far = HourSoFar(hour_ms=hour_ms, total_ppb=2_000_000, count=1)
    assert so_far.rate_ppb() == 187_500
    so_far.take(at_ms=hour_ms + 5_000, premium_ppb=-2_000_000)
    assert so_far.rate_ppb() == 12_500
    so_far.take(at_ms=2 * hour_ms, premium_ppb=10_000_000)
    assert so_far.rate_ppb() == 500_000
    assert HourSoFar().rate_ppb() is None
