"""Dashboard and alert rules name figures that are made, ask what can be answered, and lead on.

An expression is parsed as Prometheus does it; each figure must be made by the code, under the name
that its kind has there, with the labels that it is asked for.
"""

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

import promql_parser as promql
import pytest
import yaml

from tests.tidy.test_runbook import RUNBOOK
from tests.tidy.tree import ROOT, app_files, parsed

OPERATIONS = ROOT / "docs" / "operations"
GROUPS = yaml.safe_load((OPERATIONS / "alerts.yml").read_text())["groups"]
RULES: list[dict[str, Any]] = [rule for group in GROUPS for rule in group["rules"]]
BOARD: dict[str, Any] = json.loads((OPERATIONS / "grafana.json").read_text())
PANELS: list[dict[str, Any]] = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
INTERVAL = "$__rate_interval"
"""What Grafana puts in the place of a range."""
ADDED = {"le", "job", "instance"}
"""Labels that Prometheus itself brings."""
SHOWN_AS = {
    "Counter": ("_total",),
    "CounterMetricFamily": ("_total",),
    "Gauge": ("",),
    "GaugeMetricFamily": ("",),
    "Histogram": ("_bucket", "_sum", "_count"),
    "HistogramMetricFamily": ("_bucket", "_sum", "_count"),
}
NOT_DRAWN = {
    "godark_price_conversion_good": "an alert says it",
    "godark_snapshot_lag_events": "it is beside the age in the rules",
}


def made() -> Iterator[tuple[str, set[str]]]:
    """Yield each figure as Prometheus shows it, with its labels."""
    for path in app_files():
        for node in ast.walk(parsed(path)):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            name = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else 0
            if isinstance(name, str) and name.startswith("godark_") and node.func.id in SHOWN_AS:
                for ending in SHOWN_AS[node.func.id]:
                    yield name + ending, set(labels_of(node))


def labels_of(node: ast.Call) -> list[str]:
    """Return the labels with which a figure is made."""
    for keyword in node.keywords:
        if keyword.arg in ("labels", "labelnames"):
            return list(ast.literal_eval(keyword.value))
    return []


MADE = dict(made())


def expressions() -> Iterator[Any]:
    """Yield every expression, under the name of its rule or panel."""
    for rule in RULES:
        yield pytest.param(rule["expr"], id=rule["alert"])
    for panel in PANELS:
        for target in panel["targets"]:
            yield pytest.param(target["expr"], id=f"{panel['title']} {target['refId']}")
    for note in BOARD["annotations"]["list"]:
        yield pytest.param(note["expr"], id=note["name"])


def wrong_in(expression: str) -> list[str]:
    """Return what is wrong with an expression; ValueError where it is none."""
    tree = promql.parse(expression.replace(INTERVAL, "5m"))
    figures = list(selectors(tree))
    known = {label for name, _ in figures for label in MADE.get(name, ())} | ADDED
    wrong = [f"nobody makes {name}" for name, _ in figures if name not in MADE]
    asked = {label for name, labels in figures for label in labels}
    asked |= set(grouped(tree))
    wrong += [f"no figure has the label {label}" for label in sorted(asked - known)]
    if any(name.endswith("_total") for name, _ in figures) and not counts_growth(tree):
        wrong.append("a counter is asked for its value, not for its growth")
    return wrong


def parts(tree: Any) -> Iterator[Any]:
    """Yield an expression and all that it consists of."""
    yield tree
    for name in ("lhs", "rhs", "expr", "args", "vector_selector", "param"):
        found = getattr(tree, name, None)
        for part in found if isinstance(found, list) else [found]:
            if part is not None:
                yield from parts(part)


def selectors(tree: Any) -> Iterator[tuple[str, list[str]]]:
    """Yield each figure that is asked for, and by which labels."""
    for part in parts(tree):
        if isinstance(part, promql.VectorSelector):
            yield part.name or "", [matcher.name for matcher in part.matchers.matchers]


def grouped(tree: Any) -> Iterator[str]:
    """Yield the labels by which is summed up."""
    for part in parts(tree):
        if isinstance(part, promql.AggregateExpr) and part.modifier is not None:
            yield from part.modifier.labels


def counts_growth(tree: Any) -> bool:
    """Tell whether a rate or an increase is asked for."""
    calls = [part.func.name for part in parts(tree) if isinstance(part, promql.Call)]
    return bool({"rate", "increase", "irate"} & set(calls))


@pytest.mark.parametrize("expression", list(expressions()))
def test_every_expression_asks_for_what_is_made(expression: str) -> None:
    assert wrong_in(expression) == []


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("godark_nothing > 0", "nobody makes godark_nothing"),
        ("godark_alerts > 0", "nobody makes godark_alerts"),
        ('godark_part_up{market="x"} == 0', "no figure has the label market"),
        ("sum by (kind) (godark_sockets)", "no figure has the label kind"),
        ("godark_alerts_total > 0", "a counter is asked for its value, not for its growth"),
    ],
)
def test_the_rule_sees_what_is_wrong(expression: str, said: str) -> None:
    assert wrong_in(expression) == [said]


def test_the_rule_sees_what_is_no_expression() -> None:
    with pytest.raises(ValueError, match="parenthesis"):
        wrong_in("rate(godark_alerts_total[5m]")


def test_every_alert_has_a_name_of_its_own_and_its_entry_in_the_runbook() -> None:
    headings = set(re.findall(r"^## (.+)$", RUNBOOK, re.MULTILINE))
    names = [rule["alert"] for rule in RULES]
    assert len(names) == len(set(names)) > 0
    lost = {rule["alert"] for rule in RULES if rule["annotations"]["runbook"] not in headings}
    assert lost == set()
    named = {name for name in names if f"`{name}`" not in RUNBOOK}
    assert named == set(), "each alert is named in its entry"


def test_the_runbook_is_named_rightly_by_the_dashboard() -> None:
    headings = set(re.findall(r"^## (.+)$", RUNBOOK, re.MULTILINE))
    said = [panel["description"] for panel in PANELS]
    named = {found[1] for one in said if (found := re.search(r"Runbook: (.+)\.$", one))}
    assert named - headings == set()
    assert all(said)


def test_every_figure_is_on_the_dashboard() -> None:
    shown = {
        re.sub("_(bucket|sum|count)$", "", name)
        for panel in PANELS
        for target in panel["targets"]
        for name, _ in selectors(promql.parse(target["expr"].replace(INTERVAL, "5m")))
    }
    figures = {re.sub("_(bucket|sum|count)$", "", name) for name in MADE}
    assert figures - shown - NOT_DRAWN.keys() == set()


def test_no_two_panels_lie_upon_each_other_or_have_one_number() -> None:
    places = [panel["gridPos"] for panel in BOARD["panels"]]
    cells = [
        (x, y)
        for place in places
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) == 23
    numbers = [panel["id"] for panel in BOARD["panels"]]
    assert len(numbers) == len(set(numbers))
