"""What the doors take in: exactly what the contract says, and nothing that looks like it."""

from decimal import Decimal
from typing import Any

import pytest
from rest_framework.exceptions import ValidationError

from accounts.api.fields import StrictSerializer
from godark.errors import Failure, failure_of
from trading.api import bodies

GOOD: dict[str, Any] = {
    "symbol": "BTC-USDT-PERP",
    "side": "BUY",
    "type": "LIMIT",
    "size": "0.5",
    "limit_price": "95600",
    "time_in_force": "GTC",
}
REQUIRED = ("symbol", "side", "type", "size", "time_in_force")
NO_DECIMALS: tuple[Any, ...] = (
    1,
    0.5,
    True,
    "",
    " 1",
    "1 ",
    "1\n",
    "+1",
    ".5",
    "5.",
    "1e5",
    "1E400",
    "NaN",
    "Infinity",
    "-Infinity",
    "0x10",
    "1_000",
    "1,5",
    "٣",
    "\uff11",
    "007",
    "1" * 19,
    "0." + "1" * 19,
    "--1",
    [],
    {},
    ["1"],
)


def refused(body: StrictSerializer, data: Any) -> Failure:
    """Return what a body is refused with."""
    with pytest.raises(ValidationError) as caught:
        body.run_validation(data)
    failure = failure_of(caught.value)
    assert failure is not None
    assert failure.code.status == 400
    return failure


def test_a_good_order_is_read_into_exact_decimals() -> None:
    read = bodies.ORDER.run_validation(GOOD)
    assert read["size"] == Decimal("0.5")
    assert read["limit_price"] == Decimal(95_600)


@pytest.mark.parametrize("field", REQUIRED)
def test_each_required_field_is_asked_for_by_name(field: str) -> None:
    data = {name: value for name, value in GOOD.items() if name != field}
    assert refused(bodies.ORDER, data).field == field
    assert refused(bodies.ORDER, {**GOOD, field: None}).field == field


@pytest.mark.parametrize("written", NO_DECIMALS)
@pytest.mark.parametrize("field", ["size", "limit_price", "min_quantity", "trigger_price"])
def test_what_is_no_decimal_string_is_refused(field: str, written: Any) -> None:
    assert refused(bodies.ORDER, {**GOOD, field: written}).field == field


@pytest.mark.parametrize("written", ["-1", "0", "-0.5", "1" * 18 + "." + "1" * 18])
def test_a_decimal_string_is_read_whatever_its_value(written: str) -> None:
    assert bodies.ORDER.run_validation({**GOOD, "size": written})["size"] == Decimal(written)


@pytest.mark.parametrize("written", ["yes", "true", 1, 0, "on", [], {}, "None"])
@pytest.mark.parametrize("field", ["post_only", "reduce_only", "all_or_none", "nbbo_protection"])
def test_true_is_true_and_nothing_else_is(field: str, written: Any) -> None:
    assert refused(bodies.ORDER, {**GOOD, field: written}).field == field
    assert bodies.ORDER.run_validation({**GOOD, field: True})[field] is True
    assert bodies.ORDER.run_validation({**GOOD, field: None})[field] is None


@pytest.mark.parametrize("written", ["10", 10.0, True, 0, 1_001, -1, 10**30, [], "ten"])
def test_leverage_is_a_whole_number_from_one_to_a_thousand(written: Any) -> None:
    assert refused(bodies.ORDER, {**GOOD, "leverage": written}).field == "leverage"


@pytest.mark.parametrize("written", ["buy", "BUY ", "", 1, None, ["BUY"], {}, "HOLD"])
@pytest.mark.parametrize("field", ["side", "type", "time_in_force"])
def test_words_are_those_of_the_list(field: str, written: Any) -> None:
    assert refused(bodies.ORDER, {**GOOD, field: written}).field == field


@pytest.mark.parametrize(
    "written", ["", "a" * 65, "a b", "ä", "a/b", "a\n", "<script>", 7, ["a"], "a?b", "%41"]
)
def test_a_client_order_id_is_short_and_plain(written: Any) -> None:
    assert refused(bodies.ORDER, {**GOOD, "client_order_id": written}).field == "client_order_id"


@pytest.mark.parametrize("data", [None, [], "x", 7, [GOOD], True])
def test_a_body_is_an_object(data: Any) -> None:
    refused(bodies.ORDER, data)


