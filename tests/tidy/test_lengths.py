"""Functions and files stay short enough to be read at once."""

import ast

from tests.tidy.tree import name_of, parsed, source_files

FUNCTION_WALL = 60
FILE_WALL = 600


def long_functions(module: ast.Module) -> list[tuple[str, int]]:
    """Return name and length of every function over the wall, decorators and docstring included."""
    return [
        (node.name, length)
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_WALL
    ]


def test_no_function_is_longer_than_sixty_lines() -> None:
    found = [
        f"{name_of(path)}: {name} has {length} lines"
        for path in source_files()
        for name, length in long_functions(parsed(path))
    ]
    assert not found, "\n".join(found)


def test_no_file_is_longer_than_six_hundred_lines() -> None:
    found = [
        f"{name_of(path)} has {length} lines"
        for path in source_files()
        if (length := len(path.read_text().splitlines())) > FILE_WALL
    ]
    assert not found, "\n".join(found)


def test_the_rule_sees_a_long_function() -> None:
    body = "\n".join("    x = 1" for _ in range(FUNCTION_WALL))
    assert long_functions(ast.parse(f"def long():\n{body}\n")) == [("long", FUNCTION_WALL + 1)]
    assert not long_functions(ast.parse("def short():\n    return 1\n"))
