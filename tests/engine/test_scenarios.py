from pathlib import Path

import pytest

from tests.engine.scenario import Scenario, load, run

FILES = sorted((Path(__file__).parent / "scenarios").glob("*.txt"))
ALL = [scenario for path in FILES for scenario in load(path)]


@pytest.mark.parametrize("scenario", ALL, ids=lambda s: f"{s.path.stem}: {s.title}")
def test_the_engine_does_what_the_scenario_says(scenario: Scenario) -> None:
    run(scenario)


def test_no_two_scenarios_of_a_file_share_a_title() -> None:
    titles = [(scenario.path, scenario.title) for scenario in ALL]
    assert len(set(titles)) == len(titles)
