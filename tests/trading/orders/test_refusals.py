"""Every reason of the engine has public words, and no number leaves without a name for it."""

import ast
from decimal import Decimal
from pathlib import Path

import pytest

import engine
from engine.reasons import Reason
from godark.errors import Code
from trading.selectors.market_terms import MarketTerms
from trading.services.refusals import REFUSALS, REJECT_CODES, TOLD, refusal, reject_code

TERMS = MarketTerms(
    pk=1,
    symbol="BTC-USDT-PERP",
    tick_size=Decimal("0.1"),
    lot_size=Decimal("0.0001"),
    unit_micro=5,
    min_quantity_lots=1,
    max_quantity_lots=100_000,
    max_leverage=1_000,
)
# What the venue alone is refused for: no client gives these commands.
OF_THE_VENUE = {
    "price_half_ticks",
    "paid_hour",
    "tick_lot_micro",
    "maker_rebate_ppb",
    "position_limit_lots",
    "until_ms",
    "bid_ticks",
    "ask_ticks",
}
# Of refusals inside a plan, which end an order without their numbers.
INSIDE_A_PLAN = {"missing_micro"}
NOT_TOLD = {"age_ms"}


def numbers_of_the_engine() -> set[str]:
    """Return the name of every number that a refusal of the engine may carry."""
    found = set()
    for path in Path(engine.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Refusal":
                found |= {keyword.arg for keyword in node.keywords if keyword.arg}
    return found


def test_every_reason_of_the_engine_has_public_words() -> None:
    assert set(REFUSALS) == set(Reason)
    assert all(said.sentence.endswith(".") for said in REFUSALS.values())


@pytest.mark.parametrize("reason", [reason for reason in Reason if REFUSALS[reason].code])
def test_a_refusal_carries_the_code_of_its_reason(reason: Reason) -> None:
    failure = refusal(reason.value)
    assert failure.code is REFUSALS[reason].code
    assert failure.code.status in (404, 409, 422) or failure.code is Code.INTERNAL_ERROR


def test_every_number_of_the_engine_is_told_or_known_not_to_be() -> None:
    known = set(TOLD) | OF_THE_VENUE | INSIDE_A_PLAN | NOT_TOLD
    assert numbers_of_the_engine() - known == set()


def test_limits_that_were_broken_are_decimal_strings() -> None:
    failure = refusal(
        "LEVERAGE_TOO_HIGH",
        numbers={"leverage": 500, "max_leverage": 100, "notional_micro": 28_650_010_000},
        terms=TERMS,
    )
    assert failure.extra == {"leverage": 500, "max_leverage": 100, "notional": "28650.01"}
    failure = refusal(
        "POSITION_SIZE_EXCEEDED", numbers={"lots": 520_001, "limit_lots": 520_000}, terms=TERMS
    )
    assert failure.extra == {"resulting_size": "52.0001", "limit": "52"}
    assert failure.field == "size"


def test_a_number_without_a_name_is_not_told() -> None:
    assert refusal("MARKET_CLOSED", numbers={"resting_lots": 7}, terms=TERMS).extra == {}


def test_sizes_are_left_out_where_no_market_gives_their_step() -> None:
    assert refusal("INVALID_SIZE", numbers={"quantity_lots": 7}).extra == {}


def test_what_nobody_knows_is_an_error_of_ours_and_keeps_what_was_added() -> None:
    for reason in ("", "UNHEARD_OF", "USER_REQUEST"):
        failure = refusal(reason, extra={"order": {}})
        assert failure.code is Code.INTERNAL_ERROR
        assert failure.extra == {"order": {}}


def test_an_order_says_why_it_ended_in_the_same_words() -> None:
    assert reject_code("") is None
    assert reject_code("INSUFFICIENT_FUNDS") == "INSUFFICIENT_COLLATERAL"
    assert reject_code("UNFILLED_REMAINDER") == "UNFILLED_REMAINDER"
    assert reject_code("SOMETHING_OLD") == "SOMETHING_OLD"
    assert {reject_code(reason.value) for reason in Reason} == set(REJECT_CODES)
