"""Mutants: one small wrong change of a module each, made on its syntax tree.

A mutant is named by the module, the line and what was changed; the same source gives the
same mutants in the same order. What is not here: running them (`tests.mutation.run`).
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

Change = tuple[str, Callable[[], None]]
"""What a change is called, and how it is made on the node."""

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
}
OTHER = {"min": "max", "max": "min"}


@dataclass(frozen=True)
class Mutant:
    """One change of one module."""

    module: str
    line: int
    name: str
    node: int
    change: int

    @property
    def key(self) -> str:
        """Name the mutant."""
        return f"{self.module}:{self.line} {self.name} [{self.node}.{self.change}]"


def mutants_of(path: Path) -> list[Mutant]:
    """List all mutants of a module."""
    tree = ast.parse(path.read_text())
    passed = _passed_over(tree)
    return [
        Mutant(path.stem, getattr(node, "lineno", 0), name, place, number)
        for place, node in enumerate(ast.walk(tree))
        if id(node) not in passed
        for number, (name, _) in enumerate(_changes(node))
    ]


def mutated(path: Path, mutant: Mutant) -> ast.Module:
    """Return the module's tree with the change made."""
    tree = ast.parse(path.read_text())
    node = list(ast.walk(tree))[mutant.node]
    [*_changes(node)][mutant.change][1]()
    return ast.fix_missing_locations(tree)


def _passed_over(tree: ast.Module) -> set[int]:
    """Return nodes that mean nothing: asserts, annotations, decorators, keyword defaults."""
    found: set[int] = set()
    for node in ast.walk(tree):
        roots: list[ast.AST | None] = []
        if isinstance(node, ast.Assert | ast.Import | ast.ImportFrom):
            roots.append(node)
        if isinstance(node, ast.FunctionDef):
            roots += [*node.decorator_list, node.returns]
            roots += [each.annotation for each in ast.walk(node.args) if isinstance(each, ast.arg)]
        if isinstance(node, ast.AnnAssign):
            roots.append(node.annotation)
        if isinstance(node, ast.Raise):
            roots.append(node)
        for root in roots:
            if root is not None:
                found |= {id(each) for each in ast.walk(root)}
    return found


def _changes(node: ast.AST) -> Iterator[Change]:
    """Yield every change of one node."""
    yield from _of_operators(node)
    yield from _of_values(node)


def _of_operators(node: ast.AST) -> Iterator[Change]:
    match node:
        case ast.Compare(ops=[op]) if type(op) in COMPARISONS:
            other = COMPARISONS[type(op)]
            yield f"{_word(op)} to {_word(other())}", lambda: node.ops.__setitem__(0, other())
        case ast.BinOp(op=ast.FloorDiv()):
            yield "floor to ceil", lambda: _set(node, "left", _raised(node))
        case ast.BinOp(op=op) | ast.AugAssign(op=op) if type(op) in OPERATORS:
            swapped = OPERATORS[type(op)]
            yield f"{_word(op)} to {_word(swapped())}", lambda: _set(node, "op", swapped())
        case ast.BoolOp(op=op):
            turned = ast.Or if isinstance(op, ast.And) else ast.And
            yield f"{_word(op)} to {_word(turned())}", lambda: _set(node, "op", turned())
        case ast.UnaryOp(op=ast.USub()):
            yield "minus dropped", lambda: _set(node, "op", ast.UAdd())
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield "not dropped", lambda: _set(node, "operand", ast.UnaryOp(ast.Not(), operand))


def _of_values(node: ast.AST) -> Iterator[Change]:
    match node:
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
            yield "condition turned", lambda: _set(node, "test", ast.UnaryOp(ast.Not(), test))
        case ast.Constant(value=bool(value)):
            yield f"{value} to {not value}", lambda: _set(node, "value", not value)
        case ast.Constant(value=int(value)):
            yield f"{value} to {value + 1}", lambda: _set(node, "value", value + 1)
        case ast.Call(func=ast.Name(id=name)) if name in OTHER:
            func = ast.Name(OTHER[name], ast.Load())
            yield f"{name} to {OTHER[name]}", lambda: _set(node, "func", func)
        case ast.Expr(value=ast.Call()):
            yield "call left out", lambda: _set(node, "value", ast.Constant(None))


def _set(node: ast.AST, field: str, value: object) -> None:
    setattr(node, field, value)


def _raised(node: ast.BinOp) -> ast.expr:
    """Return the dividend raised by the divisor less one, so that dividing rounds up."""
    one_less = ast.BinOp(node.right, ast.Sub(), ast.Constant(1))
    return ast.BinOp(node.left, ast.Add(), one_less)


def _word(op: ast.AST) -> str:
    """Return an operator's name in small letters."""
    return type(op).__name__.lower()
