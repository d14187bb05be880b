"""What time alone makes due: expired orders, dead-man switches, breakers, old ids.

What is not here: what the caller schedules (funding, states of FX hours).
"""

from engine.cancellation import cancel_trigger, fire_switch
from engine.commands import ExpireDue
from engine.decision import Decision
from engine.ending import cancel
from engine.events import IdentifiersForgotten
from engine.listing import release_breaker
from engine.reasons import Reason
from engine.state import Market, State, waits_until_ms
from engine.units import HOUR_MS, MINUTE_MS
from engine.waiting import give_up

REMEMBERED_MS = HOUR_MS
_SWITCH = "@switch "
_BREAKER = "@breaker "


def expire_due(d: Decision, _: ExpireDue, /) -> None:
    """Do everything that is due by now, the earliest first."""
    state = d.state

    def is_true(due_ms: int, name: str) -> bool:
        return _is_true(state, due_ms, name)

    for due_ms, name in state.timers.due(d.at_ms, is_true):
        if is_true(due_ms, name):
            _do(d, name)
    state.timers.drop_stale(is_true)
    oldest = next(iter(state.seen.values()), None)
    before_ms = d.at_ms - REMEMBERED_MS
    if oldest is not None and oldest.at_ms < before_ms - MINUTE_MS:
        d.conclude(IdentifiersForgotten(at_ms=d.at_ms, before_ms=before_ms, renews=True))


def _is_true(state: State, due_ms: int, name: str, /) -> bool:
    if name.startswith(_SWITCH):
        return state.account(name.removeprefix(_SWITCH)).switch_at_ms == due_ms
    if name.startswith(_BREAKER):
        return state.markets[name.removeprefix(_BREAKER)].breaker_until_ms == due_ms
    place = state.order_places.get(name)
    if place is not None:
        return place[0].orders[place[1]].terms.expires_at_ms == due_ms
    waiting = state.trigger_places.get(name)
    return waiting is not None and waits_until_ms(waiting.triggers[name]) == due_ms


def _do(d: Decision, name: str, /) -> None:
    if name.startswith(_SWITCH):
        fire_switch(d, name.removeprefix(_SWITCH))
    elif name.startswith(_BREAKER):
        release_breaker(d, d.state.markets[name.removeprefix(_BREAKER)])
    elif name in d.state.order_places:
        market, sequence = d.state.order_places[name]
        cancel(d, market, market.orders[sequence], Reason.EXPIRED)
    else:
        _end_waiting(d, d.state.trigger_places[name], name)


def _end_waiting(d: Decision, market: Market, order_id: str, /) -> None:
    """End a trigger order, or one whose deposit did not come, as its terms say."""
    terms = market.triggers[order_id]
    if terms.trigger is None and (terms.expires_at_ms is None or terms.expires_at_ms > d.at_ms):
        give_up(d, market, terms)
    else:
        cancel_trigger(d, market, order_id, Reason.EXPIRED)
