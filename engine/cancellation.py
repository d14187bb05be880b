"""Cancels: of one order, of all, by the dead-man switch, by time, by the market's state.

What is not here: cancels that trades lead to (`engine.ending`).
"""

from engine.commands import ArmCancelAllAfter, CancelAll, CancelOrder
from engine.decision import Decision, Refusal
from engine.ending import cancel, conclude_canceled, reducible_lots, still_open
from engine.events import CancelAllAfterArmed, CancelAllAfterFired, TriggerCanceled
from engine.reasons import Reason
from engine.state import Market
from engine.units import SECOND_MS

LONGEST_SWITCH_MS = 300 * SECOND_MS


def cancel_order(d: Decision, command: CancelOrder, /) -> None:
    """Cancel one order or trigger of the account."""
    place = d.state.order_places.get(command.order_id)
    if place is not None:
        market, sequence = place
        order = market.orders[sequence]
        if order.terms.account_id == command.account_id:
            conclude_canceled(d, market, order, Reason.USER_REQUEST)
            return
    waiting = d.state.trigger_places.get(command.order_id)
    if waiting is not None and (
        waiting.triggers[command.order_id].account_id == command.account_id
    ):
        cancel_trigger(d, waiting, command.order_id, Reason.USER_REQUEST)
        return
    raise Refusal(Reason.ORDER_NOT_OPEN)


def cancel_trigger(d: Decision, market: Market, order_id: str, reason: Reason, /) -> None:
    """End a waiting trigger order."""
    d.emit(
        TriggerCanceled(
            at_ms=d.at_ms,
            order_id=order_id,
            account_id=market.triggers[order_id].account_id,
            market_id=market.spec.market_id,
            reason=reason,
        )
    )


def cancel_all(d: Decision, command: CancelAll, /) -> None:
    """Cancel all orders and trigger orders of the account, in one market or in all."""
    if command.market_id is not None and command.market_id not in d.state.markets:
        raise Refusal(Reason.NOT_FOUND)
    for market_id in sorted(d.state.markets):
        if command.market_id in (None, market_id):
            leave(d, d.state.markets[market_id], command.account_id, as_switch=command.as_switch)


def leave(d: Decision, market: Market, account_id: str, /, *, as_switch: bool) -> None:
    """Cancel what an account has in a market, as it asked or as its switch does."""
    reason = Reason.CANCEL_ALL_AFTER if as_switch else Reason.USER_REQUEST
    cancel_account(d, market, account_id, reason)
    cancel_triggers(d, market, account_id, reason, spare_reducing=as_switch)


def cancel_account(d: Decision, market: Market, account_id: str, reason: Reason, /) -> None:
    """Cancel an account's open orders in a market, in order of entry."""
    sequences: list[int] = []
    for is_buy in (True, False):
        side = market.open_sides.get((account_id, is_buy))
        if side is not None:
            sequences += side.sequences
    for order in still_open(market, sorted(sequences)):
        cancel(d, market, order, reason)


def cancel_triggers(
    d: Decision, market: Market, account_id: str, reason: Reason, /, *, spare_reducing: bool = False
) -> None:
    """Cancel an account's trigger orders in a market."""
    for order_id in sorted(market.triggers_of.get(account_id, ())):
        if not (spare_reducing and market.triggers[order_id].reduce_only):
            cancel_trigger(d, market, order_id, reason)


def cancel_raising(d: Decision, market: Market, reason: Reason, /) -> None:
    """Cancel every resting order whose account has nothing it could reduce."""
    for order in still_open(market, sorted(market.orders)):
        if not reducible_lots(market, order.terms.account_id, is_buy=order.is_buy):
            cancel(d, market, order, reason)


def arm_switch(d: Decision, command: ArmCancelAllAfter, /) -> None:
    """Arm or disarm the dead-man switch."""
    timeout = command.timeout_ms
    if timeout != 0 and not SECOND_MS <= timeout <= LONGEST_SWITCH_MS:
        raise Refusal(Reason.INVALID_AMOUNT, timeout_ms=timeout)
    deadline = None if timeout == 0 else d.at_ms + timeout
    d.emit(CancelAllAfterArmed(at_ms=d.at_ms, account_id=command.account_id, deadline_ms=deadline))


def fire_switch(d: Decision, account_id: str, /) -> None:
    """Cancel all of an account's orders, sparing its reduce-only triggers."""
    d.emit(CancelAllAfterFired(at_ms=d.at_ms, account_id=account_id))
    for market_id in sorted(d.state.markets):
        leave(d, d.state.markets[market_id], account_id, as_switch=True)
