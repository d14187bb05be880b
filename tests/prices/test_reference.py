import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prices.consolidate import consolidate
from prices.records import MarketSources, OracleQuote, Quote
from prices.reference import Basis, Reference, find_reference
from tests.prices.sources import BTC, EUR, NAMES, NOW_MS, ONE_USD, around, oracle, quote


def refer(
    quotes: dict[str, Quote],
    oracles: dict[str, OracleQuote] | None = None,
    *,
    market: MarketSources = BTC,
) -> Reference | None:
    found = consolidate(
        market=market,
        quotes=quotes,
        oracles=oracles or {},
        at_ms=NOW_MS,
        usdt_usd_pico=ONE_USD,
    )
    return find_reference(market=market, consolidation=found)


def of_three(*quotes: Quote) -> dict[str, Quote]:
    return dict(zip(("binance", "bybit", "okx"), quotes, strict=True))


@pytest.mark.parametrize(
    ("quotes", "bid", "ask", "age_ms", "basis"),
    [
        # the tick is 0.1: the best bid 99.97 goes down, the best ask 100.12 up
        (
            of_three(quote("99.97", "100.12"), quote("99.9", "100.3"), quote("99.8", "100.3")),
            999,
            1002,
            0,
            Basis.BEST_QUOTES,
        ),
        # the bid is set by the second, the ask by the third; the older of the two counts
        (
            of_three(
                quote("99.8", "100.4"),
                quote("99.9", "100.4", age_ms=300),
                quote("99.8", "100.2", age_ms=1_200),
            ),
            999,
            1002,
            1_200,
            Basis.BEST_QUOTES,
        ),
        # two on the same best tick: the newer sets it
        (
            of_three(
                quote("99.90", "100.20", age_ms=900),
                quote("99.95", "100.15", age_ms=4_000),
                quote("99.80", "100.30"),
            ),
            999,
            1002,
            900,
            Basis.BEST_QUOTES,
        ),
        # crossed: the weighted median mid 100.1 with half the median spread 0.2 to each side
        (
            of_three(quote("100.0", "100.2"), quote("99.9", "100.0"), quote("100.3", "100.6")),
            1000,
            1002,
            0,
            Basis.MEDIAN_SPREAD,
        ),
        # locked at 100.1: the heaviest, 100.2, is the middle
        (
            of_three(quote("100.1", "100.3"), quote("100.0", "100.1"), quote("100.0", "100.4")),
            1001,
            1003,
            0,
            Basis.MEDIAN_SPREAD,
        ),
    ],
)
def test_the_reference_is_the_best_bid_and_ask_or_the_median_spread_around_the_middle(
    quotes: dict[str, Quote], bid: int, ask: int, age_ms: int, basis: Basis
) -> None:
    found = refer(quotes)
    assert found == Reference(
        bid_ticks=bid, ask_ticks=ask, quoted_at_ms=NOW_MS - age_ms, basis=basis
    )


def test_a_crossed_reference_is_as_old_as_the_quotes_that_set_its_middle_and_its_spread() -> None:
    found = refer(
        of_three(
            quote("100.0", "100.2", age_ms=700),
            quote("99.8", "99.9", age_ms=4_000),
            quote("100.3", "100.6", age_ms=3_000),
        )
    )
    assert found is not None
    assert (found.basis, found.quoted_at_ms) == (Basis.MEDIAN_SPREAD, NOW_MS - 700)


def test_a_dropped_venue_sets_no_reference() -> None:
    quotes = {name: quote("99.9", "100.2") for name in NAMES} | {"okx": quote("104", "104.1")}
    found = refer(quotes)
    assert found is not None
    assert (found.bid_ticks, found.ask_ticks) == (999, 1002)


@pytest.mark.parametrize(
    ("confidence", "bid", "ask"),
    # one tick is 0.00001; 0.00002 of confidence is more, 0.000001 less
    [("0.00002", 107_998, 108_002), ("0.000001", 107_999, 108_001)],
)
def test_on_oracles_the_reference_is_the_price_with_its_confidence_or_a_tick_to_each_side(
    confidence: str, bid: int, ask: int
) -> None:
    both = {name: oracle("1.08", confidence=confidence) for name in ("pyth", "switchboard")}
    found = refer({}, both, market=EUR)
    assert found == Reference(bid_ticks=bid, ask_ticks=ask, quoted_at_ms=NOW_MS, basis=Basis.ORACLE)


def test_remaining_venues_far_from_the_blended_index_set_no_reference() -> None:
    found = refer({"binance": around(150)}, {"pyth": oracle("100"), "switchboard": oracle("100")})
    assert found is not None
    assert found.basis is Basis.ORACLE
    assert (found.bid_ticks, found.ask_ticks) == (999, 1001)


def test_without_an_index_there_is_no_reference() -> None:
    assert refer({}) is None


def test_a_reference_whose_bid_would_round_to_zero_is_none() -> None:
    coarse = msgspec.structs.replace(BTC, tick_pico=200 * 10**12)
    assert refer({name: around(100) for name in NAMES}, market=coarse) is None


@given(
    st.lists(
        st.tuples(
            st.integers(min_value=98_500, max_value=101_500),
            st.integers(min_value=0, max_value=900),
            st.integers(min_value=0, max_value=5_500),
        ),
        min_size=5,
        max_size=5,
    )
)
def test_a_reference_is_never_crossed_or_locked_and_never_newer_than_its_quotes(
    rows: list[tuple[int, int, int]],
) -> None:
    quotes = {
        name: Quote(
            bid_pico=bid * 10**9, ask_pico=(bid + width) * 10**9, received_at_ms=NOW_MS - age
        )
        for name, (bid, width, age) in zip(NAMES, rows, strict=True)
    }
    found = refer(quotes)
    if found is not None:
        assert found.bid_ticks < found.ask_ticks
        assert found.quoted_at_ms in {quote.received_at_ms for quote in quotes.values()}
