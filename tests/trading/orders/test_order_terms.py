"""Prices become ticks and sizes lots, exactly or not at all."""

import uuid
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.commands import Protection
from engine.vocabulary import OrderType, SelfTrade, Side, TimeInForce, TriggerKind
from godark.errors import Code, Failure
from trading.selectors.market_terms import MarketTerms
from trading.services import order_terms

BTC = MarketTerms(
    pk=1,
    symbol="BTC-USDT-PERP",
    tick_size=Decimal("0.100000000000"),
    lot_size=Decimal("0.000100000000"),
    unit_micro=5,
    min_quantity_lots=2,
    max_quantity_lots=100_000,
    max_leverage=1_000,
)
PEPE = MarketTerms(
    pk=2,
    symbol="PEPE-USDT-PERP",
    tick_size=Decimal("0.000000000010"),
    lot_size=Decimal(1_000_000),
    unit_micro=5,
    min_quantity_lots=1,
    max_quantity_lots=2**40,
    max_leverage=1_000,
)
PLAIN: dict[str, Any] = {
    "side": "SELL",
    "type": "LIMIT",
    "size": Decimal("0.5"),
    "limit_price": Decimal(95_600),
    "time_in_force": "GTC",
}


def submitted(**change: Any) -> Any:
    """Return the command of an order."""
    return order_terms.submit_order(
        {**PLAIN, **change},
        terms=BTC,
        order_id=uuid.UUID(int=1),
        account_id=uuid.UUID(int=2),
        fee_discount_percent=5,
        probe_limit=20,
    )


@given(ticks=st.integers(1, 2**53), terms=st.sampled_from([BTC, PEPE]))
def test_every_price_on_a_tick_is_taken_exactly(ticks: int, terms: MarketTerms) -> None:
    price = ticks * terms.tick_size
    assert order_terms.ticks_of(price, terms=terms, field="limit_price") == ticks


@pytest.mark.parametrize(
    "price",
    ["0", "-0.1", "0.05", "95600.01", "900719925474099.3", "999999999999999999", "0.1000000001"],
)
def test_a_price_off_the_ticks_or_bounds_is_refused_with_them(price: str) -> None:
    with pytest.raises(Failure) as caught:
        order_terms.ticks_of(Decimal(price), terms=BTC, field="trigger_price")
    failure = caught.value
    assert (failure.code, failure.field) == (Code.INVALID_PRICE, "trigger_price")
    assert failure.extra == {
        "tick_size": "0.1",
        "min_price": "0.1",
        "max_price": "900719925474099.2",
    }


@pytest.mark.parametrize("size", ["0", "-1", "0.0001", "10.0001", "0.50005", "1" * 18])
def test_a_size_off_the_lots_or_bounds_is_refused_with_them(size: str) -> None:
    with pytest.raises(Failure) as caught:
        submitted(size=Decimal(size))
    failure = caught.value
    assert (failure.code, failure.field) == (Code.INVALID_SIZE, "size")
    assert failure.extra == {"lot_size": "0.0001", "min_size": "0.0002", "max_size": "10"}


def test_a_decimal_too_fine_for_any_step_is_refused_and_not_rounded() -> None:
    with pytest.raises(Failure):
        order_terms.lots_of(Decimal("1." + "0" * 17 + "1"), terms=BTC)
    with pytest.raises(Failure):
        order_terms.ticks_of(Decimal("9" * 18 + ".100000000000000001"), terms=PEPE, field="x")


def test_an_order_becomes_the_engines_command_word_for_word() -> None:
    command = submitted(
        type="PEG_MID",
        time_in_force="GTD",
        expires_at=1_900_000_000_000,
        leverage=20,
        all_or_none=True,
        min_quantity=Decimal("0.1"),
        nbbo_protection=None,
        post_only=True,
        reduce_only=True,
        stp="DECREMENT",
        client_order_id="a",
        trigger="TAKE_PROFIT",
        trigger_price=Decimal(96_000),
        take_profit={"trigger_price": Decimal(97_000)},
        stop_loss={"trigger_price": Decimal(94_000), "limit_price": Decimal("93999.9")},
    )
    assert (command.order_id, command.account_id) == (str(uuid.UUID(int=1)), str(uuid.UUID(int=2)))
    assert (command.market_id, command.side) == ("BTC-USDT-PERP", Side.SELL)
    assert (command.order_type, command.time_in_force) == (OrderType.PEG_MID, TimeInForce.GTD)
    assert (command.quantity_lots, command.limit_ticks) == (5_000, 956_000)
    assert (command.expires_at_ms, command.leverage) == (1_900_000_000_000, 20)
    assert (command.all_or_none, command.post_only, command.reduce_only) == (True, True, True)
    assert (command.min_quantity_lots, command.nbbo_protection) == (1_000, False)
    assert (command.self_trade, command.client_order_id) == (SelfTrade.DECREMENT, "a")
    assert (command.trigger, command.trigger_ticks) == (TriggerKind.TAKE_PROFIT, 960_000)
    assert command.take_profit == Protection(trigger_ticks=970_000)
    assert command.stop_loss == Protection(trigger_ticks=940_000, limit_ticks=939_999)
    assert (command.fee_discount_percent, command.probe_limit) == (5, 20)


@pytest.mark.parametrize("least", ["0", "0.5001", "0.00005", "-0.1"])
def test_a_minimum_is_of_the_size_and_on_a_lot(least: str) -> None:
    with pytest.raises(Failure) as caught:
        submitted(min_quantity=Decimal(least))
    assert (caught.value.code, caught.value.field) == (Code.INVALID_SIZE, "min_quantity")
    assert caught.value.extra == {"lot_size": "0.0001", "max_quantity": "0.5"}


def test_the_leg_at_fault_is_named() -> None:
    with pytest.raises(Failure) as caught:
        submitted(stop_loss={"trigger_price": Decimal(94_000), "limit_price": Decimal("93999.95")})
    assert caught.value.field == "stop_loss.limit_price"


@given(micro=st.integers(-(10**18), 10**18).filter(bool))
def test_every_amount_of_whole_micro_usdt_is_taken_exactly(micro: int) -> None:
    assert order_terms.micro_of(Decimal(micro).scaleb(-6), field="amount") == micro


@pytest.mark.parametrize("amount", ["0", "0.0000001", "1000000000000.000001", "-1000000000001"])
def test_an_amount_of_nothing_or_beyond_reason_is_refused(amount: str) -> None:
    with pytest.raises(Failure) as caught:
        order_terms.micro_of(Decimal(amount), field="amount")
    assert (caught.value.code, caught.value.field) == (Code.INVALID_AMOUNT, "amount")
