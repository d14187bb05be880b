import pytest

import engine.amendment
import engine.entry
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


SHARP = (
    *(995, 1_821, 2_261, 2_602, 2_975, 4_820, 5_183, 6_840, 7_053, 7_473),
    *(8_808, 8_844, 9_056, 9_116, 9_269, 10_133, 10_154, 11_073, 11_093, 11_541),
)
"""Worlds in which somebody poor would be told of others, were orders not judged alone."""


def test_no_answer_to_who_can_hardly_pay_tells_of_a_resting_order() -> None:
    # `make sim` goes on with seeds of its own
    found = [answers(seed) for seed in (*range(300), *SHARP)]
    assert [each for each in found if each.differ and not each.has_traded] == []
    assert sum(each.has_traded for each in found) > 20


def test_the_comparison_sees_what_is_told_where_orders_are_not_judged_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for room in (engine.entry, engine.amendment):
        monkeypatch.setattr(room, "check_carries", lambda *_: None)
    assert all(each.differ and not each.has_traded for each in map(answers, SHARP))
