"""What a mark looks at, and what it tells of whom it liquidates."""

from pathlib import Path

from engine.commands import MarketSpec, ReferenceMove
from engine.events import LiquidationStarted
from engine.liquidation import triggered_accounts
from engine.state import Market, Position, State, replace_position
from engine.vocabulary import MarketState
from tests.engine.scenario import Scenario, outcome

STORY = """market BTC insurance 100000
alice deposits 10000
bob deposits 10000
reference BTC 99.9/100.1
alice sets leverage 20
#1 alice buys 90 limit 100
#2 bob sells 90 limit 100
reference BTC 94.9/95.1 mark 95.05"""


def a_market(mark: int) -> Market:
    spec = MarketSpec(market_id="BTC", tick_size="1", lot_size="1", tick_lot_micro=2)
    market = Market(spec=spec, state=MarketState.ACTIVE, fund_micro=0)
    market.prices = ReferenceMove(
        market_id="BTC",
        bid_ticks=None,
        ask_ticks=None,
        quoted_at_ms=0,
        index_half_ticks=mark,
        mark_half_ticks=mark,
    )
    return market


def hold(market: Market, name: str, size: int, trigger: int) -> None:
    held = Position(10, size, size * 100, 10, liquidation_half_ticks=trigger)
    replace_position(State(), market, name, market.positions.get(name), held)


def test_a_mark_looks_at_those_whose_price_it_has_reached_and_at_nobody_else() -> None:
    market = a_market(90)
    for name, size, trigger in (
        ("long before it", 1, 89),
        ("long at it", 1, 90),
        ("long beyond it", 2, 91),
        ("short before it", -1, 91),
        ("short at it", -1, 90),
        ("short beyond it", -2, 89),
    ):
        hold(market, name, size, trigger)
    assert sorted(triggered_accounts(market)) == [
        "long at it",
        "long beyond it",
        "short at it",
        "short beyond it",
    ]


def test_prices_that_hold_no_longer_are_forgotten() -> None:
    market = a_market(95)
    for number in range(2_000):
        hold(market, "ann", 1, 60 + number % 30)
        hold(market, "bob", -1, 130 + number % 30)
        assert triggered_accounts(market) == []
    longs, shorts = market.liquidations
    assert max(len(longs), len(shorts)) < 600


def test_what_is_told_of_a_liquidation_are_the_figures_that_began_it() -> None:
    # 90 lots for 9,000 with 450 inside, at 95.05: equity 450 - 445.5,
    # maintenance 8,554.5 x 0.1% - 2.5
    events = outcome(Scenario(title="", path=Path(), lines=STORY.splitlines())).events
    (begun,) = [event for event in events if isinstance(event, LiquidationStarted)]
    assert (begun.size_lots, begun.mark_half_ticks) == (90, 1_901)
    assert (begun.equity_micro, begun.maintenance_micro) == (4_500_000, 6_054_500)
