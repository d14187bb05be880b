"""docs/RUNBOOK.md names figures, alerts and commands that exist, and leaves no alert out."""

import ast
import re
from collections.abc import Iterator

from tests.tidy.tree import APPS, ROOT, app_files, files, parsed
from trading.models.alerts import AlertKind

FIGURE = re.compile(r"`(godark_[a-z_]+)(\.\.\.)?[^`]*`")
ALERT = re.compile(r"^\| `([A-Z_]+)` \|", re.MULTILINE)
COMMAND = re.compile(r"manage\.py ([a-z_]+)")
DJANGOS = {"migrate", "shell", "check", "makemigrations", "axes_reset_username", "axes_reset_ip"}
RUNBOOK = (ROOT / "docs" / "RUNBOOK.md").read_text()


def made_figures() -> Iterator[str]:
    """Yield the name of every metric that the code makes, as Prometheus shows it."""
    for path in app_files():
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = node.args[0].value
                if isinstance(name, str) and name.startswith("godark_"):
                    yield from (name, f"{name}_total", f"{name}_count", f"{name}_sum")


def unknown_figures(text: str) -> list[str]:
    """Return which figures a text names, whole or by how they begin, that nothing makes."""
    made = set(made_figures())
    return [
        name
        for name, beginning in FIGURE.findall(text)
        if not (any(one.startswith(name) for one in made) if beginning else name in made)
    ]


def test_every_figure_of_the_runbook_is_made() -> None:
    assert unknown_figures(RUNBOOK) == []


def test_the_rule_sees_a_figure_that_nobody_makes() -> None:
    text = "`godark_nothing`, `godark_nothing_...` and `godark_price_...`, `godark_part_up{part}`"
    assert unknown_figures(text) == ["godark_nothing", "godark_nothing_"]


def test_the_runbook_has_a_line_for_every_alert_and_no_other() -> None:
    assert sorted(ALERT.findall(RUNBOOK)) == sorted(AlertKind.values)


def test_every_command_that_the_documents_name_exists() -> None:
    ours = {
        path.stem
        for app in (*APPS, "godark/jobs")
        for path in (ROOT / app / "management" / "commands").glob("[a-z]*.py")
    }
    named = {
        (page.name, name) for page in files(".md") for name in COMMAND.findall(page.read_text())
    }
    assert sorted((page, name) for page, name in named if name not in ours | DJANGOS) == []
