"""The legs of liquidations, worked by hand; all numbers are micro-USDT.

Three lots for 300 with 10 inside: one has 100 of the cost (towards zero) and 3 of the collateral
(down), and all of them all of it.
"""

import pytest

from engine.commands import MarketSpec
from engine.events import Leg
from engine.state import BACKSTOP, Market, Position
from engine.takeover import (
    backstop_leg,
    closing_leg,
    left_above_bankruptcy_micro,
    releasing_leg,
    share_trunc_micro,
)
from engine.vocabulary import MarketState

LONG = Position(10, 3, 300, 10, 5, 6)
SHORT = Position(10, -3, -301, 10, 5, 6)


def figures(leg: Leg) -> tuple[int, ...]:
    assert (leg.order_id, leg.sequence, leg.opened_micro) == (None, 0, 0)
    return (
        *(leg.lots, leg.cost_micro, leg.collateral_micro, leg.cash_micro),
        *(leg.fee_micro, leg.realized_pnl_micro),
    )


def test_a_share_is_cut_towards_zero() -> None:
    assert share_trunc_micro(100, 1, 3) == 33
    assert share_trunc_micro(-100, 1, 3) == -33
    assert share_trunc_micro(-100, 3, 3) == -100


@pytest.mark.parametrize(
    ("position", "lots", "value", "left"),
    [
        (LONG, 1, 98, 1),  # 3 + 98 - 100
        (LONG, 1, 96, 0),  # not below zero
        (LONG, 3, 300, 10),
        (SHORT, 1, 102, 1),  # 3 - 102 + 100: the cost's share is -100.33, towards zero
        (SHORT, 3, 300, 11),
    ],
)
def test_what_lots_have_left_above_bankruptcy(
    position: Position, lots: int, value: int, left: int
) -> None:
    assert left_above_bankruptcy_micro(position, lots, value) == left


@pytest.mark.parametrize(
    ("position", "lots", "value", "fee", "expected"),
    [
        # one sold for 110: PnL 10, of which the fee takes 2; the rest stays inside
        (LONG, 1, 110, 2, (-1, -100, 8, 0, 2, 10)),
        # all sold for 330: PnL 30; 10 + 30 - 2 go to cash
        (LONG, 3, 330, 2, (-3, -300, -10, 38, 2, 30)),
        (SHORT, 1, 90, 2, (1, 100, 8, 0, 2, 10)),
        (SHORT, 3, 271, 2, (3, 301, -10, 38, 2, 30)),
    ],
)
def test_a_liquidated_leg_keeps_what_it_releases_until_it_is_closed(
    position: Position, lots: int, value: int, fee: int, expected: tuple[int, ...]
) -> None:
    leg = closing_leg("a", position, lots=lots, value_micro=value, fee_micro=fee)
    assert figures(leg) == expected
    assert (leg.account_id, leg.buy_reserve_micro, leg.sell_reserve_micro) == ("a", 5, 6)


@pytest.mark.parametrize(
    ("position", "lots", "value", "expected"),
    [
        # one sold for 110: PnL 10 and 3 of the collateral
        (LONG, 1, 110, (-1, -100, -3, 13, 0, 10)),
        (LONG, 3, 330, (-3, -300, -10, 40, 0, 30)),
        (SHORT, 1, 90, (1, 100, -3, 13, 0, 10)),
        (SHORT, 3, 271, (3, 301, -10, 40, 0, 30)),
    ],
)
def test_a_winner_gets_what_its_lots_release(
    position: Position, lots: int, value: int, expected: tuple[int, ...]
) -> None:
    assert figures(releasing_leg("a", position, lots=lots, value_micro=value)) == expected


@pytest.mark.parametrize(
    ("held", "lots", "value", "expected"),
    [
        # nothing held: it posts nothing, the reward of 7 is its cash
        (Position(), 2, 210, (2, 210, 0, 7, -7, 0)),
        (Position(), -2, 210, (-2, -210, 0, 7, -7, 0)),
        # more of the same side
        (LONG, 2, 210, (2, 210, 0, 7, -7, 0)),
        # one of three is closed for 110: 3 of the collateral, PnL 10
        (LONG, -1, 110, (-1, -100, -3, 20, -7, 10)),
        # three of five are closed, for 330 of 551 (330.6 towards zero): PnL 30; two for 221 opened
        (LONG, -5, 551, (-5, -521, -10, 47, -7, 30)),
        # the short's three are closed for 270 of 451 (270.6): PnL 31; two for 181 opened
        (SHORT, 5, 451, (5, 482, -10, 48, -7, 31)),
    ],
)
def test_the_backstop_settles_in_cash(
    held: Position, lots: int, value: int, expected: tuple[int, ...]
) -> None:
    spec = MarketSpec(market_id="BTC", tick_size="1", lot_size="1", tick_lot_micro=2)
    market = Market(spec=spec, state=MarketState.ACTIVE, fund_micro=0)
    market.positions[BACKSTOP] = held
    leg = backstop_leg(market, lots=lots, value_micro=value, reward_micro=7)
    assert figures(leg) == expected
    assert leg.account_id == BACKSTOP
