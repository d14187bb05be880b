"""Refusals that the notation cannot even say, and those of callers that go astray."""

from typing import Any

import msgspec
import pytest

from engine import commands as c
from engine.codec import decode_event
from engine.commands import Command
from engine.events import CommandRejected, OrderRejected
from engine.exchange import apply, evolve
from engine.reasons import MEANING, Reason
from engine.shape import LARGEST
from engine.state import Seen, State
from engine.vocabulary import MarketState, OrderType, Side, TimeInForce, TriggerKind

SPEC = c.MarketSpec(market_id="BTC", tick_size="0.1", lot_size="1", tick_lot_micro=100_000)


def a_state() -> State:
    state = State()
    apply(state, c.ListMarket(at_ms=1, spec=SPEC))
    return state


UNKNOWN: list[Command] = [
    c.SubmitOrder(
        at_ms=1,
        order_id="1",
        account_id="a",
        market_id="X",
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        quantity_lots=1,
        limit_ticks=1,
    ),
    c.ClosePosition(at_ms=1, order_id="2", account_id="a", market_id="X"),
    c.HandOverPosition(at_ms=1, account_id="a", market_id="X"),
    c.CancelAll(at_ms=1, account_id="a", market_id="X"),
    c.SetLeverage(at_ms=1, account_id="a", market_id="X", leverage=5),
    c.SetMarketState(at_ms=1, market_id="X", state=MarketState.ACTIVE),
    c.ContributeInsurance(at_ms=1, contribution_id="c", market_id="X", amount_micro=1),
    c.SettleDelisting(at_ms=1, market_id="X", price_half_ticks=1),
    c.PayFunding(at_ms=1, market_id="X", hour=1),
    c.MoveReferences(
        at_ms=1,
        moves=(
            c.ReferenceMove(
                market_id="X",
                bid_ticks=None,
                ask_ticks=None,
                quoted_at_ms=1,
                index_half_ticks=None,
                mark_half_ticks=None,
            ),
        ),
    ),
]


@pytest.mark.parametrize("command", UNKNOWN, ids=lambda each: type(each).__name__)
def test_an_unknown_market_is_not_found(command: Command) -> None:
    (event,) = apply(a_state(), command)
    assert isinstance(event, CommandRejected | OrderRejected)
    # a close of nothing is an order without a quantity
    assert event.reason in (Reason.NOT_FOUND, Reason.INVALID_SIZE)


def an_order(**changed: object) -> c.SubmitOrder:
    fields: dict[str, object] = {
        "at_ms": 1,
        "order_id": "1",
        "account_id": "a",
        "market_id": "BTC",
        "side": Side.BUY,
        "order_type": OrderType.LIMIT,
        "quantity_lots": 5,
        "limit_ticks": 5,
    }
    return c.SubmitOrder(**{**fields, **changed})  # type: ignore[arg-type]  # drawn by name


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"limit_ticks": None}, Reason.INVALID_PRICE),
        ({"limit_ticks": LARGEST + 1}, Reason.INVALID_PRICE),
        ({"order_type": OrderType.MARKET}, Reason.INVALID_PRICE),
        ({"trigger_ticks": 5}, Reason.INVALID_ORDER),
        ({"time_in_force": TimeInForce.GTD}, Reason.INVALID_ORDER),
        ({"expires_at_ms": 9}, Reason.INVALID_ORDER),
        ({"quantity_lots": LARGEST + 1}, Reason.INVALID_SIZE),
        ({"min_quantity_lots": -1}, Reason.INVALID_SIZE),
    ],
)
def test_an_order_that_contradicts_itself_is_refused(
    changed: dict[str, object], reason: Reason
) -> None:
    (event,) = apply(a_state(), an_order(**changed))
    assert isinstance(event, OrderRejected)
    assert event.reason is reason


