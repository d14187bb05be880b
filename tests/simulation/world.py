"""One seed, one world: everything that is proved of the engine, proved of it at once.

A life under all laws with crashes in between, the same kind of life beside the slow venue,
two worlds that differ in a ghost, somebody poor alone and with company, and colluders among
themselves. What is not here: how long and how many (`tests.simulation.run`).
"""

from collections import Counter
from dataclasses import dataclass, field
from random import Random

from engine import commands as c
from engine.audit import check_state
from engine.chain import digest
from engine.events import Filled
from engine.exchange import decide, evolve
from engine.snapshot import restore, snapshot
from engine.state import State
from tests.engine.laws import ghost, poor
from tests.engine.laws.collusion import (
    FRIENDS,
    START_MICRO,
    Collusion,
    deepest_hole_micro,
    lost_by_backstop_micro,
    wealth_micro,
)
from tests.engine.laws.law import Judge
from tests.engine.laws.record import Recorder, commands_of
from tests.engine.laws.stream import Stream
from tests.engine.reference.compare import replay, run
from tests.engine.reference.shrink import scenario, shrunk


class Broken(AssertionError):  # noqa: N818 -- it says what is broken
    """A law does not hold; the message ends with the fewest commands that break it."""


@dataclass
class Figures:
    """What was done so far, in commands, and what was reached."""

    judged: int = 0
    compared: int = 0
    crashes: int = 0
    haunted: int = 0
    colluded: int = 0
    poor: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)


def simulate(*, seed: int, length: int, figures: Figures) -> None:
    """Run one whole world and count what it did."""
    live(seed=seed, length=length, figures=figures)
    compare(seed=seed, length=length, figures=figures)
    for shyness in ((10, 5), (10, 9), (7, 7)):
        found = ghost.differences(seed=seed, length=length // 2, shyness=shyness)
        figures.haunted += length
        if found:
            raise Broken(found[0].describe())
    ask_poor(seed=seed, times=length // 4)
    figures.poor += length // 4
    collude(seed=seed, length=length // 2)
    figures.colluded += length // 2


def compare(*, seed: int, length: int, figures: Figures) -> None:
    """Run one life in the engine and beside it in the slow venue."""
    outcome = run(seed=seed, length=length)
    figures.compared += len(outcome.commands)
    if outcome.difference is not None:
        fewest = shrunk(outcome.commands, lambda tried: replay(tried).difference is not None)
        raise Broken(f"{replay(fewest).difference}\n{scenario(fewest)}")


def live(*, seed: int, length: int, figures: Figures) -> None:
    """Run a life under all laws; at chance moments the state dies and is restored."""
    recorder, judge, replayed = Recorder(), Judge(), State()
    chance = Random(seed)  # noqa: S311 -- a seeded world, no secret
    commands: list[c.Command] = []
    for command in commands_of(Stream(seed=seed), recorder, length=length):
        commands.append(command)
        try:
            step = recorder.step(command)
            judge.judge(step)
            check_state(recorder.state)
            for event in step.events:
                evolve(replayed, event)
                count(figures, event)
            if chance.random() < 0.02:
                figures.crashes += 1
                crash(recorder, replayed)
        except AssertionError as broken:
            fewest = shrunk(commands, breaks_a_law)
            raise Broken(f"{broken}\n{scenario(fewest)}") from broken
    figures.judged += len(commands)
    assert digest(recorder.state) == digest(replayed), "a replay gives the same bytes"


def count(figures: Figures, event: object) -> None:
    """Count an event's kind and reason."""
    kind = type(event).__name__
    if isinstance(event, Filled):
        kind += " " + event.kind.value
    figures.kinds[kind] += 1
    reason = getattr(event, "reason", None)
    if reason is not None:
        figures.reasons[reason.value] += 1


def crash(recorder: Recorder, replayed: State) -> None:
    """Lose the state and take it from its snapshot; nothing may be different."""
    before = digest(recorder.state)
    recorder.state = restore(snapshot(recorder.state))
    assert digest(recorder.state) == before == digest(replayed), "a snapshot loses nothing"
    check_state(recorder.state)


def breaks_a_law(commands: list[c.Command]) -> bool:
    """Tell whether these commands, from an empty state on, break any law."""
    recorder, judge = Recorder(), Judge()
    try:
        for command in commands:
            assert decide(recorder.state, command) == decide(recorder.state, command)
            judge.judge(recorder.step(command))
            check_state(recorder.state)
    except AssertionError:
        return True
    except (KeyError, AttributeError):
        return False
    return False


def ask_poor(*, seed: int, times: int) -> None:
    """Let somebody who can hardly pay send orders, alone and with company."""
    for number in range(times):
        found = poor.answers(seed * 1_000 + number)
        if found.differ and not found.has_traded:
            raise Broken(f"poor world {seed * 1_000 + number}: {found.alone} {found.crowded}")


def collude(*, seed: int, length: int) -> None:
    """Let friends try to take out more than they brought."""
    world = Collusion(seed=seed)
    for _ in range(length):
        facts = world.step()
        fair = START_MICRO * len(FRIENDS) + lost_by_backstop_micro(facts)
        if wealth_micro(facts) > fair or deepest_hole_micro(facts) < 0:
            raise Broken(f"colluders own {wealth_micro(facts)} of {fair}")
