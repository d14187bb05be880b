import pytest

from engine.events import Filled, InsurancePaid, VenueDebtBooked
from engine.vocabulary import TradeKind
from tests.engine.laws.collusion import (
    FRIENDS,
    HONEST,
    MARKET,
    START_MICRO,
    Collusion,
    deepest_hole_micro,
    lost_by_backstop_micro,
    owned_micro,
    venue_micro,
    wealth_micro,
)
from tests.engine.laws.facts import facts_of


@pytest.mark.parametrize("seed", [0, 10, 12, 21, 31])
def test_colluders_take_out_no_more_than_they_brought_and_fairly_won(seed: int) -> None:
    world = Collusion(seed=seed)
    brought = START_MICRO * len(FRIENDS)
    for _ in range(250):
        facts = world.step()
        assert wealth_micro(facts) <= brought + lost_by_backstop_micro(facts)
        assert deepest_hole_micro(facts) >= 0
    assert world.trades > 10


@pytest.mark.parametrize("seed", [0, 3, 5, 8])
def test_the_venue_never_pays_for_what_colluders_win_from_honest_traders(seed: int) -> None:
    world = Collusion(seed=seed, honest=HONEST)
    least = venue_micro(world.state)
    for _ in range(250):
        facts = world.step()
        assert venue_micro(world.state) >= least
        least = venue_micro(world.state)
        lost = sum(START_MICRO - owned_micro(facts, name) for name in HONEST)
        brought = START_MICRO * len(FRIENDS)
        assert wealth_micro(facts) <= brought + lost + lost_by_backstop_micro(facts)
    assert world.trades > 10


@pytest.mark.parametrize("percent", [-2, -1, 1, 2])
@pytest.mark.parametrize("fund_micro", [1_000_000, 100_000_000])
@pytest.mark.parametrize("seed", [1, 3, 7])
def test_a_leap_within_the_stress_gap_costs_no_more_than_the_markets_fund(
    seed: int, fund_micro: int, percent: int
) -> None:
    world = Collusion(seed=seed, fund_micro=fund_micro, step_half_ticks=0)
    for _ in range(120):
        world.step()
    before = facts_of(world.state)
    events = world.leap(percent)
    kinds = {event.kind for event in events if isinstance(event, Filled)}
    assert TradeKind.DELEVERAGE not in kinds
    assert not any(isinstance(event, VenueDebtBooked) for event in events)
    paid = [event for event in events if isinstance(event, InsurancePaid)]
    assert sum(event.global_insurance_micro for event in paid) == 0
    cost = sum(event.insurance_micro for event in paid)
    assert cost <= before.markets[MARKET].fund
    gained = wealth_micro(facts_of(world.state)) - wealth_micro(before)
    assert gained <= cost + lost_by_backstop_micro(facts_of(world.state))
