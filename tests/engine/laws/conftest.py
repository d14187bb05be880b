"""Worlds that the tests of the laws read, run once."""

import pytest

from tests.engine.laws.facts import Step
from tests.engine.laws.record import record

SEEDS = (3, 7, 11, 19)
LENGTH = 350


@pytest.fixture(scope="session")
def worlds() -> list[list[Step]]:
    """Run a few worlds and keep every step of them."""
    return [record(seed=seed, length=LENGTH) for seed in SEEDS]
