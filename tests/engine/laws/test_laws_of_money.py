from tests.engine.laws import money
from tests.engine.laws.facts import Step
from tests.engine.laws.law import hold


def test_money_is_conserved_to_the_micro_at_every_event(worlds: list[list[Step]]) -> None:
    hold(money.money_is_conserved, worlds)


def test_no_balance_fund_or_debt_falls_below_zero(worlds: list[list[Step]]) -> None:
    hold(money.no_balance_is_negative, worlds)


def test_no_rounding_favors_a_user_against_the_venue(worlds: list[list[Step]]) -> None:
    hold(money.roundings_favor_the_venue, worlds)


def test_who_has_no_position_never_pays(worlds: list[list[Step]]) -> None:
    hold(money.only_the_concerned_pay, worlds)


def test_a_rebate_never_exceeds_the_fee_of_its_trade(worlds: list[list[Step]]) -> None:
    hold(money.fees_are_bounded, worlds)


def test_an_hour_of_funding_sums_to_zero(worlds: list[list[Step]]) -> None:
    hold(money.funding_sums_to_zero, worlds)


def test_margin_only_moves_between_cash_and_collateral(worlds: list[list[Step]]) -> None:
    hold(money.margin_only_moves, worlds)


def test_only_final_money_is_withdrawn(worlds: list[list[Step]]) -> None:
    hold(money.only_final_money_is_withdrawn, worlds)
