"""Orders that wait for their owner's deposit: what lets them in, and what ends the wait."""

from engine import commands as c
from engine import events as ev
from engine.codec import encode
from engine.exchange import apply
from engine.identity import body_digest
from engine.reasons import Reason
from engine.snapshot import restore, snapshot
from engine.state import State
from engine.vocabulary import OrderType, Side, TimeInForce

SPEC = c.MarketSpec(market_id="BTC", tick_size="0.1", lot_size="1", tick_lot_micro=100_000)
WAIT_MS = 15_000


def a_state() -> State:
    """Return a market at a price of 1,000 ticks."""
    state = State()
    apply(state, c.ListMarket(at_ms=1, spec=SPEC))
    move = c.ReferenceMove(
        market_id="BTC",
        bid_ticks=999,
        ask_ticks=1_001,
        quoted_at_ms=1_000,
        index_half_ticks=2_000,
        mark_half_ticks=2_000,
    )
    apply(state, c.MoveReferences(at_ms=1_000, moves=(move,)))
    return state


def order(order_id: str = "1", *, at_ms: int = 1_000, **terms: object) -> c.SubmitOrder:
    """Return a limit order of 10 lots, for which 100 USDT are reserved at 10x."""
    usual = {
        "at_ms": at_ms,
        "order_id": order_id,
        "account_id": "alice",
        "market_id": "BTC",
        "side": Side.BUY,
        "order_type": OrderType.LIMIT,
        "limit_ticks": 1_000,
        "quantity_lots": 10,
        "deposit_wait_ms": WAIT_MS,
    }
    return c.SubmitOrder(**{**usual, **terms})  # type: ignore[arg-type]  # terms by name


def deposit(state: State, micro: int, *, at_ms: int = 2_000) -> list[ev.Event]:
    """Credit a deposit of alice's."""
    said = c.CreditDeposit(
        at_ms=at_ms, deposit_id=f"d{at_ms}", account_id="alice", amount_micro=micro
    )
    return list(apply(state, said))


def names(events: list[ev.Event]) -> list[str]:
    return [type(event).__name__ for event in events]


def test_a_deposit_lets_a_waiting_order_in_with_a_sequence_of_then() -> None:
    state = a_state()
    assert names(list(apply(state, order()))) == ["TriggerPlaced"]
    assert state.account("alice").reserved_micro == 0
    found = deposit(state, 200_000_000)
    assert names(found) == ["DepositCredited", "TriggerFired", "OrderAccepted", "OrderRested"]
    accepted = next(event for event in found if isinstance(event, ev.OrderAccepted))
    assert (accepted.at_ms, accepted.terms.deposit_wait_ms) == (2_000, 0)
    assert not state.trigger_places


def test_what_the_deposit_does_not_carry_waits_on_and_is_refused_when_time_is_over() -> None:
    state = a_state()
    apply(state, order())
    assert names(deposit(state, 5_000_000)) == ["DepositCredited"]
    assert "1" in state.trigger_places
    assert list(apply(state, c.ExpireDue(at_ms=1_000 + WAIT_MS - 1))) == []
    found = list(apply(state, c.ExpireDue(at_ms=1_000 + WAIT_MS)))
    assert names(found) == ["TriggerFired", "OrderRejected"]
    assert isinstance(found[-1], ev.OrderRejected)
    assert found[-1].reason is Reason.INSUFFICIENT_COLLATERAL
    assert found[-1].numbers["free_micro"] == 5_000_000
    assert names(deposit(state, 200_000_000, at_ms=20_000)) == ["DepositCredited"]


def test_of_several_the_longest_waiting_comes_first_as_far_as_the_money_goes() -> None:
    state = a_state()
    apply(state, order("b", at_ms=1_000))
    apply(state, order("a", at_ms=1_001))
    found = deposit(state, 150_000_000)
    assert [event.order_id for event in found if isinstance(event, ev.TriggerFired)] == ["b"]
    assert list(state.trigger_places) == ["a"]


def test_its_owner_may_cancel_it_and_its_own_end_comes_before_the_wait_s() -> None:
    state = a_state()
    apply(state, order("1"))
    apply(state, order("2", time_in_force=TimeInForce.GTD, expires_at_ms=3_000))
    canceled = apply(state, c.CancelOrder(at_ms=1_500, order_id="1", account_id="alice"))
    assert names(list(canceled)) == ["TriggerCanceled"]
    (ended,) = apply(state, c.ExpireDue(at_ms=3_000))
    assert isinstance(ended, ev.TriggerCanceled)
    assert ended.reason is Reason.EXPIRED


def test_only_what_may_rest_and_raise_waits() -> None:
    for terms in (
        {"time_in_force": TimeInForce.IOC},
        {"time_in_force": TimeInForce.FOK},
        {"deposit_wait_ms": 0},
    ):
        (event,) = apply(a_state(), order(**terms))
        assert isinstance(event, ev.OrderRejected)
        assert event.reason is Reason.INSUFFICIENT_COLLATERAL


def test_patience_is_no_part_of_the_body_and_survives_a_snapshot() -> None:
    with_patience = order(client_order_id="mine")
    assert body_digest(with_patience) == body_digest(
        order(client_order_id="mine", deposit_wait_ms=0)
    )
    state = a_state()
    apply(state, with_patience)
    (again,) = apply(state, order("2", client_order_id="mine", deposit_wait_ms=0))
    assert isinstance(again, ev.OrderRepeated)
    restored = restore(snapshot(state))
    assert [encode(event) for event in deposit(restored, 10**9)] == [
        encode(event) for event in deposit(state, 10**9)
    ]
