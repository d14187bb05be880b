"""The report of a day: text for a terminal, HTML with plots; both of the same tables."""

import itertools
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Final

import pygal

from bench.day.after import Found
from bench.day.course import Day
from bench.day.figures import Quoted
from bench.day.tables import Table, tables_of

TITLE: Final = "A trading day"
STYLE: Final = """
body{font:15px/1.5 system-ui,sans-serif;max-width:1100px;margin:2rem auto;padding:0 1rem;
color:#1b1f27;background:#fbfbfc}h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}
table{border-collapse:collapse;width:100%}td,th{padding:.25rem .6rem;text-align:right;
border-bottom:1px solid #e4e6ea;font-variant-numeric:tabular-nums}td:first-child,th:first-child
{text-align:left}.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(420px,1fr));
gap:1rem}figure{margin:0}figcaption{color:#5b6270}.no{color:#a4262c;font-weight:600}
"""


def write(folder: Path, day: Day, found: Found) -> str:
    """Write both reports and return the text."""
    tables = list(tables_of(day, found))
    verdict = verdict_of(found)
    text = "\n".join([verdict, "", *(_as_text(table) for table in tables)])
    (folder / "report.txt").write_text(text + "\n", encoding="utf-8")
    page = _as_html(verdict, tables, plots_of(day, found), holds=found.holds)
    (folder / "report.html").write_text(page, encoding="utf-8")
    return text


def verdict_of(found: Found) -> str:
    """Return in one sentence whether everything holds."""
    if found.holds:
        return "Everything agrees: no answered order lost or doubled, no difference."
    wrong = [f"{name}: {said}" for name, agrees, said in found.checks if not agrees]
    lost = f"{len(found.lost)} lost, {len(found.doubled)} doubled"
    return f"NOT everything agrees: {'; '.join([lost, *wrong])}"


# Plots.


def plots_of(day: Day, found: Found) -> list[tuple[str, str]]:
    """Return each plot's caption and its SVG."""
    samples, figures = day.figures.samples, day.figures
    made: list[tuple[str, pygal.XY]] = []
    price = _plot("The reference's mid, USDT")
    if figures.quotes:
        first = figures.quotes[0].at_ms
        points = [((one.at_ms - first) / 1_000, float(one.mid)) for one in _thin(figures.quotes)]
        price.add("mid", points)
        made.append(("The reference as everybody heard it.", price))
    rates = _plot("Orders and fills a second")
    pairs = list(itertools.pairwise(samples))
    rates.add("orders", [(b.at_s, (b.orders - a.orders) / (b.at_s - a.at_s)) for a, b in pairs])
    rates.add("fills", [(b.at_s, (b.fills - a.fills) / (b.at_s - a.at_s)) for a, b in pairs])
    made.append(("Orders sent and fills heard of, by the second.", rates))
    memory = _plot("Memory, MB")
    for name in sorted({name for one in samples for name in one.usage}):
        memory.add(name, [(one.at_s, one.usage[name][1]) for one in samples if name in one.usage])
    made.append(("Resident memory of each process with its children.", memory))
    settled = _plot("Settlement: due to confirmed, s")
    settled.add("roots", [(place, one[0] / 1_000) for place, one in enumerate(found.settled)])
    made.append(("Each state root of the venue's life, in order.", settled))
    return [(caption, plot.render(is_unicode=True)) for caption, plot in made]


def _plot(title: str) -> pygal.XY:
    return pygal.XY(title=title, stroke=True, show_dots=False, width=560, height=320,
                    js=(), disable_xml_declaration=True, show_x_guides=False)  # fmt: skip


def _thin(many: Sequence[Quoted], most: int = 600) -> Sequence[Quoted]:
    return many[:: max(1, len(many) // most)]


# Words.


def _as_text(table: Table) -> str:
    rows = [table.columns, *table.rows]
    widths = [max(len(row[place]) for row in rows) for place in range(len(table.columns))]
    lines = [
        "  ".join(
            word.ljust(width) if place == 0 else word.rjust(width)
            for place, (word, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([table.heading, "-" * len(table.heading), *lines, ""])


def _as_html(
    verdict: str, tables: Sequence[Table], plots: Sequence[tuple[str, str]], *, holds: bool
) -> str:
    figures = "".join(f"<figure>{svg}<figcaption>{escape(caption)}</figcaption></figure>"
                      for caption, svg in plots)  # fmt: skip
    parts = [
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{TITLE}</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<style>{STYLE}</style><h1>{TITLE}</h1>",
        f'<p class="{"yes" if holds else "no"}">{escape(verdict)}</p>',
        f'<div class="plots">{figures}</div>',
    ]
    for table in tables:
        head = "".join(f"<th>{escape(one)}</th>" for one in table.columns)
        rows = "".join(
            "<tr>" + "".join(f"<td>{escape(word)}</td>" for word in row) + "</tr>"
            for row in table.rows
        )
        parts.append(f"<h2>{escape(table.heading)}</h2><table><tr>{head}</tr>{rows}</table>")
    return "\n".join(parts)
