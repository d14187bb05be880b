"""Who is deleveraged first and for what, worked by hand; all numbers are micro-USDT."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.auto_deleverage import consideration_micro
from engine.commands import MarketSpec, MoveReferences, ReferenceMove
from engine.decision import Decision
from engine.deleverage_queue import DeleverageQueue, queue, rank_ppb
from engine.events import Filled
from engine.exchange import decide
from engine.state import (
    BACKSTOP,
    Market,
    Position,
    State,
    replace_position,
    with_triggers,
)
from engine.vocabulary import MarketState, TradeKind


@pytest.mark.parametrize(
    ("size", "cost", "collateral", "value", "rank"),
    [
        # long: (value / cost) x (value / equity), here 110/100 x 110/20 = 6.05
        (10, 100, 10, 110, 6_050_000_000),
        # short: (entry / mark) x (notional / equity) = cost / equity, here 100/90 x 90/20 = 5
        (-10, -100, 10, -90, 5_000_000_000),
        # a single lot is ranked like many
        (1, 100, 10, 110, 6_050_000_000),
        # the same profit on half the margin ranks higher: 110/100 x 110/15 = 8.0666...
        (10, 100, 5, 110, 8_066_666_666),
        # cut, not rounded: 4/3 x 4/2 = 2.6666..., 5/3 = 1.6666...
        (3, 3, 1, 4, 2_666_666_666),
        (-3, -5, 1, -3, 1_666_666_666),
        # a profit of one is a profit, of nothing is none, a loss neither
        (10, 100, 10, 101, 101 * 101 * 10**9 // (100 * 11)),
        (10, 100, 10, 100, None),
        (10, 100, 10, 99, None),
        (-10, -100, 10, -99, 100 * 10**9 // 11),
        (-10, -100, 10, -100, None),
        (-10, -100, 10, -101, None),
        # an equity of one counts, of nothing (funding took the collateral) not, nor less
        (10, 100, -9, 110, 110 * 110 * 10**9 // 100),
        (10, 100, -10, 110, None),
        (10, 100, -11, 110, None),
        # the least cost there is, and none
        (1, 1, 1, 2, 2_000_000_000),
        (1, 0, 1, 2, None),
    ],
)
def test_a_winner_ranks_by_its_gain_times_its_leverage(
    size: int, cost: int, collateral: int, value: int, rank: int | None
) -> None:
    assert rank_ppb(Position(10, size, cost, collateral), value) == rank


def test_the_queue_holds_the_winners_of_one_side_by_rank_and_then_by_name() -> None:
    spec = MarketSpec(market_id="BTC", tick_size="1", lot_size="1", tick_lot_micro=2)
    market = Market(spec=spec, state=MarketState.ACTIVE, fund_micro=0)
    market.positions = {
        BACKSTOP: Position(10, 1, 50, 0),
        "dora": Position(10, 1, 100, 10),  # 11 x 11 / 2000: 0.0605 x 100
        "ann": Position(10, 1, 100, 10),
        "bob": Position(10, 2, 200, 10),  # 1.1 x 220 / 30, more than 1.1 x 110 / 20
        "carl": Position(10, 1, 111, 10),  # in loss at 110
        "eve": Position(10, 0, 0, 0),
        "fay": Position(10, -1, -150, 10),
        "gus": Position(10, -3, -390, 60),  # 390 / 120 against fay's 150 / 50
    }
    assert queue(market, 110, longs=True) == ["bob", "ann", "dora"]
    assert queue(market, 110, longs=False) == ["gus", "fay"]


HELD = st.one_of(
    st.none(),
    st.builds(
        lambda sign, size, cost, collateral: Position(10, sign * size, sign * cost, collateral),
        st.sampled_from([1, -1]),
        st.integers(0, 3),
        st.integers(0, 300),
        st.integers(-20, 20),
    ),
)
"""A position, or none at all: plans that are taken back leave none."""


@given(
    changes=st.lists(
        st.dictionaries(st.sampled_from([BACKSTOP, *"abcdef"]), HELD, max_size=3), max_size=8
    ),
    longs=st.booleans(),
)
def test_a_queue_that_is_kept_is_the_queue_made_anew(
    changes: list[dict[str, Position | None]], *, longs: bool
) -> None:
    spec = MarketSpec(market_id="BTC", tick_size="1", lot_size="1", tick_lot_micro=2)
    market = Market(spec=spec, state=MarketState.ACTIVE, fund_micro=0)
    kept = DeleverageQueue(market, 110, longs=longs)
    for change in changes:
        for account_id, position in change.items():
            if position is not None:
                market.positions[account_id] = position
            else:
                market.positions.pop(account_id, None)
            kept.doubt(account_id)
        assert list(kept.account_ids()) == queue(market, 110, longs=longs)


@pytest.mark.parametrize("bankrupt", [1, 7, 40])
def test_in_a_storm_the_queue_is_at_each_turn_the_queue_made_anew(
    monkeypatch: pytest.MonkeyPatch, bankrupt: int
) -> None:
    spec = MarketSpec(market_id="BTC", tick_size="1", lot_size="1", tick_lot_micro=2)
    state = State()
    market = Market(spec=spec, state=MarketState.ACTIVE, fund_micro=0)
    market.prices = at_mark(10_000)
    state.markets["BTC"] = market
    for name in range(100):
        lots = 1 + name * 7 % 5
        is_loser = name < bankrupt
        size, entry = (lots, 10_000) if is_loser or name % 2 else (-lots, 10_000 + name)
        collateral = lots * entry // (100 if is_loser else 5)
        position = Position(10, size, size * entry, collateral)
        replace_position(state, market, f"{name:02d}", None, with_triggers(position, 1))
    turns = 0
    kept = Decision.deleverage_queue

    def checked(d: Decision, there: Market, price: int, /, *, longs: bool) -> list[str]:
        nonlocal turns
        turns += 1
        found = list(kept(d, there, price, longs=longs))
        assert found == queue(there, price, longs=longs)
        return found

    monkeypatch.setattr(Decision, "deleverage_queue", checked)
    events = decide(state, MoveReferences(at_ms=1, moves=(at_mark(9_500),)))
    assert turns == bankrupt
    kinds = {event.kind for event in events if isinstance(event, Filled)}
    assert TradeKind.DELEVERAGE in kinds


def at_mark(half_ticks: int) -> ReferenceMove:
    return ReferenceMove(
        market_id="BTC",
        bid_ticks=None,
        ask_ticks=None,
        quoted_at_ms=0,
        index_half_ticks=half_ticks,
        mark_half_ticks=half_ticks,
    )


@pytest.mark.parametrize(
    ("size", "cost", "collateral", "lots", "consideration"),
    [
        # a long gives its lots for their cost less their collateral: all of it for all
        (3, 300, 10, 3, 290),
        (3, 300, 10, 1, 97),  # 100 - 3.33 towards zero
        (3, 301, 10, 2, 194),  # 200.66 - 6.66, each towards zero
        (1, 300, 10, 1, 290),
        # a short buys them back for what it sold them for and their collateral
        (-3, -300, 10, 3, 310),
        (-3, -300, 10, 1, 103),
        (-3, -301, 10, 2, 206),  # 200 + 6
        (-1, -300, 10, 1, 310),
        # a collateral below zero (funding took more than there was): towards zero too
        (3, 300, -10, 1, 103),
        (-3, -300, -10, 1, 97),
        # the least that there is
        (2, 5, 2, 1, 1),
        # of no lots nothing
        (3, 300, 10, 0, 0),
    ],
)
def test_lots_change_hands_for_what_uses_up_their_collateral(
    size: int, cost: int, collateral: int, lots: int, consideration: int
) -> None:
    assert consideration_micro(Position(10, size, cost, collateral), lots) == consideration
