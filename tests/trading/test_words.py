"""The words of the rows are those of the engine, and the numbers leave as the contract says."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from engine.vocabulary import MarketState as EngineState
from engine.vocabulary import Pricing as EnginePricing
from trading.api.fields import DecimalString, MomentMs, plain
from trading.models import MarketState, Pricing


def test_states_and_pricing_are_named_as_in_the_engine() -> None:
    assert set(MarketState.values) == {state.value for state in EngineState}
    assert set(Pricing.values) == {pricing.value for pricing in EnginePricing}


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("0.100000000000", "0.1"),
        ("1E-11", "0.00000000001"),
        ("1E+6", "1000000"),
        ("500000", "500000"),
        ("-0.000200000", "-0.0002"),
        ("0", "0"),
        ("0.000", "0"),
        ("-0.00", "0"),
    ],
)
def test_a_decimal_is_written_without_exponent_and_idle_zeros(number: str, written: str) -> None:
    assert plain(Decimal(number)) == written


def test_nothing_but_a_decimal_leaves_as_one() -> None:
    with pytest.raises(TypeError, match="is no Decimal"):
        DecimalString().to_representation(0.1)


def test_a_moment_leaves_as_whole_milliseconds_rounded_down() -> None:
    at = datetime(2026, 3, 4, 12, 0, 0, 123_999, tzinfo=UTC)
    assert MomentMs().to_representation(at) == 1_772_625_600_123
    with pytest.raises(TypeError, match="is no datetime"):
        MomentMs().to_representation(1_772_625_600)
