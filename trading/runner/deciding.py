"""Deciding: one step through the engine, every event in its place in the log.

The state moves on here; whatever fails from now on is not repaired: the process dies and
restores. What is not here: writing anything.
"""

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from engine import commands as c
from engine.events import CommandRejected, Event, OrderRejected, OrderRepeated
from engine.exchange import apply
from engine.state import State
from trading.inbox.outcomes import Outcome
from trading.log import LogRow, Place, next_row
from trading.runner.taking import Planned, Step

SUBJECTS = ("order_id", "transfer_id", "deposit_id", "withdrawal_id", "contribution_id")
SUBJECT_OF: dict[type[c.Command], str | None] = {}


class CommandFailedError(Exception):
    """A command broke an invariant of the engine, or its events could not be understood.

    `where` is the place in the code; what the exception says may tell of an order and is not kept.
    """

    def __init__(self, planned: Planned, cause: Exception) -> None:
        super().__init__(f"{type(planned.command).__name__} broke by {type(cause).__name__}")
        self.planned = planned
        last = traceback.extract_tb(cause.__traceback__)[-1]
        self.where = f"{Path(last.filename).name}:{last.lineno}"


@dataclass(kw_only=True, slots=True)
class Decided:
    """A command with its events and its outcome."""

    planned: Planned
    events: list[Event]
    rows: list[LogRow]
    outcome: Outcome

    @property
    def account_id(self) -> str | None:
        """Whose command it is; nobody's where the venue gave it."""
        found: str | None = getattr(self.planned.command, "account_id", None)
        return found


@dataclass(kw_only=True, slots=True)
class DecidedStep:
    """A whole step, decided and not yet written."""

    at_ms: int
    step: Step
    decided: list[Decided] = field(default_factory=list)
    rows: list[LogRow] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.decided or self.step.conflated or self.step.unreadable)


Observe = Callable[[int, Event, State], None]


def decide_step(
    state: State, place: Place, step: Step, *, at_ms: int, observe: Observe
) -> tuple[DecidedStep, Place]:
    """Apply a step's commands in their order; CommandFailedError names the one that broke."""
    whole = DecidedStep(at_ms=at_ms, step=step)
    for planned in step.planned:
        try:
            events = apply(state, planned.command)
            rows: list[LogRow] = []
            for event in events:
                row = next_row(place, event)
                place = Place(row.sequence, row.head)
                rows.append(row)
                observe(row.sequence, event, state)
        except MemoryError:
            raise
        except Exception as error:
            raise CommandFailedError(planned, error) from error
        if planned.number is None and not rows:
            continue
        whole.rows += rows
        said = outcome_of(planned, events, at_ms=at_ms)
        whole.decided.append(Decided(planned=planned, events=events, rows=rows, outcome=said))
    return whole, place


def outcome_of(planned: Planned, events: list[Event], *, at_ms: int) -> Outcome:
    """Return what the engine said of a command; whose account sequence comes later."""
    command = planned.command
    said = Outcome(
        command_id=planned.number or 0,
        is_known=True,
        subject_id=subject_of(command) or "",
        decided_at_ms=at_ms,
    )
    first = events[0] if events else None
    if isinstance(first, OrderRepeated):
        return said._replace(subject_id=first.first_order_id, is_repeated=True)
    if len(events) == 1 and _is_refusal(command, first):
        assert isinstance(first, OrderRejected | CommandRejected)  # noqa: S101 - told to mypy
        return said._replace(reason=first.reason.value, numbers=first.numbers)
    return said


def _is_refusal(command: c.Command, event: Event | None) -> bool:
    """Tell whether an event is the engine's no to this very command."""
    if isinstance(event, OrderRejected):
        return event.order_id == getattr(command, "order_id", None)
    return isinstance(event, CommandRejected) and event.command == type(command).__name__


def subject_of(command: c.Command) -> str | None:
    """Return the id of the order or transfer that a command is about, if it has one."""
    kind = type(command)
    if kind not in SUBJECT_OF:
        fields = {one.name for one in msgspec.structs.fields(kind)}
        SUBJECT_OF[kind] = next((name for name in SUBJECTS if name in fields), None)
    name = SUBJECT_OF[kind]
    return None if name is None else str(getattr(command, name))
