"""Names say what they name, and exceptions say why."""

import re

from tests.tidy.tree import ROOT, name_of, source_files

EMPTY_WORDS = {"utils", "helpers", "common", "core", "manager", "processor", "misc"}
EXCEPTION = re.compile(
    r"#\s*(noqa(?P<rule>:\s*[A-Z0-9, ]+)?|type:\s*ignore(\[[\w, -]+\])?)(?P<rest>.*)$"
)
SPECIMENS = "tests/tidy/test_words.py"


def exception_without_reason(line: str) -> bool:
    """Say whether a line switches a rule off without naming it or without saying why."""
    found = EXCEPTION.search(line)
    if found is None:
        return False
    names_rule = bool(found["rule"] or found[3])
    return not names_rule or len(found["rest"].strip(" -:")) < len("a why")


def test_no_module_is_called_by_an_empty_word() -> None:
    found = [
        name_of(path)
        for path in source_files()
        if EMPTY_WORDS.intersection((path.stem, *path.relative_to(ROOT).parts[:-1]))
    ]
    assert not found, found


def test_every_exception_to_a_rule_says_why() -> None:
    found = [
        f"{name_of(path)}:{number}: {line.strip()}"
        for path in source_files()
        if name_of(path) != SPECIMENS
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if exception_without_reason(line)
    ]
    assert not found, "\n".join(found)


def test_the_rule_sees_an_exception_without_a_reason() -> None:
    assert exception_without_reason("x = 1  # noqa")
    assert exception_without_reason("x = 1  # noqa: E501")
    assert exception_without_reason("x = 1  # type: ignore[misc]")
    assert not exception_without_reason("x = 1  # noqa: E501 - a table reads better in one line")
    assert not exception_without_reason("x = 1  # type: ignore[misc]  # the library has no types")
    assert not exception_without_reason("x = 1")
