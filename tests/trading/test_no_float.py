"""Money, prices, sizes and rates outside of the engine: whole numbers in rows, strings at doors."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from drf_spectacular.generators import SchemaGenerator

from tests.tidy.tree import ROOT, parsed

ROOMS = (
    *("accounts/ledger", "trading/projections"),
    *("trading/deposits.py", "trading/withdrawals.py"),
    *("trading/state_leaves.py", "trading/proofs.py", "trading/log.py", "trading/feed.py"),
    *("trading/services/order_terms.py", "trading/services/order_entry.py"),
    *("trading/selectors/order_views.py", "trading/selectors/tape.py"),
    "chain/leaves.py",
)
"""Where money, prices, sizes and rates are written, moved, and turned into text."""
DURATIONS = ("latencies_ms",)
"""Numbers of the documented answers that are no money: how long something took."""


def floats(tree: ast.AST) -> list[str]:
    """Return whatever names or writes a float in a module."""
    return [
        ast.unparse(node)
        for node in ast.walk(tree)
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id == "float")
    ]


def files(room: str) -> list[Path]:
    """Return the modules of a room."""
    path = ROOT / room
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


def numbers(schema: Any, name: str = "") -> Iterator[str]:
    """Yield the names under which a schema has numbers that need not be whole."""
    if isinstance(schema, dict):
        if schema.get("type") == "number":
            yield name
        for key, value in schema.items():
            inner = name if key in ("additionalProperties", "items", "schema") else key
            yield from numbers(value, inner)
    if isinstance(schema, list):
        for each in schema:
            yield from numbers(each, name)


def test_no_column_holds_a_float() -> None:
    held = [
        f"{model.__name__}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if getattr(field, "get_internal_type", str)() == "FloatField"
    ]
    assert held == []


def test_no_body_and_no_answer_knows_a_number_that_is_not_whole() -> None:
    generator: Any = SchemaGenerator  # it has no types
    assert set(numbers(generator().get_schema(request=None, public=True))) == {*DURATIONS}


def test_the_rooms_of_money_make_no_float() -> None:
    found = {
        str(path.relative_to(ROOT)): floats(parsed(path)) for room in ROOMS for path in files(room)
    }
    assert {path: made for path, made in found.items() if made} == {}


def test_the_rules_see_a_float() -> None:
    assert floats(ast.parse("a = float(b)"))
    assert floats(ast.parse("a = 0.5 * b"))
    assert not floats(ast.parse("a = b // 2"))
    assert [*numbers({"properties": {"price": {"items": {"type": "number"}}}})] == ["price"]
