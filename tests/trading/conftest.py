"""What the tests of trading share: a database in which the catalogue's markets are listed."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from trading.services.catalogue import CatalogueReport, load_catalogue
from trading.services.catalogue_file import FOLDER, read_catalogue

Edit = Callable[[str, str, str], Path]


@pytest.fixture
def listing(db: None) -> CatalogueReport:
    """List the markets of the project's own catalogue."""
    return load_catalogue(read_catalogue())


@pytest.fixture
def edited(tmp_path: Path) -> Edit:
    """Return a function that replaces a text, found exactly once, in a copy of the catalogue."""
    folder = tmp_path / "catalogue"
    shutil.copytree(FOLDER, folder)

    def edit(name: str, old: str, new: str) -> Path:
        path = folder / name
        text = path.read_text()
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
        path.write_text(text.replace(old, new))
        return folder

    return edit