@pytest.mark.parametrize("name", ["reduceOnly", "quantity", "__class__", "\u202e", "x" * 99])
def test_a_field_that_is_not_known_is_refused(name: str) -> None:
    assert refused(bodies.ORDER, {**GOOD, name: True}).field == name[:64]
    assert refused(bodies.ORDER, {**GOOD, "": True}).detail == "There is no such field."


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"limit_price": None}, "limit_price"),
        ({"type": "MARKET", "time_in_force": "IOC"}, "limit_price"),
        ({"type": "MARKET", "limit_price": None}, "time_in_force"),
        ({"type": "MARKET", "limit_price": None, "time_in_force": "GTD"}, "time_in_force"),
        ({"time_in_force": "GTD"}, "expires_at"),
        ({"expires_at": 1_900_000_000_000}, "expires_at"),
        ({"time_in_force": "IOC", "post_only": True}, "post_only"),
        ({"time_in_force": "FOK", "post_only": True}, "post_only"),
        ({"trigger": "STOP"}, "trigger_price"),
        ({"trigger_price": "1"}, "trigger"),
        ({"take_profit": {}}, "take_profit.trigger_price"),
        ({"stop_loss": {"trigger_price": 1}}, "stop_loss.trigger_price"),
        ({"stop_loss": {"trigger_price": "1", "limit": "1"}}, "stop_loss.limit"),
        ({"stop_loss": "1"}, "stop_loss"),
    ],
)
def test_fields_that_exclude_or_lack_each_other_are_refused(
    change: dict[str, Any], field: str
) -> None:
    assert refused(bodies.ORDER, {**GOOD, **change}).field == field


def test_a_batch_holds_one_to_twenty_orders_of_any_kind() -> None:
    assert refused(bodies.ORDER_BATCH, {}).field == "orders"
    assert refused(bodies.ORDER_BATCH, {"orders": []}).field == "orders"
    assert refused(bodies.ORDER_BATCH, {"orders": [GOOD] * 21}).field == "orders"
    assert refused(bodies.ORDER_BATCH, {"orders": GOOD}).field == "orders"
    odd = [GOOD, 7, "x", {}, [[]]]
    assert bodies.ORDER_BATCH.run_validation({"orders": odd})["orders"] == odd


def test_a_batch_of_cancels_names_one_to_fifty() -> None:
    refused(bodies.CANCEL_BATCH, {})
    refused(bodies.CANCEL_BATCH, {"ids": []})
    refused(bodies.CANCEL_BATCH, {"ids": ["a"] * 26, "client_order_ids": ["b"] * 25})
    refused(bodies.CANCEL_BATCH, {"ids": [7]})
    refused(bodies.CANCEL_BATCH, {"ids": ["a" * 65]})
    refused(bodies.CANCEL_BATCH, {"ids": None})
    read = bodies.CANCEL_BATCH.run_validation({"ids": ["a"] * 25, "client_order_ids": ["b"] * 25})
    assert len(read["ids"]) + len(read["client_order_ids"]) == 50


@pytest.mark.parametrize("timeout", [1, 999, -1, 300_001, "60000", 1.5, None, True])
def test_the_switch_takes_zero_or_a_second_to_five_minutes(timeout: Any) -> None:
    assert refused(bodies.CANCEL_ALL_AFTER, {"timeout_ms": timeout}).field == "timeout_ms"


@pytest.mark.parametrize("timeout", [0, 1_000, 300_000])
def test_the_switch_takes_its_bounds(timeout: int) -> None:
    assert bodies.CANCEL_ALL_AFTER.run_validation({"timeout_ms": timeout}) == {
        "timeout_ms": timeout
    }


def test_an_amendment_or_a_pair_of_nothing_is_refused() -> None:
    refused(bodies.AMEND, {})
    refused(bodies.AMEND, {"size": None, "limit_price": None})
    refused(bodies.TRIGGERS, {})
    refused(bodies.TRIGGERS, {"take_profit": None})
    assert bodies.CLOSE.run_validation({}) == {}


def test_many_faults_are_all_named() -> None:
    failure = refused(bodies.ORDER, {**GOOD, "side": "x", "size": 1})
    assert {error["field"] for error in failure.extra["errors"]} == {"side", "size"}
