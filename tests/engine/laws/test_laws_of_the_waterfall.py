from engine.vocabulary import TradeKind
from tests.engine.laws import waterfall
from tests.engine.laws.facts import Step
from tests.engine.laws.law import hold
from tests.engine.laws.risk import trades


def test_the_markets_fund_pays_before_the_global_one(worlds: list[list[Step]]) -> None:
    hold(waterfall.funds_pay_in_order, worlds)


def test_a_winner_bears_no_more_than_its_profit(worlds: list[list[Step]]) -> None:
    hold(waterfall.winners_bear_no_more_than_their_profit, worlds)


def test_winners_are_deleveraged_by_rank(worlds: list[list[Step]]) -> None:
    hold(waterfall.winners_come_by_rank, worlds)


def test_the_backstop_takes_over_within_its_limit(worlds: list[list[Step]]) -> None:
    hold(waterfall.the_backstop_keeps_its_limit, worlds)


def test_a_leaver_is_taken_over_at_the_mark_and_nobody_else_pays(
    worlds: list[list[Step]],
) -> None:
    hold(waterfall.leavers_are_taken_over_at_the_mark, worlds)
    assert any(trades(step, TradeKind.HAND_OVER) for steps in worlds for step in steps)


def test_an_hour_is_paid_once_at_the_average_of_its_samples(worlds: list[list[Step]]) -> None:
    paid = 0
    for steps in worlds:
        hours = waterfall.Hours()
        for step in steps:
            hours.follow(step)
        paid += len(hours.paid)
    assert paid
