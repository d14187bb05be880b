"""docs/INVARIANTS.md tells the truth: each law once, each guard alive."""

import ast
import re

from tests.tidy.tree import ROOT, parsed

ROW = re.compile(r"^\| (I\d+) \| (.+?) \| (.+?) \|$", re.MULTILINE)
CITED = re.compile(r"\bI\d{1,3}\b")


def rows() -> list[tuple[str, str, str]]:
    """Return number, law and guard of every row."""
    return ROW.findall((ROOT / "docs" / "INVARIANTS.md").read_text())


def guards(cell: str) -> list[str]:
    """Return the tests that a cell names; none for "not yet"."""
    return [] if cell == "not yet" else re.split(r",\s*|<br>", cell)


def defines(file: str, test: str) -> bool:
    """Say whether a file of the tree defines a test, at top level or in a class."""
    path = ROOT / file
    return path.is_file() and any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and node.name == test
        for node in ast.walk(parsed(path))
    )


def test_no_number_is_used_twice() -> None:
    numbers = [number for number, _, _ in rows()]
    assert len(numbers) == len(set(numbers))
    assert numbers == sorted(numbers, key=lambda number: int(number[1:]))


def test_every_named_guard_lives() -> None:
    dead = [
        f"{number}: {guard}"
        for number, _, cell in rows()
        for guard in guards(cell)
        if not defines(*guard.split("::", maxsplit=1))
    ]
    assert not dead, "\n".join(dead)


def test_the_rule_sees_a_dead_guard() -> None:
    assert not defines("tests/tidy/test_invariants.py", "test_that_nobody_wrote")
    assert not defines("tests/tidy/no_such_file.py", "test_x")
    assert defines("tests/tidy/test_invariants.py", "test_every_named_guard_lives")
