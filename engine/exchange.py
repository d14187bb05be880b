"""The two verbs of the engine, and both at once.

`decide` rehearses on the state itself: each event is made true as soon as it is decided,
by the same `evolve` that makes it true for good, and at the end everything is taken back
from the journal. So the two can never disagree, plans of any depth see exact positions and
balances, and nothing is copied. `apply` is decide followed by evolve without the double
work. One thread at a time.
"""

from typing import TYPE_CHECKING, Any, cast

from engine import commands as c
from engine.amendment import amend_order
from engine.cancellation import arm_switch, cancel_all, cancel_order
from engine.decision import Decision, Refusal
from engine.delisting import settle_delisting
from engine.dropped_deposit import drop_deposit
from engine.entry import close_position, submit
from engine.events import CommandRejected, Event
from engine.evolve import evolve
from engine.expiry import expire_due
from engine.funding import pay_funding, sample_funding
from engine.hand_over import hand_over
from engine.listing import (
    contribute_insurance,
    fund_backstop,
    list_market,
    publish_open_interest,
    set_limits,
    set_state,
    trip_breaker,
)
from engine.references import move_references
from engine.settings import move_margin, set_leverage, set_position_triggers
from engine.state import State, roll_back
from engine.transfers import (
    confirm_withdrawal,
    credit_deposit,
    finalize_deposit,
    reserve_withdrawal,
    return_withdrawal,
)

if TYPE_CHECKING:
    from collections.abc import Callable

DECIDERS = cast(
    "dict[type[c.Command], Callable[[Decision, Any], None]]",
    {
        c.SubmitOrder: submit,
        c.AmendOrder: amend_order,
        c.CancelOrder: cancel_order,
        c.CancelAll: cancel_all,
        c.ArmCancelAllAfter: arm_switch,
        c.SetLeverage: set_leverage,
        c.MoveMargin: move_margin,
        c.ClosePosition: close_position,
        c.HandOverPosition: hand_over,
        c.SetPositionTriggers: set_position_triggers,
        c.CreditDeposit: credit_deposit,
        c.FinalizeDeposit: finalize_deposit,
        c.DropDeposit: drop_deposit,
        c.ReserveWithdrawal: reserve_withdrawal,
        c.ConfirmWithdrawal: confirm_withdrawal,
        c.ReturnWithdrawal: return_withdrawal,
        c.MoveReferences: move_references,
        c.SampleFunding: sample_funding,
        c.PayFunding: pay_funding,
        c.SettleDelisting: settle_delisting,
        c.ExpireDue: expire_due,
        c.ListMarket: list_market,
        c.SetMarketState: set_state,
        c.SetMarketLimits: set_limits,
        c.TripBreaker: trip_breaker,
        c.PublishOpenInterest: publish_open_interest,
        c.ContributeInsurance: contribute_insurance,
        c.FundBackstop: fund_backstop,
    },
)


def decide(state: State, command: c.Command, /) -> list[Event]:
    """Say what a command would do, as events in order; change nothing."""
    decision = _open(state, command)
    try:
        _run(decision, command)
    finally:
        roll_back(state)
        state.journal = None
    return decision.events + decision.last_words


def apply(state: State, command: c.Command, /) -> list[Event]:
    """Decide and evolve; on a broken invariant everything is taken back."""
    decision = _open(state, command)
    try:
        _run(decision, command)
        for event in decision.last_words:
            evolve(state, event)
    except BaseException:
        roll_back(state)
        raise
    finally:
        state.journal = None
    return decision.events + decision.last_words


def _open(state: State, command: c.Command, /) -> Decision:
    assert state.journal is None, "a decision is under way"
    state.journal = []
    return Decision(state=state, at_ms=command.at_ms)


def _run(d: Decision, command: c.Command, /) -> None:
    try:
        DECIDERS[type(command)](d, command)
    except Refusal as refused:
        assert not d.events, "all refusals come first"
        d.last_words = [_rejection(d, command, refused)]


def _rejection(d: Decision, command: c.Command, refused: Refusal, /) -> CommandRejected:
    """Tell a refused command's account, market and subject from its fields."""
    return CommandRejected(
        at_ms=d.at_ms,
        command=type(command).__name__,
        reason=refused.reason,
        account_id=getattr(command, "account_id", None),
        market_id=getattr(command, "market_id", None),
        subject_id=_subject_of(command),
        numbers=refused.numbers,
    )


_SUBJECTS = ("order_id", "transfer_id", "deposit_id", "withdrawal_id", "contribution_id")
_SUBJECT_OF = {
    kind: next((name for name in _SUBJECTS if name in kind.__struct_fields__), None)
    for kind in DECIDERS
}


def _subject_of(command: c.Command, /) -> str | None:
    """Return the id of what a command is about, if it has one."""
    name = _SUBJECT_OF[type(command)]
    found: str | None = None if name is None else getattr(command, name)
    return found


__all__ = ["apply", "decide", "evolve"]
