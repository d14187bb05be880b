"""Numbers leave the client as exact decimals, or not at all."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from godark_client.numbers import Number, written


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_decimal_is_written_with_all_its_digits_and_without_an_exponent(number: Decimal) -> None:
    told = written(number)
    assert Decimal(told) == number
    assert "e" not in told.lower()


@pytest.mark.parametrize(
    ("number", "told"),
    [("1e-8", "0.00000001"), (7, "7"), (Decimal("1E+3"), "1000"), ("0.10", "0.10")],
)
def test_strings_and_ints_are_numbers_too(number: Number, told: str) -> None:
    assert written(number) == told


@pytest.mark.parametrize("wrong", [0.1, True, None, b"1", [1]])
def test_a_float_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError):
        written(wrong)


@pytest.mark.parametrize("wrong", ["", "abc", "NaN", "Infinity", "1,5"])
def test_what_is_no_number_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"no number|not finite"):
        written(wrong)
