"""What the tests of trading share: a database in which the catalogue's markets are listed."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from tests.database import run_past_triggers
from tests.exchange import Exchange, exchange_in_test
from trading.services.catalogue import CatalogueReport, load_catalogue
from trading.services.catalogue_file import FOLDER, read_catalogue

Edit = Callable[[str, str, str], Path]


@pytest.fixture(scope="module")
def listing_of_module(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[CatalogueReport]:
    """List the markets of the project's own catalogue, once for all tests of a module."""
    with django_db_blocker.unblock():
        report = load_catalogue(read_catalogue())
    yield report
    with django_db_blocker.unblock():
        run_past_triggers(
            "TRUNCATE trading_market, trading_bracketschedule, trading_tradingcalendar CASCADE"
        )


@pytest.fixture
def listing(listing_of_module: CatalogueReport, db: None) -> CatalogueReport:
    """Return what listing the markets reported; what a test does to them is undone after it."""
    return listing_of_module


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


@pytest.fixture
def exchange(listing: CatalogueReport) -> Iterator[Exchange]:
    """Return the exchange with the catalogue's markets open, within the test's transaction."""
    with exchange_in_test() as running:
        running.open_markets()
        yield running
