"""Orders that wait for their owner's deposit: let in when it comes, refused when it does not.

They stand with the trigger orders, reserve nothing, and get sequence and checks when they become
active. What is not here: who begins to wait (`engine.entry`), and the time that ends it
(`engine.expiry`).
"""

import msgspec

from engine.commands import SubmitOrder
from engine.decision import Decision, Refusal
from engine.entry import accept, fired, rejected
from engine.events import TriggerFired
from engine.reasons import Reason
from engine.state import Market


def admit_waiting(d: Decision, account_id: str, /) -> None:
    """Let in what the account's funds now carry, the longest waiting first; others wait on."""
    waiting = [
        (terms.at_ms, order_id, market)
        for market in d.state.markets.values()
        for order_id in market.triggers_of.get(account_id, ())
        if (terms := market.triggers[order_id]).trigger is None
    ]
    for _, order_id, market in sorted(waiting, key=lambda each: each[:2]):
        _try(d, market, market.triggers[order_id])


def _try(d: Decision, market: Market, terms: SubmitOrder, /) -> None:
    """Make a waiting order active, or refuse it; one that funds still do not carry waits on."""
    since = d.mark()
    _leave(d, market, terms)
    plain = msgspec.structs.replace(terms, at_ms=d.at_ms, deposit_wait_ms=0)
    try:
        accept(d, market, plain, concludes=False)
    except Refusal as refused:
        if refused.reason is Reason.INSUFFICIENT_COLLATERAL:
            d.take_back(since)
        else:
            d.emit(rejected(d, plain, refused))


def give_up(d: Decision, market: Market, terms: SubmitOrder, /) -> None:
    """End a wait that took too long: a last try, which refuses with the reason."""
    _leave(d, market, terms)
    fired(d, market, terms)


def _leave(d: Decision, market: Market, terms: SubmitOrder, /) -> None:
    """Let an order wait no longer."""
    d.emit(
        TriggerFired(
            at_ms=d.at_ms,
            order_id=terms.order_id,
            account_id=terms.account_id,
            market_id=terms.market_id,
            mark_half_ticks=market.prices.mark_half_ticks or 0,
        )
    )
