from tests.engine.laws import waterfall
from tests.engine.laws.facts import Step
from tests.engine.laws.law import hold


def test_the_markets_fund_pays_before_the_global_one(worlds: list[list[Step]]) -> None:
    hold(waterfall.funds_pay_in_order, worlds)


def test_a_winner_bears_no_more_than_its_profit(worlds: list[list[Step]]) -> None:
    hold(waterfall.winners_bear_no_more_than_their_profit, worlds)


def test_winners_are_deleveraged_by_rank(worlds: list[list[Step]]) -> None:
    hold(waterfall.winners_come_by_rank, worlds)


def test_the_backstop_takes_over_within_its_limit(worlds: list[list[Step]]) -> None:
    hold(waterfall.the_backstop_keeps_its_limit, worlds)


def test_an_hour_is_paid_once_at_the_average_of_its_samples(worlds: list[list[Step]]) -> None:
    paid = 0
    for steps in worlds:
        hours = waterfall.Hours()
        for step in steps:
            hours.follow(step)
        paid += len(hours.paid)
    assert paid
