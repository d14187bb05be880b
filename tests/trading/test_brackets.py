"""The margin brackets: the product's table, and its laws."""

from itertools import pairwise

import pytest
from django.db.models import F
from hypothesis import given
from hypothesis import strategies as st

from trading.models import Bracket
from trading.services.catalogue import CatalogueReport
from trading.services.catalogue_file import read_catalogue

TABLE = [
    # notional up to, leverage, initial margin, maintenance rate, deduction
    (5_000_000_000, 1_000, 1_000_000, 500_000, 0),
    (20_000_000_000, 500, 2_000_000, 1_000_000, 2_500_000),
    (50_000_000_000, 100, 10_000_000, 5_000_000, 82_500_000),
    (100_000_000_000, 50, 20_000_000, 10_000_000, 332_500_000),
    (None, 20, 50_000_000, 25_000_000, 1_832_500_000),
]
PPB = 1_000_000_000


def stored() -> list[Bracket]:
    """Return the standard brackets from the lowest."""
    return list(
        Bracket.objects.filter(schedule__name="standard").order_by(
            F("notional_up_to_micro").asc(nulls_last=True)
        )
    )


def maintenance_micro_ppb(notional_micro: int) -> int:
    """Return the maintenance margin of a notional by the table, in micro-USDT times a billion."""
    for border, _, _, rate_ppb, deduction_micro in TABLE:
        if border is None or notional_micro <= border:
            return notional_micro * rate_ppb - deduction_micro * PPB
    raise AssertionError("the last bracket has no border")


def test_the_brackets_are_those_of_the_product(listing: CatalogueReport) -> None:
    assert [
        (
            row.notional_up_to_micro,
            row.max_leverage,
            row.initial_margin_ppb,
            row.maintenance_margin_ppb,
            row.deduction_micro,
        )
        for row in stored()
    ] == TABLE


def test_maintenance_margin_is_continuous_at_every_border(listing: CatalogueReport) -> None:
    for low, high in pairwise(stored()):
        border_micro = low.notional_up_to_micro
        assert border_micro is not None
        below = border_micro * low.maintenance_margin_ppb - low.deduction_micro * PPB
        above = border_micro * high.maintenance_margin_ppb - high.deduction_micro * PPB
        assert below == above, border_micro


def test_maintenance_is_half_of_initial_margin_which_is_one_over_leverage(
    listing: CatalogueReport,
) -> None:
    for row in stored():
        assert row.initial_margin_ppb * row.max_leverage == PPB
        assert row.maintenance_margin_ppb * 2 == row.initial_margin_ppb


@given(st.integers(1, 10**13), st.integers(0, 10**13))
def test_a_larger_position_never_needs_less_maintenance_margin(notional: int, more: int) -> None:
    assert maintenance_micro_ppb(notional + more) >= maintenance_micro_ppb(notional) > 0


def test_the_catalogue_keeps_to_one_schedule() -> None:
    assert [schedule.name for schedule in read_catalogue().bracket_schedule] == ["standard"]


@pytest.mark.parametrize("row", TABLE)
def test_the_table_is_stated_in_whole_micro_usdt(row: tuple[int | None, ...]) -> None:
    assert all(cell is None or isinstance(cell, int) for cell in row)
