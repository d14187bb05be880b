import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prices.units import (
    ask_pico_of,
    bid_pico_of,
    ceil_ticks,
    decimal_of_pico,
    floor_ticks,
    nearest_div,
    nearest_half_ticks,
    pico_of,
    ratio_ppb,
)


@pytest.mark.parametrize(
    ("outside", "pico"),
    [
        ("61837.63000000", 61_837_630_000_000_000),
        (61837.63, 61_837_630_000_000_000),
        (0.1, 100_000_000_000),
        ("0.00000742", 7_420_000),
        ("1e-6", 1_000_000),
        (Decimal("1.5"), 1_500_000_000_000),
        (3, 3_000_000_000_000),
    ],
)
def test_an_outside_price_becomes_exactly_the_integer_that_was_printed(
    outside: str | float, pico: int
) -> None:
    assert pico_of(outside) == pico


@pytest.mark.parametrize(
    "nonsense",
    [
        None,
        "",
        "price",
        "0",
        "-1",
        0,
        -0.0,
        -3.5,
        math.nan,
        math.inf,
        -math.inf,
        "NaN",
        "sNaN",
        "Infinity",
        "1e999999999",
        "1e-999999999",
        True,
        "1000000000.1",
        "0x10",
        "1_0__0",
    ],
)
def test_nonsense_becomes_zero_and_never_an_exception(nonsense: str | float | None) -> None:
    assert pico_of(nonsense) == 0


def test_a_bid_is_rounded_down_and_an_ask_up_below_a_pico() -> None:
    assert bid_pico_of("0.0000000000019") == 1
    assert ask_pico_of("0.0000000000011") == 2


@given(st.text() | st.floats() | st.integers() | st.decimals())
def test_whatever_arrives_the_border_gives_a_bounded_whole_number(outside: str | float) -> None:
    pico = pico_of(outside)
    assert 0 <= pico <= 10**21


@given(st.integers(min_value=1, max_value=10**20))
def test_a_price_survives_the_way_out_and_in_again(price_pico: int) -> None:
    assert pico_of(decimal_of_pico(price_pico)) == price_pico
    assert pico_of(str(decimal_of_pico(price_pico))) == price_pico


@given(st.integers(min_value=1, max_value=10**18), st.integers(min_value=2, max_value=10**12))
def test_a_bid_never_rounds_up_an_ask_never_down_and_an_index_by_a_quarter_tick_at_most(
    price_pico: int, tick_pico: int
) -> None:
    assert floor_ticks(price_pico=price_pico, tick_pico=tick_pico) * tick_pico <= price_pico
    assert ceil_ticks(price_pico=price_pico, tick_pico=tick_pico) * tick_pico >= price_pico
    half_ticks = nearest_half_ticks(price_pico=price_pico, tick_pico=tick_pico)
    if 4 * price_pico >= tick_pico:
        assert 4 * abs(half_ticks * tick_pico - 2 * price_pico) <= 2 * tick_pico


@pytest.mark.parametrize(
    ("numerator", "denominator", "nearest"),
    [(7, 2, 4), (-7, 2, -3), (5, 3, 2), (4, 3, 1), (-4, 3, -1), (0, 5, 0)],
)
def test_the_nearest_quotient_takes_exactly_half_upwards(
    numerator: int, denominator: int, nearest: int
) -> None:
    assert nearest_div(numerator, denominator) == nearest


def test_a_ratio_is_in_parts_per_billion() -> None:
    assert ratio_ppb(part=1, whole=10_000) == 100_000
