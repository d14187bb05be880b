from collections.abc import Mapping

import msgspec
import pytest

from prices.consolidate import Consolidation, consolidate
from prices.medians import lower_median, middle_median, weighted_median
from prices.records import Drop, MarketSources, OracleQuote, Quote, Rung
from tests.prices.sources import (
    BTC,
    EUR,
    NAMES,
    NOW_MS,
    ONE_USD,
    around,
    oracle,
    quote,
    usdt,
)


def find(
    quotes: Mapping[str, Quote],
    oracles: Mapping[str, OracleQuote] | None = None,
    *,
    market: MarketSources = BTC,
    usdt_usd_pico: int | None = ONE_USD,
    trusted_pico: int | None = None,
) -> Consolidation:
    return consolidate(
        market=market,
        quotes=quotes,
        oracles=oracles or {},
        at_ms=NOW_MS,
        usdt_usd_pico=usdt_usd_pico,
        trusted_pico=trusted_pico,
    )


def all_around(mid: str | int = 100) -> dict[str, Quote]:
    return {name: around(mid) for name in NAMES}


def drops(found: Consolidation) -> dict[str, Drop]:
    return {
        source.source.name: source.drop
        for source in (*found.venues, *found.oracles)
        if source.drop is not None
    }


@pytest.mark.parametrize(
    ("mids", "index"),
    [
        # binance .30, coinbase .25, kraken .15, bybit .15, okx .15
        (("100", "100", "100", "100", "100"), "100"),
        (("100", "101", "100.5", "100.2", "100.4"), "100.4"),
        (("101", "100", "100.1", "100.2", "100.3"), "100.2"),
        # .25 + .15 + .15 = .55 passes half at the third from below
        (("100.9", "100.0", "100.1", "100.2", "100.8"), "100.2"),
    ],
)
def test_the_index_is_the_weighted_median_of_the_mids(mids: tuple[str, ...], index: str) -> None:
    found = find({name: around(mid) for name, mid in zip(NAMES, mids, strict=True)})
    assert found.rung is Rung.VENUES
    assert found.index_pico == usdt(index)


def test_at_exactly_half_the_weight_the_lower_value_stands() -> None:
    assert weighted_median(values=[3, 1, 2, 4], weights=[1, 1, 1, 1]) == 2
    assert weighted_median(values=[10, 20], weights=[50, 50]) == 10
    assert lower_median([4, 1, 3, 2]) == 2
    assert middle_median([4, 1, 3, 2]) == 2
    assert middle_median([2, 4]) == 3


def test_a_weighted_median_without_weight_is_refused() -> None:
    with pytest.raises(ValueError, match="positive weight"):
        weighted_median(values=[], weights=[])


@pytest.mark.parametrize(
    ("wrong", "drop"),
    [
        (quote("0", "0"), Drop.NONSENSE),
        (quote("-1", "100"), Drop.NONSENSE),
        (quote("NaN", "NaN"), Drop.NONSENSE),
        (quote("100", "Infinity"), Drop.NONSENSE),
        (quote(None, "100"), Drop.NONSENSE),
        (quote("100.1", "100"), Drop.CROSSED),
        (quote("95", "105"), Drop.WIDE),
        (around(1000), Drop.OUTLIER),
        (around("102.1"), Drop.OUTLIER),
        (around("97.9"), Drop.OUTLIER),
        (around(100, age_ms=5_001), Drop.STALE),
        (around(100, age_ms=-1_000), Drop.FUTURE),
    ],
)
def test_a_wrong_quote_is_dropped_and_named_and_the_index_stands(wrong: Quote, drop: Drop) -> None:
    found = find(all_around() | {"binance": wrong})
    assert drops(found)["binance"] is drop
    assert (found.rung, found.index_pico) == (Rung.VENUES, usdt("100"))


@pytest.mark.parametrize("kept", [around("102"), around("98"), around(100, age_ms=5_000)])
def test_what_lies_exactly_on_a_limit_still_counts(kept: Quote) -> None:
    assert "okx" not in drops(find(all_around() | {"okx": kept}))


def test_a_silent_venue_is_named_silent() -> None:
    quotes = all_around()
    del quotes["kraken"]
    assert drops(find(quotes))["kraken"] is Drop.SILENT


def test_two_heavy_venues_that_lie_together_do_not_outvote_three_honest_ones() -> None:
    found = find(all_around() | {"binance": around(110), "coinbase": around(110)})
    assert found.index_pico == usdt("100")
    assert {"binance", "coinbase"} <= set(drops(found))


