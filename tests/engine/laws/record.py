"""Recording: a world is run command by command, and every event is kept with its facts.

What is not here: drawing commands (`tests.engine.laws.stream`).
"""

from collections.abc import Iterator
from typing import Protocol

from engine.commands import Command
from engine.exchange import decide, evolve
from engine.state import State
from tests.engine.laws.facts import Facts, Happening, Step, facts_of
from tests.engine.laws.stream import Stream


class HasState(Protocol):
    """Whatever holds the state that the next command is drawn for."""

    state: State


class Recorder:
    """Runs commands on a state and tells each step."""

    def __init__(self) -> None:
        self.state = State()
        self.facts: Facts = facts_of(self.state)

    def step(self, command: Command) -> Step:
        """Decide and evolve one command, picture by picture."""
        before = self.facts
        happenings = []
        for event in decide(self.state, command):
            evolve(self.state, event)
            now = facts_of(self.state, self.facts, getattr(event, "market_id", None))
            happenings.append(Happening(event=event, before=self.facts, after=now))
            self.facts = now
        return Step(command=command, before=before, happenings=tuple(happenings))


def commands_of(stream: Stream, holder: HasState, *, length: int) -> Iterator[Command]:
    """Draw a whole world: opening, life and end; the holder's state must follow meanwhile."""
    yield from stream.opening()
    for _ in range(length):
        yield stream.next(holder.state)
    yield from stream.closing()


def record(*, seed: int, length: int) -> list[Step]:
    """Run one world."""
    recorder = Recorder()
    stream = Stream(seed=seed)
    return [recorder.step(each) for each in commands_of(stream, recorder, length=length)]
