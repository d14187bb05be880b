from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.commands import MarketSpec, ReferenceMove
from engine.health import lots_to_close
from engine.margin import (
    LIQUIDATION,
    WARNING,
    initial_ceil_micro,
    maintenance_ceil_micro,
    trigger_half_ticks,
)
from engine.state import Market, Position
from engine.vocabulary import MarketState
from tests.engine.reference import margin

steady = settings(derandomize=True, deadline=None, database=None, max_examples=100)
BORDERS = [row[0] for row in margin.TABLE if row[0] is not None]
notionals = st.one_of(
    st.integers(1, 10**12),
    st.builds(lambda border, by: border + by, st.sampled_from(BORDERS), st.integers(-3, 3)),
)


@given(notional=notionals, leverage=st.integers(1, 1_000))
@steady
def test_margins_are_those_of_the_table_in_exact_fractions(notional: int, leverage: int) -> None:
    assert maintenance_ceil_micro(notional) == margin.maintenance(notional)
    assert initial_ceil_micro(notional, leverage) == margin.initial(notional, leverage)


@given(
    lots=st.integers(1, 3_000),
    is_long=st.booleans(),
    entry=st.integers(1, 60_000),
    share=st.fractions(min_value=Fraction(-1, 10), max_value=2),
    unit=st.sampled_from([1, 3, 5_000, 50_000]),
)
@steady
def test_trigger_prices_are_those_that_a_search_finds(
    *, lots: int, is_long: bool, entry: int, share: Fraction, unit: int
) -> None:
    sign = 1 if is_long else -1
    size, cost = sign * lots, sign * lots * entry * unit
    collateral = int(abs(cost) * share)
    facts = (size, cost, collateral, unit)
    assert trigger_half_ticks(*facts, LIQUIDATION) == margin.liquidation_price(*facts)
    warned = trigger_half_ticks(*facts, WARNING)
    if warned is not None and not (size < 0 and warned == 1):
        beyond = warned + sign
        assert is_warned(facts, warned)
        assert beyond <= 0 or not is_warned(facts, beyond)


def is_warned(facts: tuple[int, int, int, int], price: int) -> bool:
    """Tell whether equity is below 150% of maintenance at a price."""
    size, cost, collateral, unit = facts
    needed = margin.maintenance(abs(size) * price * unit)
    return 2 * margin.equity(size, cost, collateral, price, unit) < 3 * needed


@given(
    lots=st.integers(1, 1_200),
    is_long=st.booleans(),
    health=st.fractions(min_value=0, max_value=Fraction(99, 100)),
    mark=st.integers(15_000, 25_000),
)
@settings(steady, max_examples=40)
def test_a_liquidation_closes_the_fewest_lots_that_counting_finds(
    *, lots: int, is_long: bool, health: Fraction, mark: int
) -> None:
    market = market_at(mark)
    notional = lots * mark * market.unit_micro
    sign = 1 if is_long else -1
    equity = int(margin.maintenance(notional) * health)
    position = Position(10, sign * lots, sign * notional, equity)
    fee_ppb = min(5_000_000, margin.maintenance(notional) * 10**9 // (2 * notional))
    assert lots_to_close(market, position, fee_ppb) == fewest(market, position, fee_ppb)


def market_at(mark: int) -> Market:
    """Return a market that has a mark."""
    spec = MarketSpec(market_id="M", tick_size="0.01", lot_size="1", tick_lot_micro=10_000)
    market = Market(spec=spec, state=MarketState.ACTIVE, fund_micro=0)
    market.prices = ReferenceMove(
        market_id="M",
        bid_ticks=None,
        ask_ticks=None,
        quoted_at_ms=0,
        index_half_ticks=mark,
        mark_half_ticks=mark,
    )
    return market


def fewest(market: Market, position: Position, fee_ppb: int) -> int:
    """Count lots one by one until what remains is healthy, else all."""
    whole = abs(position.size_lots)
    lot = (market.prices.mark_half_ticks or 0) * market.unit_micro
    for closed in range(whole):
        there = position.collateral_micro - Fraction(closed * lot * fee_ppb, 10**9)
        if there >= Fraction(3, 2) * margin.maintenance((whole - closed) * lot):
            return closed
    return whole
