"""What the program refuses is told as a sentence, under the number that the program gives."""

from typing import Any

import pytest

from chain.errors import Refusal
from godark_client.refusals import REFUSALS, refusal_in


def test_each_number_is_one_of_the_program() -> None:
    assert set(REFUSALS) <= {int(one) for one in Refusal}
    assert "left already" in REFUSALS[Refusal.ALREADY_EXITED]
    assert "not frozen" in REFUSALS[Refusal.NOT_FROZEN]
    assert "nothing is overdue" in REFUSALS[Refusal.NOT_OVERDUE]


@pytest.mark.parametrize(
    "error",
    [
        None,
        "BlockhashNotFound",
        {"InstructionError": [0, "Custom"]},
        {"InstructionError": [0, {"Custom": 1}]},
        {},
    ],
)
def test_what_others_refuse_is_none_of_its_numbers(error: Any) -> None:
    assert refusal_in(error) == ""
