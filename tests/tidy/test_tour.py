"""docs/TOUR.md and every other page of the written house point at things that exist."""

import re

from tests.tidy.tree import ROOT, files, name_of, tracked

NAMED = re.compile(r"`([\w./-]+/[\w./-]*|[\w-]+\.(?:py|md|txt|toml|html|css|js))`")
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")
MADE_AT_RUN = ("var/", ".venv/", "/")


def test_every_name_in_the_tour_exists() -> None:
    text = (ROOT / "docs" / "TOUR.md").read_text()
    missing = [
        name
        for name in NAMED.findall(text)
        if not name.startswith(MADE_AT_RUN) and not (ROOT / name).exists()
    ]
    assert not missing, missing


def test_every_top_level_folder_is_in_the_tour() -> None:
    text = (ROOT / "docs" / "TOUR.md").read_text()
    paths = [path.relative_to(ROOT).parts for path in tracked()]
    folders = {parts[0] for parts in paths if len(parts) > 1 and not parts[0].startswith(".")}
    forgotten = sorted(folder for folder in folders if f"`{folder}/`" not in text)
    assert not forgotten, forgotten


def test_every_relative_link_leads_somewhere() -> None:
    broken = [
        f"{name_of(page)}: {target}"
        for page in files(".md")
        for target in LINK.findall(page.read_text())
        if not (page.parent / target).exists()
    ]
    assert not broken, "\n".join(broken)
