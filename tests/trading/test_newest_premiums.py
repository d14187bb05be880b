"""The premiums that the funding job takes each second."""

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.trading.simulations import TUESDAY_MS, SimulatedRun, simulated_run
from trading.models import Market, PremiumMinute
from trading.selectors.funding import newest_premiums
from trading.services.price_rows import moment

# Eleven days after a Tuesday: FX is closed.
SATURDAY_MS = TUESDAY_MS + 11 * 86_400_000

pytestmark = pytest.mark.usefixtures("listing")


def premiums(world: SimulatedRun, *, later_ms: int = 0) -> dict[str, int | None]:
    with time_machine.travel(moment(world.clock.at_ms + later_ms), tick=False):
        return newest_premiums()


def test_every_market_has_the_newest_sample_in_one_query() -> None:
    world = simulated_run()
    world.go(seconds=3)
    world.run.write()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        found = premiums(world)
    assert len(queries) == 1
    assert len(found) == 60
    assert sum(premium is not None for premium in found.values()) == 60
    assert found["BTC-USDT-PERP"] not in {None, 0}


def test_it_is_one_of_the_samples_that_are_kept_for_audit() -> None:
    world = simulated_run()
    world.go(seconds=58, steps_per_second=4)
    world.run.write()
    found = premiums(world)["BTC-USDT-PERP"]
    world.go(seconds=3, steps_per_second=4)
    world.run.write()
    minute = PremiumMinute.objects.get(market__base="BTC")
    assert found in minute.premiums_ppb[56:59]


def test_without_an_index_or_a_price_service_a_premium_is_missing() -> None:
    world = simulated_run()
    assert set(premiums(world).values()) == {None}
    world.go(seconds=2)
    world.run.write()
    assert set(premiums(world, later_ms=4_000).values()) == {None}
    world.clock.at_ms += 20_000
    world.run.step()
    world.run.write()
    assert set(premiums(world).values()) == {None}


def test_in_closed_hours_the_ten_currencies_have_none_and_all_others_go_on() -> None:
    world = simulated_run()
    world.clock.at_ms = SATURDAY_MS
    world.go(seconds=62)
    world.run.write()
    found = premiums(world)
    currencies = set(Market.objects.filter(calendar__isnull=False).values_list("symbol", flat=True))
    assert len(found) == 60
    assert len(currencies) == 10
    assert {symbol for symbol, premium in found.items() if premium is None} == currencies
    # the row of the minute is there all the same, and says so sixty times
    minute = PremiumMinute.objects.get(market__base="EUR")
    assert set(minute.premiums_ppb) == {None}


def test_a_delisted_market_has_none() -> None:
    Market.objects.filter(base="BTC").update(state="DELISTED")
    assert "BTC-USDT-PERP" not in newest_premiums()