@pytest.mark.parametrize(
    "move",
    [
        {"bid_ticks": 5, "ask_ticks": None},
        {"index_half_ticks": 0, "mark_half_ticks": 5},
        {"bid_ticks": 0, "ask_ticks": 5},
    ],
)
def test_half_a_reference_is_refused(move: dict[str, int | None]) -> None:
    fields: dict[str, Any] = {
        "bid_ticks": 1,
        "ask_ticks": 2,
        "index_half_ticks": 3,
        "mark_half_ticks": 3,
        **move,
    }
    prices = c.ReferenceMove(market_id="BTC", quoted_at_ms=1, **fields)
    (event,) = apply(a_state(), c.MoveReferences(at_ms=1, moves=(prices,)))
    assert isinstance(event, CommandRejected)
    assert event.reason is Reason.INVALID_PRICE


def test_the_tick_and_lot_of_a_market_never_change() -> None:
    other = c.MarketSpec(market_id="BTC", tick_size="1", lot_size="1", tick_lot_micro=1_000_000)
    (event,) = apply(a_state(), c.SetMarketLimits(at_ms=1, spec=other))
    assert isinstance(event, CommandRejected)


def test_samples_of_unknown_markets_are_not_recorded() -> None:
    sample = c.FundingSample(market_id="X", premium_ppb=1)
    assert apply(a_state(), c.SampleFunding(at_ms=1, samples=(sample,))) == []


HOUR_MS = 3_600_000


def credited(at_ms: int, deposit_id: str) -> c.CreditDeposit:
    return c.CreditDeposit(at_ms=at_ms, deposit_id=deposit_id, account_id="a", amount_micro=10**12)


def test_ids_are_forgotten_within_a_minute_after_an_hour() -> None:
    state = a_state()
    apply(state, an_order(client_order_id="c", at_ms=2, limit_ticks=None))
    apply(state, an_order(order_id="2", at_ms=HOUR_MS, limit_ticks=None))
    for more_ms, remembered in ((60_000, True), (60_003, False)):
        apply(state, c.ExpireDue(at_ms=HOUR_MS + more_ms))
        assert ("1" in state.seen) is remembered
        assert "2" in state.seen


def prices_at(at_ms: int) -> c.MoveReferences:
    move = c.ReferenceMove(
        market_id="BTC",
        bid_ticks=999,
        ask_ticks=1_001,
        quoted_at_ms=at_ms,
        index_half_ticks=2_000,
        mark_half_ticks=2_000,
    )
    return c.MoveReferences(at_ms=at_ms, moves=(move,))


def test_ids_of_what_is_open_are_never_forgotten() -> None:
    state = a_state()
    apply(state, prices_at(1))
    apply(state, credited(1, "ended"))
    apply(state, c.FinalizeDeposit(at_ms=1, deposit_id="ended", account_id="a"))
    apply(state, credited(1, "open"))
    held = c.ReserveWithdrawal(at_ms=1, withdrawal_id="held", account_id="a", amount_micro=1)
    apply(state, held)
    apply(state, an_order(client_order_id="c"))
    apply(state, an_order(order_id="2", trigger=TriggerKind.STOP, trigger_ticks=5_000))
    for hours in range(2, 9):
        apply(state, c.ExpireDue(at_ms=hours * HOUR_MS))
        assert list(state.seen) == ["open", "held", "1", "2"]
        assert list(state.client_ids) == [("a", "c")]
        for again in (credited(hours * HOUR_MS, "open"), held):
            (event,) = apply(state, again)
            assert isinstance(event, CommandRejected)
            assert event.reason is Reason.DUPLICATE_ID


def test_an_old_open_order_is_told_of_once_an_hour_at_most() -> None:
    state = a_state()
    apply(state, prices_at(1))
    apply(state, credited(1, "d"))
    apply(state, an_order())
    seconds = range(0, 5 * 3_600, 10)
    told = [second for second in seconds if apply(state, c.ExpireDue(at_ms=second * 1_000))]
    assert len(told) == 4, told


def test_a_log_from_before_ids_were_renewed_replays_as_it_was() -> None:
    state = a_state()
    apply(state, prices_at(1))
    apply(state, credited(1, "d"))
    apply(state, an_order())
    body = {"at_ms": 3 * HOUR_MS, "before_ms": 2 * HOUR_MS}
    old = msgspec.msgpack.encode(("IdentifiersForgotten", 1, body))
    evolve(state, decode_event(old))
    assert state.seen == {"1": Seen(1, "1")}


def test_every_reason_has_a_meaning() -> None:
    assert set(MEANING) == set(Reason)
