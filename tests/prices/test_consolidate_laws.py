import math

from hypothesis import given
from hypothesis import strategies as st

from prices.consolidate import Consolidation, consolidate
from prices.records import Quote, Rung
from prices.units import ask_pico_of, bid_pico_of
from tests.prices.sources import BTC, NAMES, NOW_MS, ONE_USD

CENTER = 100.0
honest_mids = st.floats(min_value=99.5, max_value=100.5).map(lambda mid: round(mid, 4))
anything = (
    st.floats()
    | st.sampled_from(
        [0.0, -100.0, math.nan, math.inf, -math.inf, 1000.0, 10.0, 1e-9, 1e300, 98.0, 102.0]
    )
    | st.floats(min_value=90, max_value=110)
)
ages = st.sampled_from([0, 100, 4_999, 5_001, 3_600_000, -40, -60, -(10**12)])


@st.composite
def lies(draw: st.DrawFn) -> Quote:
    bid = draw(anything)
    ask = draw(st.one_of(st.just(bid + 0.02), anything))
    return Quote(
        bid_pico=bid_pico_of(bid),
        ask_pico=ask_pico_of(ask),
        received_at_ms=NOW_MS - draw(ages),
    )


def honest(mid: float) -> Quote:
    return Quote(
        bid_pico=bid_pico_of(mid - 0.01),
        ask_pico=ask_pico_of(mid + 0.01),
        received_at_ms=NOW_MS - 200,
    )


def find(quotes: dict[str, Quote]) -> Consolidation:
    return consolidate(market=BTC, quotes=quotes, oracles={}, at_ms=NOW_MS, usdt_usd_pico=ONE_USD)


liars = st.sets(st.sampled_from(NAMES), min_size=1, max_size=2) | st.just({"binance", "coinbase"})


@given(st.dictionaries(st.sampled_from(NAMES), lies()))
def test_the_index_lies_within_the_accepted_venues_and_without_them_there_is_none(
    quotes: dict[str, Quote],
) -> None:
    found = find(quotes)
    accepted = [venue.mid_pico for venue in found.venues if venue.drop is None]
    if not accepted:
        assert found.index_pico is None
        assert found.rung is Rung.NONE
    else:
        assert found.index_pico is not None
        assert min(accepted) <= found.index_pico <= max(accepted)


@given(st.data(), st.lists(honest_mids, min_size=5, max_size=5), liars)
def test_one_or_two_lying_venues_move_the_index_by_at_most_two_percent_beyond_the_honest(
    data: st.DataObject, mids: list[float], lying: set[str]
) -> None:
    truth = {name: honest(mid) for name, mid in zip(NAMES, mids, strict=True)}
    alone = find({name: quote for name, quote in truth.items() if name not in lying})
    told = find(truth | {name: data.draw(lies()) for name in sorted(lying)})
    honest_prices = [
        (quote.bid_pico + quote.ask_pico) // 2 for name, quote in truth.items() if name not in lying
    ]
    assert alone.index_pico is not None
    assert told.index_pico is not None
    assert told.rung is Rung.VENUES
    assert 98 * min(honest_prices) <= 100 * told.index_pico <= 102 * max(honest_prices)


@given(st.data(), honest_mids, liars)
def test_where_the_honest_agree_two_liars_move_the_index_by_at_most_two_percent(
    data: st.DataObject, mid: float, lying: set[str]
) -> None:
    truth = {name: honest(mid) for name in NAMES}
    alone = find({name: quote for name, quote in truth.items() if name not in lying})
    told = find(truth | {name: data.draw(lies()) for name in sorted(lying)})
    assert alone.index_pico is not None
    assert told.index_pico is not None
    assert 100 * abs(told.index_pico - alone.index_pico) <= 2 * alone.index_pico


@given(st.dictionaries(st.sampled_from(NAMES), lies()))
def test_every_venue_is_accounted_for_accepted_or_with_a_reason(quotes: dict[str, Quote]) -> None:
    found = find(quotes)
    assert [venue.source.name for venue in found.venues] == list(NAMES)
    for venue in found.venues:
        if venue.drop is None:
            assert 0 < venue.bid_pico <= venue.ask_pico
            assert venue.age_ms is not None
            assert venue.age_ms <= 5_000
