"""Runs scenarios in the notation: commands, their answers, and facts about the state.

A file holds several, each under `= title`. `//` begins a comment. A line is a command with
the answers it must have after `->`; or `book|position W|balance W|funds ... -> facts`, all of
which must be told; or `at T`, `wait D` for the clock.
"""

from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path

from engine import notation as text
from engine.audit import check_conservation, check_state
from engine.commands import Command
from engine.events import MarketLimitsChanged, MarketListed
from engine.exchange import apply, decide, evolve
from engine.notation.numbers import read_moment, read_span
from engine.state import State

QUERIES = ("book", "position", "balance", "funds")


@dataclass
class Scenario:
    """One titled scenario: its lines as written."""

    title: str
    path: Path
    lines: list[str] = field(default_factory=list)


def load(path: Path) -> list[Scenario]:
    """Read the scenarios of a file."""
    found: list[Scenario] = []
    for line in path.read_text().splitlines():
        stripped = line.split("//")[0].rstrip()
        if stripped.startswith("= "):
            found.append(Scenario(title=stripped[2:], path=path))
        elif stripped.startswith(" ") and found and found[-1].lines:
            found[-1].lines[-1] += " " + stripped.strip()
        elif stripped:
            found[-1].lines.append(stripped)
    return found


class World:
    """A state that is driven line by line, twice, so that both verbs are proved equal."""

    def __init__(self) -> None:
        self.state = State()
        self.replayed = State()
        self.notation = text.Notation(at_ms=1_000_000)

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
        markets = self.state.markets
        name = words[-1] if words[-1] in markets else self.notation.spec(None).market_id
        if words[0] == "book":
            return text.tell_book(markets[name], self.notation)
        if words[0] == "position":
            return text.tell_position(markets[name], words[1], self.notation)
        if words[0] == "balance":
            return text.tell_balance(self.state, words[1])
        return text.tell_funds(self.state, markets[name])


def matches(expected: str, told: str) -> bool:
    """Tell whether an expectation is the brief or the long form of what happened."""
    return expected in told.split("|", 1)


def run(scenario: Scenario) -> None:
    """Run a scenario; where it differs, fail with the difference."""
    world = World()
    actual: list[str] = []
    for line in scenario.lines:
        left, arrow, right = (part.strip() for part in line.partition("->"))
        expected = [part.strip() for part in split(right)] if arrow else []
        words = left.split()
        if words[0] == "at":
            world.notation.at_ms = read_moment(words[1])
            actual.append(line)
        elif words[0] == "wait":
            world.notation.at_ms += read_span(words[1])
            actual.append(line)
        elif words[0] in QUERIES:
            told = world.facts(words)
            good = all(fact in told for fact in expected)
            actual.append(line if good else f"{left} -> {', '.join(told)}")
        else:
            answers = world.command(text.read_command(left, world.notation))
            good = not arrow or (
                len(answers) == len(expected) and all(map(matches, expected, answers))
            )
            shown = ", ".join(answer.split("|", 1)[-1] for answer in answers)
            actual.append(line if good else f"{left} -> {shown}")
    if actual != scenario.lines:
        diff = unified_diff(scenario.lines, actual, "scenario", "engine", lineterm="", n=1)
        raise AssertionError(f"{scenario.path.name}: {scenario.title}\n" + "\n".join(diff))


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
