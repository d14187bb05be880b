import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prices.mark import Average, advance_average, find_mark_pico
from prices.premium import measure_premium
from prices.records import Drop, Quote
from tests.prices.sources import BTC, NOW_MS, ONE_USD, around, quote, usdt

PPB_OF_ONE_PERCENT = 10_000_000


def premium(quotes: dict[str, Quote], *, index: str = "100") -> int:
    return measure_premium(
        market=BTC,
        quotes=quotes,
        index_pico=usdt(index),
        at_ms=NOW_MS,
        usdt_usd_pico=ONE_USD,
    ).premium_ppb


@pytest.mark.parametrize(
    ("mids", "ppb"),
    [
        ((), 0),
        (("100.1",), 1_000_000),
        (("100.1", "100.3"), 2_000_000),
        (("100.1", "99.9", "100.3"), 1_000_000),
        (("99.9", "99.9", "104"), -1_000_000),
    ],
)
def test_the_premium_is_the_median_perpetual_against_the_index(
    mids: tuple[str, ...], ppb: int
) -> None:
    names = ("binance-perp", "okx-perp", "bybit-perp")
    quotes = {name: around(mid) for name, mid in zip(names, mids, strict=False)}
    assert premium(quotes) == ppb


@pytest.mark.parametrize(
    ("wrong", "drop"),
    [
        (around(1000), Drop.OUTLIER),
        (around("105.01"), Drop.OUTLIER),
        (around(100, age_ms=5_001), Drop.STALE),
        (quote("0", "0"), Drop.NONSENSE),
    ],
)
def test_a_wrong_perpetual_does_not_enter_the_premium(wrong: Quote, drop: Drop) -> None:
    found = measure_premium(
        market=BTC,
        quotes={"binance-perp": wrong, "okx-perp": around("100.1")},
        index_pico=usdt("100"),
        at_ms=NOW_MS,
        usdt_usd_pico=ONE_USD,
    )
    assert found.premium_ppb == 1_000_000
    assert [perpetual.drop for perpetual in found.perpetuals] == [drop, None, Drop.SILENT]


def after(*, seconds: int, premium_ppb: int, step_ms: int = 1_000) -> Average:
    average = advance_average(None, premium_ppb=0, at_ms=0)
    for at_ms in range(step_ms, seconds * 1_000 + 1, step_ms):
        average = advance_average(average, premium_ppb=premium_ppb, at_ms=at_ms)
    return average


@pytest.mark.parametrize("step_ms", [50, 250, 1_000, 30_000])
def test_after_thirty_seconds_the_average_has_come_63_percent_however_often_it_was_moved(
    step_ms: int,
) -> None:
    average = after(seconds=30, premium_ppb=1_000_000, step_ms=step_ms)
    expected = (1 - math.exp(-1)) * 1e15
    assert abs(average.premium_atto - expected) < 1_000


def test_the_first_premium_starts_the_average_and_a_constant_one_keeps_it() -> None:
    average = advance_average(None, premium_ppb=123_456, at_ms=0)
    assert advance_average(average, premium_ppb=123_456, at_ms=777) == Average(
        premium_atto=123_456 * 10**9, at_ms=777
    )


def test_a_clock_that_steps_back_changes_nothing() -> None:
    average = advance_average(None, premium_ppb=5, at_ms=1_000)
    assert advance_average(average, premium_ppb=900, at_ms=500) == average


@pytest.mark.parametrize(
    ("premium_ppb", "mark"),
    [
        (0, "100"),
        (1_000_000, "100.1"),
        (-1_000_000, "99.9"),
        (5_000_000, "100.5"),
        (40_000_000, "100.5"),
        (-40_000_000, "99.5"),
    ],
)
def test_the_mark_is_the_index_with_the_average_premium_at_most_half_a_percent(
    premium_ppb: int, mark: str
) -> None:
    average = advance_average(None, premium_ppb=premium_ppb, at_ms=0)
    assert find_mark_pico(index_pico=usdt("100"), average=average) == usdt(mark)


@given(
    st.integers(min_value=1, max_value=10**18),
    st.lists(
        st.tuples(
            st.integers(min_value=-50_000_000, max_value=50_000_000),
            st.integers(min_value=0, max_value=10**7),
        ),
        min_size=1,
        max_size=20,
    ),
)
def test_the_average_stays_within_what_it_saw_and_the_mark_within_half_a_percent(
    index_pico: int, premiums: list[tuple[int, int]]
) -> None:
    average: Average | None = None
    at_ms = 0
    for premium_ppb, elapsed_ms in premiums:
        at_ms += elapsed_ms
        average = advance_average(average, premium_ppb=premium_ppb, at_ms=at_ms)
    assert average is not None
    seen = [premium_ppb * 10**9 for premium_ppb, _ in premiums]
    assert min(seen) - 1 <= average.premium_atto <= max(seen) + 1
    mark_pico = find_mark_pico(index_pico=index_pico, average=average)
    assert 1000 * abs(mark_pico - index_pico) <= 5 * index_pico + 1000


def test_one_percent_is_ten_million_parts_per_billion() -> None:
    assert premium({"okx-perp": around(101)}) == PPB_OF_ONE_PERCENT
