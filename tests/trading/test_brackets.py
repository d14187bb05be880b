"""The margin brackets: the product's table, and its laws."""

from collections.abc import Iterator
from itertools import pairwise

import psycopg
import pytest
from django.db import connection, transaction
from django.db.models import F
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoDbBlocker

from engine.margin import BRACKETS, UNBOUNDED
from trading.models import Bracket, BracketSchedule
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
BORDER_OF_RACE_MICRO = 1_000_000_000
RACE = "a race"
CHECK_NOW = "SET CONSTRAINTS ALL IMMEDIATE"


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


def test_the_engine_reckons_with_the_same_brackets() -> None:
    assert [
        (
            None if bracket.up_to_micro == UNBOUNDED else bracket.up_to_micro,
            bracket.max_leverage,
            bracket.maintenance_ppb,
            bracket.deduction_micro,
        )
        for bracket in BRACKETS
    ] == [(border, leverage, rate, deduction) for border, leverage, _, rate, deduction in TABLE]


@pytest.fixture
def schedule_of_race(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Commit a schedule of two brackets, which two connections can see; remove it afterwards."""
    with django_db_blocker.unblock():
        with transaction.atomic():
            schedule = BracketSchedule.objects.create(name=RACE)
            for border, leverage, initial, rate, deduction in (
                (BORDER_OF_RACE_MICRO, 100, 10_000_000, 1_000_000, 0),
                (None, 50, 20_000_000, 2_000_000, 1_000_000),
            ):
                Bracket.objects.create(
                    schedule=schedule,
                    notional_up_to_micro=border,
                    max_leverage=leverage,
                    initial_margin_ppb=initial,
                    maintenance_margin_ppb=rate,
                    deduction_micro=deduction,
                )
        yield
        with transaction.atomic():
            Bracket.objects.filter(schedule__name=RACE).delete()
            BracketSchedule.objects.filter(name=RACE).delete()


def test_two_changes_at_once_cannot_break_together_what_each_alone_keeps(
    schedule_of_race: None,
) -> None:
    params = connection.get_connection_params()
    with psycopg.connect(**params) as lowering, psycopg.connect(**params) as raising:
        set_leverage(lowering, of=100, to=60, initial_margin_ppb=16_666_667)
        set_leverage(raising, of=50, to=70, initial_margin_ppb=14_285_715)
        lowering.execute(CHECK_NOW)
        raising.execute("SET lock_timeout = '50ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable), raising.transaction():
            raising.execute(CHECK_NOW)
        lowering.commit()
        with pytest.raises(psycopg.errors.CheckViolation, match="not monotone"):
            raising.execute(CHECK_NOW)
        raising.rollback()


def set_leverage(own: psycopg.Connection, *, of: int, to: int, initial_margin_ppb: int) -> None:
    """Change the leverage of a bracket of the race in an open transaction of its own."""
    changed = own.execute(
        "UPDATE trading_bracket SET max_leverage = %s, initial_margin_ppb = %s"
        " FROM trading_bracketschedule AS schedule WHERE max_leverage = %s"
        " AND schedule_id = schedule.id AND schedule.name = %s",
        [to, initial_margin_ppb, of, RACE],
    )
    assert changed.rowcount == 1
