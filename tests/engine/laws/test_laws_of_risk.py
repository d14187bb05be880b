from tests.engine.laws import risk
from tests.engine.laws.facts import Step
from tests.engine.laws.law import hold


def test_sizes_sum_to_zero_and_open_interest_is_the_same_on_both_sides(
    worlds: list[list[Step]],
) -> None:
    hold(risk.positions_sum_to_zero, worlds)


def test_after_a_raising_fill_equity_carries_the_initial_margin(worlds: list[list[Step]]) -> None:
    hold(risk.raising_fills_are_margined, worlds)


def test_the_liquidation_price_is_the_one_that_a_search_finds(worlds: list[list[Step]]) -> None:
    hold(risk.liquidation_prices_are_exact, worlds)


def test_only_the_liquidatable_are_liquidated(worlds: list[list[Step]]) -> None:
    hold(risk.only_the_liquidatable_are_liquidated, worlds)
    hold(risk.only_the_liquidatable_wait, worlds)


def test_a_liquidation_closes_the_fewest_lots_that_help(worlds: list[list[Step]]) -> None:
    hold(risk.liquidations_close_the_fewest_lots, worlds)


def test_a_liquidation_never_worsens_what_it_touches(worlds: list[list[Step]]) -> None:
    hold(risk.liquidations_never_worsen, worlds)


def test_no_trade_makes_anybody_liquidatable_at_the_same_mark(worlds: list[list[Step]]) -> None:
    hold(risk.trades_make_nobody_liquidatable, worlds)


def test_a_liquidation_fee_never_reaches_beyond_bankruptcy(worlds: list[list[Step]]) -> None:
    hold(risk.liquidation_fees_stop_at_bankruptcy, worlds)


def test_a_voluntary_decrease_leaves_enough_behind(worlds: list[list[Step]]) -> None:
    hold(risk.voluntary_reductions_leave_enough, worlds)
