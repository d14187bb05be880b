"""Every setting that is read is documented, and every documented one is read."""

import re

from tests.tidy.tree import ROOT, app_files

READ = re.compile(r"""(?:\benv\.\w+|required_in_production)\(\s*["']([A-Z][A-Z0-9_]+)["']""")
DOCUMENTED = re.compile(r"^#?\s*([A-Z][A-Z0-9_]+)=", re.MULTILINE)


def names_read() -> set[str]:
    """Return the names of all environment variables that the project reads by the typed helper."""
    return {name for path in app_files() for name in READ.findall(path.read_text())}


def test_every_setting_stands_in_the_example_file_and_no_other() -> None:
    documented = set(DOCUMENTED.findall((ROOT / ".env.example").read_text()))
    assert names_read() == documented


def test_the_reader_sees_settings() -> None:
    assert READ.findall('env.int("GODARK_PORT", default=1)') == ["GODARK_PORT"]
    assert "GODARK_SECRET_KEY" in names_read()
