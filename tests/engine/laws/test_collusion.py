import pytest

from tests.engine.laws.collusion import (
    FRIENDS,
    START_MICRO,
    Collusion,
    deepest_hole_micro,
    lost_by_backstop_micro,
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
