import pytest

from tests.engine.laws.ghost import differences
from tests.engine.laws.poor import answers


@pytest.mark.parametrize("seed", range(6))
def test_resting_orders_that_do_not_trade_change_nothing_that_is_public(seed: int) -> None:
    for shyness in ((10, 5), (5, 5), (9, 9)):
        found = differences(seed=seed, length=120, shyness=shyness)
        assert not found or found[0].public[0] == found[0].public[1], found[0].describe()


@pytest.mark.parametrize("seed", range(6, 12))
def test_no_answer_to_anybody_tells_of_resting_orders(seed: int) -> None:
    for shyness in ((10, 5), (10, 9)):
        found = differences(seed=seed, length=120, shyness=shyness)
        assert not found, found[0].describe()


def test_no_answer_to_who_can_hardly_pay_tells_of_a_resting_order() -> None:
    found = [answers(seed) for seed in range(2_500)]
    assert [each for each in found if each.differ and not each.has_traded] == []
    assert sum(each.has_traded for each in found) > 100
