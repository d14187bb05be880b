import pytest

from tests.engine.laws.collusion import (
    FRIENDS,
    HONEST,
    START_MICRO,
    Collusion,
    deepest_hole_micro,
    lost_by_backstop_micro,
    owned_micro,
    venue_micro,
    wealth_micro,
)


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
