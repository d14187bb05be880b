"""Loading the catalogue: once, wholly or not at all, and never over what is listed."""

from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.trading.conftest import Edit
from trading.models import (
    Bracket,
    BracketSchedule,
    Holiday,
    Market,
    PriceSource,
    TradingCalendar,
)
from trading.services import catalogue
from trading.services.catalogue import CatalogueReport, load_catalogue
from trading.services.catalogue_file import CatalogueError, read_catalogue

TABLES = (Market, PriceSource, Bracket, BracketSchedule, Holiday, TradingCalendar)


@pytest.fixture
def listing(db: None) -> CatalogueReport:
    """List the markets of the project's own catalogue in an empty database."""
    return load_catalogue(read_catalogue())


def all_rows() -> dict[str, Any]:
    """Return every row that a load can write."""
    return {table.__name__: [*table.objects.order_by("pk").values()] for table in TABLES}


def test_a_second_load_changes_nothing_and_says_so(listing: CatalogueReport) -> None:
    before = all_rows()
    again = load_catalogue(read_catalogue())
    assert all_rows() == before
    assert (again.listed, again.updated, again.differences) == ([], [], [])
    assert again.kept == listing.listed


def test_the_command_says_what_it_did(db: None) -> None:
    first, second = StringIO(), StringIO()
    call_command("load_catalogue", stdout=first)
    call_command("load_catalogue", stdout=second)
    assert first.getvalue().startswith("Markets listed: 60; listed before: 0.\n  BTC-USDT-PERP ETH")
    assert second.getvalue() == "Markets listed: 0; listed before: 60.\n"


def test_a_new_market_is_listed_beside_the_old_ones(listing: CatalogueReport, edited: Edit) -> None:
    folder = edited("fx.toml", 'base = "SGD"', 'base = "NZD"')
    report = load_catalogue(read_catalogue(folder))
    assert report.listed == ["NZD-USDT-PERP"]
    assert report.differences == ["SGD-USDT-PERP: is listed, but not in the catalogue"]
    assert Market.objects.count() == 61


@pytest.mark.parametrize(
    ("name", "old", "new", "difference"),
    [
        ("crypto.toml", 'max_size = "10"', 'max_size = "11"', "max_quantity_lots"),
        ("crypto.toml", '"95500"', '"95600"', "listing_price"),
        ("crypto.toml", 'tick_size = "0.1"', 'tick_size = "0.2"', "tick_size"),
        ("crypto.toml", 'coinbase = "BTC-USD", ', "", "price sources"),
        ("crypto.toml", '"BTC-USDT-SWAP"', '"BTC-USDT-251226"', "price sources"),
    ],
)
def test_a_listed_market_is_left_as_it_is_and_the_difference_is_told(
    listing: CatalogueReport, edited: Edit, name: str, old: str, new: str, difference: str
) -> None:
    before = all_rows()
    report = load_catalogue(read_catalogue(edited(name, old, new)))
    assert all_rows() == before
    assert report.differences == [f"BTC-USDT-PERP: {difference}"]


@pytest.mark.parametrize(
    ("name", "old", "new", "difference"),
    [
        ("rules.toml", 'name = "standard"\nbracket = [', 'name = "standard"\nbracket = [', None),
        ("rules.toml", 'pyth = "Crypto.USDT/USD"\n', "", "conversion: price sources"),
        ("hours.toml", "turns_at = 17:00:00", "turns_at = 18:00:00", "calendar FX: turns_at"),
        (
            "rules.toml",
            "    { max_leverage = 20,",
            "    { max_leverage = 25,",
            "bracket schedule standard: brackets",
        ),
    ],
)
def test_what_markets_share_is_left_as_it_is_too(
    listing: CatalogueReport, edited: Edit, name: str, old: str, new: str, difference: str | None
) -> None:
    before = all_rows()
    report = load_catalogue(read_catalogue(edited(name, old, new)))
    assert all_rows() == before
    assert report.differences == ([difference] if difference else [])


def test_the_order_of_lists_follows_the_catalogue(listing: CatalogueReport) -> None:
    Market.objects.filter(symbol="BTC-USDT-PERP").update(rank=99)
    report = load_catalogue(read_catalogue())
    assert report.updated == ["BTC-USDT-PERP: rank"]
    assert Market.objects.get(symbol="BTC-USDT-PERP").rank == 1


def test_a_holiday_to_come_is_added_and_one_that_is_past_is_not(
    listing: CatalogueReport, edited: Edit
) -> None:
    Holiday.objects.filter(trading_day__in=["2025-12-25", "2030-12-25"]).delete()
    report = load_catalogue(read_catalogue())
    assert report.updated == ["calendar FX: holidays 2030-12-25"]
    assert Holiday.objects.filter(trading_day=date(2030, 12, 25)).exists()
    assert not Holiday.objects.filter(trading_day=date(2025, 12, 25)).exists()


