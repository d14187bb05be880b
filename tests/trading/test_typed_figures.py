"""What staff type as a figure becomes exactly that many units, or is refused."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from trading.admin.typed import MOST, FigureField, percent_field, typed, usdt_field


@pytest.mark.parametrize(
    ("said", "micro"),
    [
        ("1", 1_000_000),
        ("1,000,000.5", 1_000_000_500_000),
        ("0.000001 USDT", 1),
        ("  12 ", 12_000_000),
        ("9,007,199,254.740993", 9_007_199_254_740_993),
    ],
)
def test_an_amount_is_read_to_the_micro(said: str, micro: int) -> None:
    assert usdt_field().clean(said) == micro


@pytest.mark.parametrize(
    "said",
    ["", "1e3", "1,00", ".5", "5.", "NaN", "Infinity", "--1", "1 2 x", "0.0000001", "٣", "9" * 24],
)
def test_what_is_no_figure_or_no_whole_unit_is_refused(said: str) -> None:
    with pytest.raises(ValidationError):
        usdt_field().clean(said)


def test_a_rate_is_typed_in_per_cent() -> None:
    assert percent_field().clean("0.05") == 500_000
    assert percent_field().clean("0.0000001%") == 1


@given(
    kept=st.integers(min_value=-MOST, max_value=MOST),
    step=st.sampled_from(["1", "0.001", "0.000001", "0.0000001", "10", "0.25"]),
)
def test_what_is_shown_in_a_field_is_read_back_as_the_same_number(kept: int, step: str) -> None:
    field = FigureField(unit="BTC", step=Decimal(step), least=-MOST)
    assert field.clean(typed(kept, field.step)) == kept
