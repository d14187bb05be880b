import pytest

from tests.simulation.world import Figures, simulate


@pytest.mark.parametrize("seed", [1, 2])
def test_a_short_world_holds_all_laws(seed: int) -> None:
    figures = Figures()
    simulate(seed=seed, length=150, figures=figures)
    assert figures.judged > 150
    assert figures.compared > 20