def test_a_load_that_fails_leaves_nothing(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("the world broke")

    monkeypatch.setattr(catalogue, "list_markets", fail)
    with pytest.raises(RuntimeError, match="the world broke"):
        load_catalogue(read_catalogue())
    assert not any(all_rows().values())


BROKEN = [
    # Where the rule stands, what is written there, what the sentence says.
    (
        ("crypto.toml", 'tick_size = "0.1"', 'tick_size = "1"'),
        "BTC-USDT-PERP: one tick is 0.105 basis points of the listing price; at most 0.1 is",
    ),
    (
        ("crypto.toml", 'listing_price = "95500"', 'listing_price = "195500"'),
        "BTC-USDT-PERP: one lot is worth 19.5500 USDT at listing; at most 10 is allowed.",
    ),
    (
        ("crypto.toml", 'tick_size = "0.1"\nlot', 'tick_size = "0.05"\nlot'),
        "BTC-USDT-PERP: tick x lot is 5 micro-USDT; it must be whole and even.",
    ),
    (
        ("crypto.toml", 'tick_size = "0.1"\nlot', 'tick_size = "0.04"\nlot'),
        "BTC-USDT-PERP: tick and lot are 1, 2 or 5 times a power of ten.",
    ),
    (
        ("crypto.toml", 'max_size = "10"', 'max_size = "10.00001"'),
        "BTC-USDT-PERP: max_size, position_limit and open_interest_limit are whole lots.",
    ),
    (
        ("crypto.toml", 'max_size = "10"', 'max_size = "60"'),
        "BTC-USDT-PERP: lot_size <= max_size <= position_limit <= open_interest_limit does not",
    ),
    (
        ("crypto.toml", 'base = "BTC"', 'base = "btc"'),
        "btc-USDT-PERP: the base is 1 to 10 capital letters or digits.",
    ),
    (
        ("crypto.toml", 'base = "BTC"', 'base = "ETH"'),
        "ETH-USDT-PERP: is listed 2 times.",
    ),
    (
        ("crypto.toml", 'listing_price = "95500"', 'listing_price = "-1"'),
        "BTC-USDT-PERP: tick, lot and listing price are above zero.",
    ),
    (
        ("crypto.toml", 'listing_price = "95500"', 'listing_price = "NaN"'),
        "BTC-USDT-PERP: tick, lot and listing price are above zero.",
    ),
    (
        ("crypto.toml", '"0.00000512"', '"0.0000051200001"'),
        "PEPE-USDT-PERP: tick, lot and listing price have at most 12 decimal places.",
    ),
    (
        ("crypto.toml", "max_leverage = 1000", "max_leverage = 1001"),
        "BTC-USDT-PERP: a leverage of 1001x is not offered; 1 to 1000 is.",
    ),
    (
        ("rules.toml", "max_leverage = 1000,", "max_leverage = 900,"),
        "BTC-USDT-PERP: a leverage of 1000x is more than the brackets of standard give, 900x.",
    ),
    (
        ("fx.toml", "max_leverage = 50", "max_leverage = 51"),
        "EUR-USDT-PERP: a leverage of 51x is not offered; 1 to 50 is.",
    ),
    (
        ("fx.toml", 'kind = "FX"', 'kind = "METAL"'),
        "EUR-USDT-PERP: the kind METAL is none of CRYPTO, FX.",
    ),
    (
        ("fx.toml", 'calendar = "FX"\n', ""),
        "EUR-USDT-PERP: FX keeps the hours of a calendar, and nothing else does.",
    ),
    (
        ("fx.toml", 'calendar = "FX"\n', 'calendar = "ASIA"\n'),
        "EUR-USDT-PERP: there is no calendar ASIA.",
    ),
    (
        ("fx.toml", 'oracle = { pyth = "FX.EUR/USD", switch', "oracle = { switch"),
        "EUR-USDT-PERP: at least 2 sources are demanded, 1 are listed.",
    ),
    (
        ("fx.toml", 'pyth = "FX.EUR/USD"', 'kraken = "EUR/USD"'),
        "EUR-USDT-PERP: oracles stand under oracle, and venues under index and perp.",
    ),
    (
        ("crypto.toml", 'coinbase = "BTC-USD"', 'bitstamp = "BTC-USD"'),
        "BTC-USDT-PERP: INDEX names an unknown venue, bitstamp.",
    ),
    (
        ("rules.toml", 'deduction = "82.5"', 'deduction = "80"'),
        "bracket schedule standard: maintenance margin jumps at 20000.",
    ),
    (
        ("rules.toml", 'notional_up_to = "50000"', 'notional_up_to = "20000"'),
        "bracket schedule standard: borders rise above 20000.",
    ),
    (
        ("rules.toml", "max_leverage = 500,", "max_leverage = 1000,"),
        "bracket schedule standard: leverage falls above 5000.",
    ),
    (
        ("rules.toml", 'maintenance_margin_rate = "0.001"', 'maintenance_margin_rate = "0.0005"'),
        "bracket schedule standard: the maintenance rate rises above 5000.",
    ),
    (
        ("rules.toml", 'deduction = "0"', 'deduction = "1"'),
        "bracket schedule standard: the first deduction is zero.",
    ),
    (
        (
            "rules.toml",
            "    { max_leverage = 20,",
            '    { notional_up_to = "1", max_leverage = 20,',
        ),
        "bracket schedule standard: the last bracket, and no other, has no notional_up_to.",
    ),
    (
        ("rules.toml", 'bracket_schedule = "standard"', 'bracket_schedule = "other"'),
        "terms: there is no bracket schedule other.",
    ),
    (
        ("rules.toml", 'maker_rebate = "0.0002"', 'maker_rebate = "0.0006"'),
        "terms: 0 <= maker_rebate <= taker_fee < 1 does not hold.",
    ),
    (
        ("rules.toml", 'collar = "0.01"', 'collar = "1"'),
        "terms: collar and stress gap lie between 0 and 1.",
    ),
    (
        ("rules.toml", 'collar = "0.01"', 'collar = "0.0000000001"'),
        "terms: rates are whole in parts per billion.",
    ),
    (
        ("rules.toml", 'insurance_seed = "100000"', 'insurance_seed = "0.0000001"'),
        "terms: the insurance seed is not negative, and whole in micro-USDT.",
    ),
    (
        ("rules.toml", 'pricing = "THREE_POINTS"', 'pricing = "AUCTION"'),
        "terms: the pricing AUCTION is none of THREE_POINTS, LIMIT_MIDPOINT.",
    ),
    (
        ("rules.toml", 'okx = { weight = "0.15"', 'okx = { weight = "1.15"'),
        "venue okx: the weight lies above 0 and not above 1.",
    ),
    (
        ("rules.toml", 'okx = { weight = "0.15", ', "okx = { "),
        "venue okx: venues have a weight, oracles have none.",
    ),
    (
        ("rules.toml", "okx = { weight", "okex = { weight"),
        "venue okex: is none of BINANCE, COINBASE, KRAKEN, BYBIT, OKX, PYTH, SWITCHBOARD.",
    ),
    (
        ("hours.toml", '"America/New_York"', '"America/New_Pork"'),
        "calendar FX: there is no time zone America/New_Pork.",
    ),
    (
        ("hours.toml", 'week_closes_on = "FRIDAY"', 'week_closes_on = "FREITAG"'),
        "calendar FX: weekdays are MONDAY, TUESDAY,",
    ),
]


@pytest.mark.parametrize(("edit", "sentence"), BROKEN, ids=[row[1][:60] for row in BROKEN])
def test_a_broken_rule_is_told_with_the_markets_name_and_nothing_is_written(
    db: None, edited: Edit, edit: tuple[str, str, str], sentence: str
) -> None:
    read = read_catalogue(edited(*edit))
    with pytest.raises(CatalogueError) as refused:
        load_catalogue(read)
    assert any(problem.startswith(sentence) for problem in refused.value.problems), refused.value
    assert not any(all_rows().values())


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (("crypto.toml", 'tick_size = "0.1"', 'tick = "0.1"'), "BTC: Object contains unknown"),
        (("crypto.toml", 'tick_size = "0.1"\n', ""), "BTC: Object missing required field `tick_s"),
        (("crypto.toml", 'tick_size = "0.1"', 'tick_size = "a lot"'), "BTC: Invalid decimal"),
        (("crypto.toml", 'base = "BTC"\n', ""), "market number 1: Object missing required field"),
        (("crypto.toml", '"95500"', '95500"'), "crypto.toml: "),
        (("rules.toml", 'collar = "0.01"\n', ""), "rules and hours: Object missing required field"),
    ],
)
def test_a_file_of_another_shape_is_told_with_its_place(
    edited: Edit, edit: tuple[str, str, str], sentence: str
) -> None:
    folder = edited(*edit)
    with pytest.raises(CatalogueError) as refused:
        read_catalogue(folder)
    assert any(problem.startswith(sentence) for problem in refused.value.problems), refused.value


def test_the_command_refuses_a_folder_without_a_catalogue(db: None, tmp_path: Path) -> None:
    with pytest.raises(
        CommandError, match=r"was not loaded:\n  rules\.toml: there is no such file"
    ):
        call_command("load_catalogue", folder=tmp_path)
