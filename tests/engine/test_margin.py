"""Margin formulas, worked by hand. One lot is 1 USDT per half tick: unit = 1,000,000."""

import itertools

import pytest

from engine.margin import (
    BRACKETS,
    LIQUIDATION,
    WARNING,
    bracket_of,
    equity_micro,
    initial_ceil_micro,
    maintenance_ceil_micro,
    trigger_half_ticks,
)

USDT = 1_000_000


@pytest.mark.parametrize(
    ("notional", "maintenance", "leverage"),
    [
        # rate x notional - deduction, at, below and above each border
        (0, 0, 1_000),
        (1, 1, 1_000),  # ceil(0.0005 micro)
        (5_000 * USDT, 2_500_000, 1_000),  # 0.05% of 5,000 = 2.5
        (5_000 * USDT + 1, 2_500_001, 500),  # ceil(5.000000001 - 2.5)
        (20_000 * USDT, 17_500_000, 500),  # 20 - 2.5
        (20_000 * USDT + 1, 17_500_001, 100),
        (50_000 * USDT, 167_500_000, 100),  # 250 - 82.5
        (50_000 * USDT + 1, 167_500_001, 50),
        (100_000 * USDT, 667_500_000, 50),  # 1,000 - 332.5
        (100_000 * USDT + 1, 667_500_001, 20),
        (1_000_000 * USDT, 23_167_500_000, 20),  # 25,000 - 1,832.5
    ],
)
def test_maintenance_margin_and_leverage_at_the_borders(
    notional: int, maintenance: int, leverage: int
) -> None:
    assert maintenance_ceil_micro(notional) == maintenance
    assert bracket_of(notional).max_leverage == leverage


def test_the_brackets_join_without_a_step() -> None:
    for lower, upper in itertools.pairwise(BRACKETS):
        border = lower.up_to_micro
        left = border * lower.maintenance_ppb // 10**9 - lower.deduction_micro
        right = border * upper.maintenance_ppb // 10**9 - upper.deduction_micro
        assert left == right


def test_initial_margin_rounds_up() -> None:
    assert initial_ceil_micro(100, 3) == 34
    assert initial_ceil_micro(99, 3) == 33


def test_equity_is_collateral_plus_value_less_cost() -> None:
    # short 3 lots, sold for 30 in total, now worth 3 x 9 = 27: 5 + 30 - 27 = 8
    assert (
        equity_micro(size_lots=-3, cost_micro=-30, collateral_micro=5, price_half_ticks=9, unit=1)
        == 8
    )


@pytest.mark.parametrize(
    ("size", "cost", "collateral", "liquidation", "warning"),
    [
        # long 10 lots for 1,000 USDT, 100 inside: 900 / (10 x 0.9995) = 90.045: at 90 equity
        # is 0 < 0.45; at 91 it is 10 >= 0.455
        (10, 1_000 * USDT, 100 * USDT, 90, 90),
        # short the same: 1,100 / (10 x 1.0005) = 109.945: the first half tick that triggers
        # is 110 (equity 0)
        (-10, -1_000 * USDT, 100 * USDT, 110, 110),
        # long 1,000 lots for 100,000, 2,000 inside: bracket 4 holds: (98,000 - 332.5) /
        # (1,000 x 0.99) = 98.654: at 98 equity 0 < 647.5; at 99 it is 1,000 >= 657.5;
        # 150% of 657.5 is 986.25: not yet
        (1_000, 100_000 * USDT, 2_000 * USDT, 98, 98),
        # with 1,980 inside equity at 99 is 980 < 986.25: warned at 99, liquidated at 98
        (1_000, 100_000 * USDT, 1_980 * USDT, 98, 99),
        # collateral above cost: a long can never be liquidated
        (10, 1_000 * USDT, 1_001 * USDT, None, None),
        # a bankrupt short triggers at every price: the lowest there is
        (-10, -1_000 * USDT, -1_001 * USDT, 1, 1),
        (0, 0, 0, None, None),
    ],
)
def test_trigger_prices(
    size: int, cost: int, collateral: int, liquidation: int | None, warning: int | None
) -> None:
    assert trigger_half_ticks(size, cost, collateral, USDT, LIQUIDATION) == liquidation
    assert trigger_half_ticks(size, cost, collateral, USDT, WARNING) == warning


@pytest.mark.parametrize("unit", [1, 7, 50_000, 1_000_000])
@pytest.mark.parametrize("size", [-40_000, -3, -1, 1, 2, 977, 1_000_000])
def test_the_trigger_price_is_exact(unit: int, size: int) -> None:
    for entry in (3, 1_000, 99_999):
        for leverage in (1, 3, 20, 1_000):
            cost = size * entry * unit
            collateral = -(-abs(cost) // leverage)
            price = trigger_half_ticks(size, cost, collateral, unit, LIQUIDATION)
            step = 1 if size > 0 else -1

            def is_below(at: int, cost: int = cost, collateral: int = collateral) -> bool:
                value = size * at * unit
                return collateral + value - cost < maintenance_ceil_micro(abs(value))

            if price is None:
                assert not is_below(1)
                continue
            assert is_below(price)
            assert price + step < 1 or not is_below(price + step)


def test_rounding_may_move_a_trigger_price_by_a_tick() -> None:
    # one lot of one micro a half tick, bought for 3 with 1 inside: at 3 equity is 1, the
    # maintenance margin ceil(0.0015) = 1: not below it, but below 1.5 times it
    assert trigger_half_ticks(1, 3, 1, 1, LIQUIDATION) == 2
    assert trigger_half_ticks(1, 3, 1, 1, WARNING) == 3
