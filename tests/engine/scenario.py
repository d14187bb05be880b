"""Runs scenarios in the notation: commands, their answers, and facts about the state.

A file holds several, each under `= title`; lines before the first title begin every one of
them. `//` begins a comment. A line is a command with the answers it must have after `->`; or
`book|position W|balance W|funds ... -> facts`, all of which must be told; or `at T`, `wait D`
for the clock. Lines that begin with `|` arrive together, in one step of the exchange: they are
done in its order, and answered each at its place.
"""

from dataclasses import dataclass, field
from difflib import unified_diff
from functools import cache
from itertools import groupby
from pathlib import Path

from engine import notation as text
from engine.audit import check_conservation, check_state
from engine.commands import Command
from engine.events import Event, MarketLimitsChanged, MarketListed
from engine.exchange import apply, decide, evolve
from engine.notation.numbers import read_moment, read_span
from engine.state import State
from engine.step import order_step

QUERIES = ("book", "position", "balance", "funds")


@dataclass(eq=False)
class Scenario:
    """One titled scenario: its lines as written."""

    title: str
    path: Path
    lines: list[str] = field(default_factory=list)


@dataclass
class Outcome:
    """What came of a scenario: the difference to what it says (if any), and the events."""

    failure: str | None
    events: list[Event]


def load(path: Path) -> list[Scenario]:
    """Read the scenarios of a file."""
    found: list[Scenario] = []
    preamble: list[str] = []
    for line in path.read_text().splitlines():
        stripped = line.split("//")[0].rstrip()
        lines = found[-1].lines if found else preamble
        if stripped.startswith("= "):
            found.append(Scenario(title=stripped[2:], path=path, lines=list(preamble)))
        elif stripped.startswith(" ") and lines:
            lines[-1] += " " + stripped.strip()
        elif stripped:
            lines.append(stripped)
    return found


class World:
    """A state that is driven line by line, twice, so that both verbs are proved equal."""

    def __init__(self) -> None:
        self.state = State()
        self.replayed = State()
        self.notation = text.Notation(at_ms=1_000_000)
        self.events: list[Event] = []

    def command(self, command: Command) -> list[str]:
        """Do a command and tell what happened, in brief and with numbers."""
        decided = decide(self.state, command)
        check_state(self.state)
        applied = apply(self.state, command)
        assert applied == decided, "apply is decide and evolve"
        for event in decided:
            evolve(self.replayed, event)
            check_conservation(self.replayed)
        check_state(self.state)
        self.events += decided
        for event in decided:
            if isinstance(event, MarketListed | MarketLimitsChanged):
                self.notation.know(event.spec)
        own = getattr(command, "order_id", None)
        told = [
            (
                text.brief(event, self.notation, own_order_id=own),
                text.brief(event, self.notation, own_order_id=own, numbers=True),
            )
            for event in decided
        ]
        return [brief if brief == long else f"{brief}|{long}" for brief, long in told if brief]

    def facts(self, words: list[str]) -> list[str]:
        """Answer a question about the state."""
        if words[0] == "balance":
            return text.tell_balance(self.state, words[1])
        markets = self.state.markets
        name = words[-1] if words[-1] in markets else self.notation.spec(None).market_id
        if words[0] == "book":
            return text.tell_book(markets[name], self.notation)
        if words[0] == "position":
            return text.tell_position(markets[name], words[1], self.notation)
        return text.tell_funds(self.state, markets[name])

    def step(self, lines: list[str]) -> list[str]:
        """Do commands that arrive together; return each line as the engine would have it."""
        commands = [text.read_command(parted(line)[0], self.notation) for line in lines]
        answers = {id(done): self.command(done) for done in order_step(self.state, commands)}
        return [
            answered(line, answers[id(command)])
            for line, command in zip(lines, commands, strict=True)
        ]

    def line(self, line: str) -> str:
        """Do one line; return it as the engine would have it."""
        left, expected = parted(line)
        words = left.split()
        if words[0] == "at":
            self.notation.at_ms = read_moment(words[1])
            return line
        if words[0] == "wait":
            self.notation.at_ms += read_span(words[1])
            return line
        if words[0] in QUERIES:
            told = self.facts(words)
            good = all(fact in told for fact in expected or ())
            return line if good else f"{left} -> {', '.join(told)}"
        return answered(line, self.command(text.read_command(left, self.notation)))


def parted(line: str) -> tuple[str, list[str] | None]:
    """Part a line into what is done and the answers that it must have, if it says any."""
    left, arrow, right = (part.strip() for part in line.removeprefix("|").partition("->"))
    return left, [part.strip() for part in split(right)] if arrow else None


def answered(line: str, answers: list[str]) -> str:
    """Return a command's line if the answers are those it says, else with what they are."""
    left, expected = parted(line)
    if expected is None or (
        len(answers) == len(expected)
        and all(said in told.split("|", 1) for said, told in zip(expected, answers, strict=True))
    ):
        return line
    mark = "| " if line.startswith("|") else ""
    return f"{mark}{left} -> {', '.join(answer.split('|', 1)[-1] for answer in answers)}"


@cache
def outcome(scenario: Scenario) -> Outcome:
    """Run a scenario, once however often it is asked for."""
    world = World()
    actual: list[str] = []
    for in_step, group in groupby(scenario.lines, key=lambda line: line.startswith("|")):
        lines = list(group)
        actual += world.step(lines) if in_step else [world.line(line) for line in lines]
    if actual == scenario.lines:
        return Outcome(failure=None, events=world.events)
    diff = unified_diff(scenario.lines, actual, "scenario", "engine", lineterm="", n=1)
    failure = f"{scenario.path.name}: {scenario.title}\n" + "\n".join(diff)
    return Outcome(failure=failure, events=world.events)


def run(scenario: Scenario) -> None:
    """Run a scenario; where it differs, fail with the difference."""
    failure = outcome(scenario).failure
    assert failure is None, failure


def split(answers: str) -> list[str]:
    """Split at commas outside of brackets."""
    parts, depth = [""], 0
    for letter in answers:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part for part in parts if part.strip()]
