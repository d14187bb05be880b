"""What cannot be filled is not rehearsed, or the time of the answer would tell who rests there."""

from typing import Any

import pytest

import engine.matching
from engine import commands as c
from engine.events import Filled, OrderCanceled
from engine.exchange import apply, decide
from engine.reasons import Reason
from engine.state import State
from engine.vocabulary import MinQuantityMode, OrderType, Side, TimeInForce

SPEC = c.MarketSpec(market_id="BTC", tick_size="0.1", lot_size="1", tick_lot_micro=100_000)
MID = 10_000


def order(name: str, account: str, side: Side, lots: int, **terms: Any) -> c.SubmitOrder:
    return c.SubmitOrder(
        at_ms=2,
        order_id=name,
        account_id=account,
        market_id="BTC",
        side=side,
        order_type=OrderType.LIMIT,
        quantity_lots=lots,
        limit_ticks=MID,
        **terms,
    )


@pytest.fixture
def crowd() -> State:
    """Return a market in which ten orders rest for ten lots together."""
    state = State()
    apply(state, c.ListMarket(at_ms=1, spec=SPEC, insurance_micro=10**15))
    for name in ("maker", "taker"):
        owner = {"deposit_id": name, "account_id": name}
        apply(state, c.CreditDeposit(at_ms=1, amount_micro=10**13, **owner))
    move = c.ReferenceMove(
        market_id="BTC",
        bid_ticks=MID - 1,
        ask_ticks=MID + 1,
        quoted_at_ms=1,
        index_half_ticks=2 * MID,
        mark_half_ticks=2 * MID,
    )
    apply(state, c.MoveReferences(at_ms=1, moves=(move,)))
    for number in range(10):
        apply(state, order(f"hidden {number}", "maker", Side.SELL, 1))
    return state


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the quantities that the engine plans to trade, one by one."""
    found: list[int] = []
    plan = engine.matching.plan_trade

    def planning(*args: Any) -> Any:
        found.append(args[4])
        return plan(*args)

    monkeypatch.setattr(engine.matching, "plan_trade", planning)
    return found


@pytest.mark.parametrize(
    "terms",
    [
        {"time_in_force": TimeInForce.FOK},
        {"time_in_force": TimeInForce.IOC, "all_or_none": True},
        {
            "time_in_force": TimeInForce.IOC,
            "min_quantity_lots": 11,
            "min_quantity_mode": MinQuantityMode.FIRST,
        },
    ],
)
def test_an_order_that_needs_more_than_rests_plans_no_trade(
    crowd: State, planned: list[int], terms: dict[str, Any]
) -> None:
    last = decide(crowd, order("probe", "taker", Side.BUY, 11, **terms))[-1]
    assert isinstance(last, OrderCanceled)
    assert last.reason in (Reason.WOULD_NOT_FILL, Reason.UNFILLED_REMAINDER)
    assert planned == []


def test_an_order_that_needs_what_rests_gets_it(crowd: State, planned: list[int]) -> None:
    wanted = order("whole", "taker", Side.BUY, 10, time_in_force=TimeInForce.FOK)
    filled = [event for event in decide(crowd, wanted) if isinstance(event, Filled)]
    assert sum(event.quantity_lots for event in filled) == 10
    assert planned == [1] * 10
