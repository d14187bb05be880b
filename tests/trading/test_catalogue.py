"""The rules of the product for every one of the sixty markets, as the database holds them."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from trading.models import Market, PriceSource, SourceRole
from trading.services.catalogue import CatalogueReport

CRYPTO_IN_ORDER = """
    BTC ETH BNB XRP SOL USDC TRX DOGE ADA HYPE XMR DAI TON MNT CRO DOT ENA WLFI PEPE USD1 APT M
    ONDO WLD KCS LINK USDE XLM BCH SUI LEO AVAX LTC HBAR SHIB ZEC TAO UNI OKB AAVE BGB PYUSD
    NEAR ETC POL ASTER IP ARB PI ICP
"""
FX_IN_ORDER = "USD GBP EUR JPY CHF AUD CAD CNY HKD SGD"
CRYPTO, FX = CRYPTO_IN_ORDER.split(), FX_IN_ORDER.split()
MAJORS = {"BTC", "ETH", "BNB", "XRP", "SOL", "DOGE", "ADA", "DOT", "LINK", "BCH", "AVAX", "LTC"}
WEIGHTS_PERCENT = {"BINANCE": 30, "COINBASE": 25, "KRAKEN": 15, "BYBIT": 15, "OKX": 15}

pytestmark = pytest.mark.usefixtures("listing")


def offenders(obeys: Callable[[Market], bool], *, kind: str | None = None) -> list[str]:
    """Return the symbols of the markets that break a rule, of all or of one kind."""
    looked_at = Market.objects.filter(kind=kind) if kind else Market.objects.all()
    assert looked_at.count() == {"CRYPTO": 50, "FX": 10, None: 60}[kind]
    return [market.symbol for market in looked_at.prefetch_related("sources") if not obeys(market)]


def count_of(market: Market, *, role: SourceRole) -> int:
    """Return how many sources of a role a market has."""
    return sum(source.role == role for source in market.sources.all())


def test_the_markets_are_exactly_those_of_the_product_in_its_order() -> None:
    rows = Market.objects.order_by("rank").values_list("symbol", "base", "quote", "kind")
    assert list(rows) == [
        (f"{base}-USDT-PERP", base, "USDT", kind)
        for kind, bases in (("CRYPTO", CRYPTO), ("FX", FX))
        for base in bases
    ]
    assert (len(CRYPTO), len(FX)) == (50, 10)


def test_one_tick_is_at_listing_at_most_a_tenth_of_a_basis_point() -> None:
    tenth = Decimal("0.00001")
    assert not offenders(lambda market: 0 < market.tick_size <= market.listing_price * tenth)


def test_no_tick_is_needlessly_finer_than_a_hundredth_of_a_basis_point() -> None:
    hundredth = Decimal("0.000001")
    assert not offenders(lambda market: market.tick_size >= market.listing_price * hundredth)


def test_one_lot_is_at_listing_at_most_ten_usdt() -> None:
    assert not offenders(lambda market: 0 < market.lot_size * market.listing_price <= 10)


def test_tick_times_lot_is_a_whole_even_number_of_micro_usdt() -> None:
    def is_even(market: Market) -> bool:
        exact = market.tick_size * market.lot_size * 1_000_000
        return bool(exact == market.tick_lot_micro and exact % 2 == 0 < exact)

    assert not offenders(is_even)


def test_every_notional_is_an_exact_integer_even_at_half_ticks() -> None:
    def is_exact(market: Market) -> bool:
        half_tick_of_one_lot = market.tick_size / 2 * market.lot_size * 1_000_000
        return half_tick_of_one_lot == int(half_tick_of_one_lot)

    assert not offenders(is_exact)


def test_ticks_and_lots_are_what_a_trader_expects() -> None:
    def is_round(step: Decimal) -> bool:
        return step.normalize().as_tuple().digits in {(1,), (2,), (5,)}

    assert not offenders(lambda market: is_round(market.tick_size) and is_round(market.lot_size))


def test_the_listing_price_lies_on_a_tick_and_carries_its_day() -> None:
    assert not offenders(
        lambda market: (
            market.listing_price % market.tick_size == 0
            and market.listing_priced_on < market.listed_at.date()
        )
    )


def test_sizes_and_limits_grow_from_one_lot_to_the_open_interest() -> None:
    assert not offenders(
        lambda market: (
            1
            == market.min_quantity_lots
            < market.max_quantity_lots
            < market.position_limit_lots
            < market.open_interest_limit_lots
        )
    )


def test_the_largest_order_is_worth_between_a_hundred_thousand_and_a_million_usdt() -> None:
    def is_sensible(market: Market) -> bool:
        worth = market.max_quantity_lots * market.lot_size * market.listing_price
        return 90_000 <= worth <= 1_000_000

    assert not offenders(is_sensible)


def test_crypto_offers_a_thousand_times_and_never_closes() -> None:
    assert not offenders(
        lambda market: market.max_leverage == 1_000 and market.calendar is None, kind="CRYPTO"
    )


def test_fx_offers_no_leverage_above_fifty_and_follows_new_york_hours() -> None:
    def obeys(market: Market) -> bool:
        calendar = market.calendar
        return (
            market.max_leverage == 50
            and calendar is not None
            and str(calendar) == "FX: closed Friday 17:00 to Sunday 17:00, America/New_York"
        )

    assert not offenders(obeys, kind="FX")


def test_fees_and_risk_numbers_are_those_of_the_product() -> None:
    assert not offenders(
        lambda market: (
            (
                market.maker_rebate_ppb,
                market.taker_fee_ppb,
                market.collar_ppb,
                market.stress_gap_ppb,
                market.insurance_seed_micro,
                market.pricing,
            )
            == (200_000, 500_000, 10_000_000, 20_000_000, 100_000_000_000, "THREE_POINTS")
        )
    )


def test_a_market_is_listed_halted_until_trading_opens() -> None:
    assert not offenders(
        lambda market: (
            (market.state, market.state_reason) == ("HALTED", "Trading has not opened yet.")
        )
    )


def test_majors_need_three_venues_and_have_five() -> None:
    majors = Market.objects.filter(base__in=MAJORS)
    assert {
        (market.least_sources, count_of(market, role=SourceRole.INDEX)) for market in majors
    } == {(3, 5)}
    others = Market.objects.exclude(base__in=MAJORS)
    assert {market.least_sources for market in others} == {2}


def test_no_market_needs_more_sources_than_it_has() -> None:
    def suffices(market: Market) -> bool:
        listed = count_of(market, role=SourceRole.INDEX) + count_of(market, role=SourceRole.ORACLE)
        return market.least_sources <= listed

    assert not offenders(suffices)


def test_every_market_has_both_oracles_and_fx_has_nothing_else() -> None:
    assert not offenders(lambda market: count_of(market, role=SourceRole.ORACLE) == 2)
    assert not offenders(lambda market: market.sources.count() == 2, kind="FX")


def test_every_index_source_has_the_weight_of_its_venue() -> None:
    rows = PriceSource.objects.filter(role=SourceRole.INDEX).values_list("venue", "weight_ppb")
    assert set(rows) == {
        (venue, percent * 10_000_000) for venue, percent in WEIGHTS_PERCENT.items()
    }


def test_perpetuals_come_from_binance_okx_and_bybit_only() -> None:
    perpetuals = PriceSource.objects.filter(role=SourceRole.PERP)
    assert set(perpetuals.values_list("venue", flat=True)) == {"BINANCE", "OKX", "BYBIT"}
    assert set(perpetuals.values_list("quoted_in", flat=True)) == {"USDT"}


def test_contracts_on_a_thousand_coins_say_so() -> None:
    multiplied = PriceSource.objects.exclude(base_per_unit=1)
    assert set(multiplied.values_list("market__base", "instrument", "base_per_unit")) == {
        ("PEPE", "1000PEPEUSDT", 1_000),
        ("SHIB", "1000SHIBUSDT", 1_000),
        ("SHIB", "SHIB1000USDT", 1_000),
    }


def test_pairs_that_oracles_quote_the_other_way_round_are_inverted() -> None:
    inverted = PriceSource.objects.filter(is_inverted=True, venue="PYTH")
    assert dict(inverted.values_list("market__base", "instrument")) == {
        "USD": "Crypto.USDT/USD",
        "JPY": "FX.USD/JPY",
        "CHF": "FX.USD/CHF",
        "CAD": "FX.USD/CAD",
        "CNY": "FX.USD/CNH",
        "HKD": "FX.USD/HKD",
        "SGD": "FX.USD/SGD",
    }


def test_usdt_in_usd_has_sources_of_its_own() -> None:
    conversion = PriceSource.objects.filter(role=SourceRole.CONVERSION)
    assert set(conversion.values_list("venue", "quoted_in")) == {
        (venue, "USD") for venue in ("COINBASE", "KRAKEN", "PYTH", "SWITCHBOARD")
    }
    assert not conversion.exclude(market=None).exists()


def test_the_report_names_every_market(listing: CatalogueReport) -> None:
    assert listing.listed == [f"{base}-USDT-PERP" for base in (*CRYPTO, *FX)]
    assert not listing.kept
