"""GET /api/v1/status: the mode of the venue and of each market."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from trading.api.examples import STATUS
from trading.models import Market, VenueModeChange

NOW = datetime(2026, 3, 4, 12, 0, 0, 123_000, tzinfo=UTC)
NOW_MS = 1_772_625_600_123

pytestmark = pytest.mark.usefixtures("listing")


def status() -> dict[str, Any]:
    """Return the status as the API answers it."""
    answer = Client().get("/api/v1/status")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_a_venue_that_was_never_paused_operates() -> None:
    with time_machine.travel(NOW, tick=False):
        found = status()
    del found["markets"]
    assert found == {
        "mode": "OPERATING",
        "pause_level": 0,
        "reason": "",
        "changed_at": None,
        "resumes_at": None,
        "server_at": NOW_MS,
    }


def test_every_market_is_named_with_its_state_in_the_order_of_the_catalogue() -> None:
    Market.objects.filter(base="ETH").update(state="ACTIVE", state_reason="", state_changed_at=NOW)
    markets = status()["markets"]
    assert [market["symbol"] for market in markets] == list(
        Market.objects.order_by("rank").values_list("symbol", flat=True)
    )
    assert markets[1] == {
        "symbol": "ETH-USDT-PERP",
        "state": "ACTIVE",
        "state_reason": "",
        "state_changed_at": NOW_MS,
    }
    assert {market["state"] for market in markets[2:]} == {"HALTED"}


@pytest.mark.parametrize(
    ("level", "mode", "minutes"),
    [
        (1, "NEW_ORDERS_PAUSED", 5),
        (2, "TRADING_PAUSED", 15),
        (3, "CANCELS_AND_WITHDRAWALS_ONLY", None),
        (4, "STOPPED", None),
    ],
)
def test_the_newest_change_says_how_far_the_venue_is_paused(
    level: int, mode: str, minutes: int | None
) -> None:
    resumes_at = NOW + timedelta(minutes=minutes) if minutes else None
    VenueModeChange.objects.create(level=0, reason="", changed_at=NOW - timedelta(days=1))
    VenueModeChange.objects.create(
        level=level, reason="A drill.", changed_at=NOW, resumes_at=resumes_at
    )
    found = status()
    assert (found["mode"], found["pause_level"], found["reason"]) == (mode, level, "A drill.")
    assert found["changed_at"] == NOW_MS
    assert found["resumes_at"] == (NOW_MS + minutes * 60_000 if minutes else None)


def test_a_venue_that_resumed_operates_again() -> None:
    VenueModeChange.objects.create(level=4, reason="A drill.", changed_at=NOW)
    VenueModeChange.objects.create(level=0, reason="The drill is over.", changed_at=NOW)
    assert (status()["mode"], status()["reason"]) == ("OPERATING", "The drill is over.")


def test_the_status_takes_two_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(2):
        status()


def test_the_documented_example_has_the_shape_of_the_answer() -> None:
    found = status()
    assert set(found) == set(STATUS)
    assert set(found["markets"][0]) == set(STATUS["markets"][0])
