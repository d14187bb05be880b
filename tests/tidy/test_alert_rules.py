"""docs/operations/alerts.yml names figures that are made, and each alert its runbook entry."""

import re

from tests.tidy.test_runbook import RUNBOOK, made_figures
from tests.tidy.tree import ROOT

RULES = (ROOT / "docs" / "operations" / "alerts.yml").read_text()


def test_every_figure_of_the_alert_rules_is_made() -> None:
    made = set(made_figures())
    named = {name.removesuffix("_bucket") for name in re.findall(r"godark_[a-z_]+", RULES)}
    assert named
    assert sorted(named - made) == []


def test_every_alert_rule_has_its_entry_in_the_runbook() -> None:
    headings = set(re.findall(r"^## (.+)$", RUNBOOK, re.MULTILINE))
    entries = re.findall(r'runbook: "(.+)"', RULES)
    assert len(entries) == RULES.count("- alert:") > 0
    assert sorted(set(entries) - headings) == []
