"""Every setting that is read is documented, and every documented one is read."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.tidy.tree import ROOT, app_files

READ = re.compile(
    r"""(?:\benv\.\w+|required_in_production|\benviron(?:ment)?\.get)\(\s*["']((?:GODARK_)?[A-Z_]+)["']"""
)
# What the supervisor hands to its own children, the tests to themselves: nobody sets these.
PASSED_ON = {"GODARK_TEST_EMBEDDED", "GODARK_TEST_HOME"}
NOT_OURS = {"HOME", "PATH", "CI", "GITHUB_ACTIONS", "XDG_RUNTIME_DIR", "VIRTUAL_ENV"}
DOCUMENTED = re.compile(r"^#?\s*([A-Z][A-Z0-9_]+)=", re.MULTILINE)


def names_read() -> set[str]:
    """Return the names of all environment variables that the site and its tests read."""
    read = {name for path in readers() for name in READ.findall(path.read_text())}
    return read - PASSED_ON - NOT_OURS


def readers() -> Iterator[Path]:
    """Yield every file that may read the environment."""
    yield from app_files()
    yield ROOT / "tests" / "browser" / "chromium.py"


def test_every_setting_stands_in_the_example_file_and_no_other() -> None:
    documented = set(DOCUMENTED.findall((ROOT / ".env.example").read_text()))
    assert names_read() == documented


def test_the_reader_sees_settings() -> None:
    assert READ.findall('env.int("GODARK_PORT", default=1)') == ["GODARK_PORT"]
    assert "GODARK_SECRET_KEY" in names_read()