def test_dollar_quotes_are_converted_before_they_are_compared() -> None:
    quotes = all_around("100") | {"coinbase": around("95"), "kraken": around("95")}
    found = find(quotes, usdt_usd_pico=usdt("0.95"))
    assert not set(NAMES) & set(drops(found))
    assert found.index_pico == usdt("100")


def test_without_the_converting_index_dollar_venues_do_not_count() -> None:
    found = find(all_around(), usdt_usd_pico=None)
    assert drops(found) | {} == {
        "coinbase": Drop.UNCONVERTED,
        "kraken": Drop.UNCONVERTED,
        "pyth": Drop.SILENT,
        "switchboard": Drop.SILENT,
    }
    assert found.rung is Rung.VENUES


def only(*names: str, mid: str | int = 100) -> dict[str, Quote]:
    return {name: around(mid) for name in names}


@pytest.mark.parametrize(
    ("quotes", "oracles", "rung", "index"),
    [
        (only("binance", "bybit", "okx"), {}, Rung.VENUES, "100"),
        (
            only("binance", mid="100.3"),
            {"pyth": oracle("100.1"), "switchboard": oracle("100.2")},
            Rung.BLEND,
            "100.2",
        ),
        (
            only("binance", "okx", mid="150"),
            {"pyth": oracle("100.1"), "switchboard": oracle("100.2")},
            Rung.BLEND,
            "100.2",
        ),
        (only("binance", mid="100.2"), {"pyth": oracle("100")}, Rung.BLEND, "100.1"),
        (
            {},
            {"pyth": oracle("100", confidence="0.1"), "switchboard": oracle("100.2")},
            Rung.REMAINDER,
            "100",
        ),
        (
            {},
            {"pyth": oracle("100", confidence="0.15"), "switchboard": oracle("100.2")},
            Rung.ORACLES,
            "100.1",
        ),
        (only("binance", mid="150"), {"pyth": oracle("100")}, Rung.REMAINDER, "100"),
        (only("binance"), {}, Rung.REMAINDER, "100"),
        ({}, {"pyth": oracle("100")}, Rung.REMAINDER, "100"),
        ({}, {}, Rung.NONE, None),
        ({}, {"pyth": oracle("100", confidence="2.1")}, Rung.NONE, None),
        ({}, {"pyth": oracle("100", age_ms=5_001)}, Rung.NONE, None),
        ({}, {"pyth": oracle("0")}, Rung.NONE, None),
    ],
)
def test_the_ladder_is_climbed_down_rung_by_rung(
    quotes: dict[str, Quote],
    oracles: dict[str, OracleQuote],
    rung: Rung,
    index: str | None,
) -> None:
    found = find(quotes, oracles)
    assert found.rung is rung
    assert found.index_pico == (usdt(index) if index else None)


def test_a_lone_source_cannot_walk_the_index_more_than_two_percent_from_the_last_trusted() -> None:
    trusted = usdt("100")
    assert find(only("binance", mid=102), trusted_pico=trusted).index_pico == usdt("102")
    assert find(only("binance", mid="102.01"), trusted_pico=trusted).rung is Rung.NONE


def test_of_two_contradicting_remainders_the_one_near_the_trusted_index_stands() -> None:
    found = find(only("binance", mid=50), {"pyth": oracle("101")}, trusted_pico=usdt("100"))
    assert (found.rung, found.index_pico) == (Rung.REMAINDER, usdt("101"))


def test_a_market_on_oracles_stands_on_them_without_venues() -> None:
    found = find(
        {},
        {
            "pyth": oracle("1.08", confidence="0.0001"),
            "switchboard": oracle("1.0801", confidence="0.0001"),
        },
        market=EUR,
    )
    assert (found.rung, found.index_pico) == (Rung.ORACLES, usdt("1.08005"))


def test_dispersion_is_the_weighted_median_absolute_deviation() -> None:
    mids = ("100", "100.1", "100.4", "100.2", "99.8")
    found = find({name: around(mid) for name, mid in zip(NAMES, mids, strict=True)})
    # weights .15 at 99.8, .30 at 100, .25 at 100.1: the index is 100.1; deviations by
    # weight: 0 (.25), .1 (.30 and .15) passes half: .1 of 100.1
    assert found.index_pico == usdt("100.1")
    assert found.dispersion_ppb == 999_001


def test_each_venue_carries_its_deviation_from_the_unweighted_median() -> None:
    found = find(all_around() | {"okx": around("101")})
    by_name = {venue.source.name: venue.deviation_ppb for venue in found.venues}
    assert by_name["okx"] == 10_000_000
    assert by_name["binance"] == 0


def test_a_market_may_ask_for_fewer_venues() -> None:
    small = msgspec.structs.replace(BTC, least=1)
    assert find(only("okx"), market=small).rung is Rung.VENUES
