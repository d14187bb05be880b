import ast
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from engine import commands as c
from engine import events as ev
from engine.chain import digest
from engine.exchange import apply, decide, evolve
from engine.reasons import Reason
from engine.snapshot import restore, snapshot
from engine.state import State
from tests.engine.laws.facts import facts_of
from tests.engine.laws.record import commands_of
from tests.engine.laws.stream import Stream

ENGINE = sorted((Path(__file__).parents[3] / "engine").rglob("*.py"))


@dataclass
class Kept:
    """Holds the state that commands are drawn for."""

    state: State = field(default_factory=State)


NAMED_ONCE = (
    c.SubmitOrder,
    c.ClosePosition,
    c.MoveMargin,
    c.CreditDeposit,
    c.ReserveWithdrawal,
    c.ContributeInsurance,
    c.FundBackstop,
    c.PayFunding,
    c.ListMarket,
)
REFUSALS = (ev.OrderRepeated, ev.OrderRejected, ev.CommandRejected)


def test_decide_changes_nothing() -> None:
    kept = Kept()
    state, rejected = kept.state, 0
    for command in commands_of(Stream(seed=5), kept, length=150):
        before, facts = digest(state), facts_of(state)
        events = decide(state, command)
        assert (digest(state), facts_of(state)) == (before, facts), command
        assert decide(state, command) == events, command
        rejected += any(isinstance(event, REFUSALS) for event in events)
        apply(state, command)
    assert rejected > 20


def test_replaying_the_events_gives_the_same_bytes() -> None:
    kept, replayed = Kept(), State()
    applied = kept.state
    for command in commands_of(Stream(seed=6), kept, length=300):
        for event in apply(applied, command):
            evolve(replayed, event)
        assert facts_of(applied) == facts_of(replayed), command
    assert digest(applied) == digest(replayed)


def test_a_snapshot_and_the_later_events_equal_the_whole_log() -> None:
    kept, restored = Kept(), State()
    whole = kept.state
    for count, command in enumerate(commands_of(Stream(seed=8), kept, length=300)):
        events = apply(whole, command)
        assert apply(restored, command) == events, command
        if count % 25 == 0:
            restored = restore(snapshot(whole))
    assert digest(whole) == digest(restored)


def test_a_command_acts_once_however_often_it_arrives() -> None:
    kept = Kept()
    state, again = kept.state, 0
    for command in commands_of(Stream(seed=9), kept, length=300):
        apply(state, command)
        if isinstance(command, NAMED_ONCE):
            again += 1
            assert acts_no_more(decide(state, command)), command
    assert again > 150


def acts_no_more(events: list[ev.Event]) -> bool:
    """Tell whether a repeated command was only answered."""
    return all(isinstance(event, REFUSALS) for event in events)


def test_a_repeated_transfer_is_named_a_duplicate() -> None:
    state = State()
    deposit = c.CreditDeposit(at_ms=1, deposit_id="d", account_id="ann", amount_micro=5)
    apply(state, deposit)
    (answer,) = decide(state, deposit)
    assert isinstance(answer, ev.CommandRejected)
    assert answer.reason is Reason.DUPLICATE_ID


@cache
def tree_of(path: Path) -> ast.Module:
    """Parse a module, once for all that look at it."""
    return ast.parse(path.read_text())


def called(tree: ast.AST) -> list[str]:
    """Return the plain names that are called."""
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return [func.id for func in calls if isinstance(func, ast.Name)]


FORBIDDEN = {"time", "datetime", "random", "secrets", "os", "sys", "uuid", "threading", "asyncio"}


def imports(tree: ast.AST) -> set[str]:
    """Return the top names that a module imports."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def set_names(tree: ast.AST) -> set[str]:
    """Return the names and attributes that are bound or declared as sets."""
    found = set()
    for node in ast.walk(tree):
        target: ast.AST | None = None
        if isinstance(node, ast.AnnAssign) and "set[" in ast.unparse(node.annotation):
            if not ast.unparse(node.annotation).startswith("dict"):
                target = node.target
        elif isinstance(node, ast.Assign) and is_set(node.value, set()):
            target = node.targets[0]
        if isinstance(target, ast.Name):
            found.add(target.id)
        if isinstance(target, ast.Attribute):
            found.add(target.attr)
    return found


def is_set(node: ast.AST, names: set[str]) -> bool:
    """Tell whether an expression is plainly a set."""
    if isinstance(node, ast.Set | ast.SetComp):
        return True
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in ("set", "frozenset")
    name = getattr(node, "id", getattr(node, "attr", None))
    return name in names


ITERATING = ("list", "tuple", "next", "iter", "enumerate", "zip", "map")


def iterations(tree: ast.AST) -> list[ast.AST]:
    """Return everything that is iterated, sorted() excepted since it is not in the list."""
    found: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.For | ast.comprehension):
            found.append(node.iter)
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) in ITERATING:
            found += node.args
        if isinstance(node, ast.Starred):
            found.append(node.value)
    return found


def iterated_sets(tree: ast.AST) -> list[str]:
    """Return the sets that a module iterates, as written."""
    names = set_names(tree)
    return [ast.unparse(node) for node in iterations(tree) if is_set(node, names)]


@pytest.mark.parametrize("path", ENGINE, ids=lambda path: path.name)
def test_the_engine_reads_no_clock_and_no_chance_and_iterates_no_set(path: Path) -> None:
    tree = tree_of(path)
    assert not imports(tree) & FORBIDDEN
    assert not iterated_sets(tree)
    assert not {"id", "hash", "open", "input", "float"} & set(called(tree))


def test_the_rule_sees_an_iterated_set() -> None:
    assert iterated_sets(ast.parse("a = set()\nfor x in a: pass"))
    assert iterated_sets(ast.parse("b: set[int] = make()\nc = list(b)"))
    assert not iterated_sets(ast.parse("a = set()\nfor x in sorted(a): pass"))
    assert called(ast.parse("x = hash(y)")) == ["hash"]


DIVIDES_DECIMALS = "numbers.py"
"""The notation's text: there a division is one of decimals."""


def floats(tree: ast.AST, *, divides: bool = False) -> list[str]:
    """Return whatever makes a float in a module, as written."""
    return [
        ast.unparse(node)
        for node in ast.walk(tree)
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (
            not divides
            and isinstance(node, ast.BinOp | ast.AugAssign)
            and isinstance(node.op, ast.Div)
        )
        or (isinstance(node, ast.Name) and node.id == "float")
    ]


@pytest.mark.parametrize("path", ENGINE, ids=lambda path: path.name)
def test_the_engine_knows_no_float(path: Path) -> None:
    assert not floats(tree_of(path), divides=path.name == DIVIDES_DECIMALS)


def test_the_rule_sees_a_float() -> None:
    assert all(floats(ast.parse(text)) for text in ("a = 1.0", "a / b", "a /= b", "float(a)"))
    assert not floats(ast.parse("a // b"))
