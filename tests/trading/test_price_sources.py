"""The catalogue's sources as the room `prices` takes them."""

from datetime import date

import pytest

from prices.records import Currency, Kind
from prices.units import pico_of
from trading.selectors.price_sources import (
    conversion_sources,
    holidays,
    last_good_prices,
    listing_prices,
    market_sources,
)

pytestmark = pytest.mark.usefixtures("listing")


def test_every_market_has_its_sources_by_kind() -> None:
    markets = {market.market_id: market for market in market_sources()}
    assert len(markets) == 60
    bitcoin = markets["BTC-USDT-PERP"]
    assert [(source.name, source.weight // 10_000_000) for source in bitcoin.venues] == [
        ("binance", 30),
        ("coinbase", 25),
        ("kraken", 15),
        ("bybit", 15),
        ("okx", 15),
    ]
    assert bitcoin.least == 3
    assert bitcoin.tick_pico == pico_of("0.1")
    assert [source.name for source in bitcoin.oracles] == ["pyth", "switchboard"]
    assert {source.name for source in bitcoin.perpetuals} == {
        "binance-perp",
        "bybit-perp",
        "okx-perp",
    }
    assert {source.currency for source in bitcoin.venues if source.name == "kraken"} == {
        Currency.USD
    }


def test_fx_markets_stand_on_oracles_and_keep_their_hours() -> None:
    markets = {market.market_id: market for market in market_sources()}
    yen = markets["JPY-USDT-PERP"]
    assert yen.keeps_fx_hours
    assert yen.venues == ()
    assert all(source.is_inverted and source.kind is Kind.ORACLE for source in yen.oracles)
    assert not markets["BTC-USDT-PERP"].keeps_fx_hours


def test_a_contract_on_many_units_carries_how_many() -> None:
    sources = [
        source
        for market in market_sources()
        if market.market_id == "PEPE-USDT-PERP"
        for source in market.perpetuals
    ]
    assert 1_000 in {source.base_per_unit for source in sources}


def test_the_converting_index_is_never_converted_itself() -> None:
    conversion = conversion_sources()
    assert {source.name for source in conversion.venues} == {"coinbase", "kraken"}
    assert {source.name for source in conversion.oracles} == {"pyth", "switchboard"}
    assert {source.currency for source in (*conversion.venues, *conversion.oracles)} == {
        Currency.USDT
    }


def test_holidays_and_listing_prices_come_from_the_catalogue() -> None:
    assert date(2026, 12, 25) in holidays()
    assert listing_prices()["BTC"] == 95500.0
    assert last_good_prices() == {}
