import pytest

from tests.engine.reference.compare import Outcome, replay, run
from tests.engine.reference.shrink import scenario, shrunk

SEEDS = range(1, 11)
LENGTH = 180


def explain(outcome: Outcome) -> str:
    """Say the difference of the fewest commands that show one, in the notation."""
    fewest = shrunk(outcome.commands, lambda tried: replay(tried).difference is not None)
    return f"{replay(fewest).difference}\n{scenario(fewest)}"


@pytest.mark.parametrize("seed", SEEDS)
def test_the_engine_does_what_the_slow_venue_does(seed: int) -> None:
    outcome = run(seed=seed, length=LENGTH)
    assert outcome.difference is None, explain(outcome)
    assert len(outcome.commands) > 10


def test_a_difference_shrinks_to_the_commands_that_matter() -> None:
    commands = run(seed=1, length=60).commands
    few = shrunk(commands, lambda tried: len(tried) > 3 and commands[9] in tried)
    assert commands[9] in few
    assert len(few) <= 8
    assert "deposits" in scenario(commands)
