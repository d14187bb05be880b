import re
from functools import cache
from pathlib import Path

import pytest

from engine.evolve import TABLE
from engine.reasons import Reason
from tests.engine.scenario import Scenario, load, outcome, run

FILES = sorted((Path(__file__).parent / "scenarios").glob("*.txt"))
ALL = [scenario for path in FILES for scenario in load(path)]

# Lists that can only shrink: an entry that a scenario comes to show fails the test.
REASONS_IN_NO_SCENARIO: dict[Reason, str] = {}
EVENTS_IN_NO_SCENARIO: dict[str, str] = {}


@cache
def happened() -> tuple[frozenset[str], frozenset[Reason]]:
    """Return the names of the events and the reasons that all scenarios together show."""
    events = [event for scenario in ALL for event in outcome(scenario).events]
    reasons = {getattr(event, "reason", None) for event in events}
    return (
        frozenset(type(event).__name__ for event in events),
        frozenset(reason for reason in reasons if reason is not None),
    )


@pytest.mark.parametrize("scenario", ALL, ids=lambda s: f"{s.path.stem}: {s.title}")
def test_the_engine_does_what_the_scenario_says(scenario: Scenario) -> None:
    run(scenario)


def test_no_two_scenarios_of_a_file_share_a_title() -> None:
    titles = [(scenario.path, scenario.title) for scenario in ALL]
    assert len(set(titles)) == len(titles)


def test_every_reason_is_shown_by_a_scenario() -> None:
    _, shown = happened()
    assert {reason for reason in Reason if reason not in shown} == set(REASONS_IN_NO_SCENARIO)


def test_every_event_is_shown_by_a_scenario() -> None:
    shown, _ = happened()
    every = {kind.__name__ for kind in TABLE}
    assert every - shown == set(EVENTS_IN_NO_SCENARIO)


def test_the_index_of_scenarios_links_every_file() -> None:
    index = (Path(__file__).parents[2] / "docs" / "SCENARIOS.md").read_text()
    linked = re.findall(r"\(\.\./tests/engine/scenarios/([^)]+)\)", index)
    assert sorted(linked) == [path.name for path in FILES]


def test_a_scenario_that_says_something_else_fails() -> None:
    wrong = Scenario(
        title="nothing is credited",
        path=Path("none.txt"),
        lines=["alice deposits 100 -> credited 99", "balance alice -> cash 100"],
    )
    failure = outcome(wrong).failure
    assert failure is not None
    assert "+alice deposits 100 -> credited 100" in failure
    assert "balance alice -> free" not in failure
