"""What one member of staff does to the market alone: states of markets, pauses below a full stop.

Each is one transaction with its row in the audit log; the engine hears of it as a command. What
takes two people stands in `trading.services.proposals`; who may, in `accounts.roles`.
"""

from collections.abc import Sequence

from django.db import transaction
from django.http import HttpRequest

from accounts.models import User
from accounts.services.audit import record_action
from engine.vocabulary import MarketState
from godark.errors import Code, Failure
from trading.models import Market, PauseLevel, VenueModeChange, Wisher
from trading.services.market_states import Wish, wish_states, wishes_of
from trading.services.venue_modes import change_mode
from trading.services.venue_pause import pause_level


@transaction.atomic
def set_states(
    markets: Sequence[Market], /, *, state: MarketState, reason: str, by: User, request: HttpRequest
) -> int:
    """Wish a state for markets (ACTIVE: staff wishes nothing more); return how many changed."""
    before = wishes_of(Wisher.STAFF)
    wishes = {market.symbol: Wish(state) for market in markets}
    changed = wish_states(wishes, wisher=Wisher.STAFF)
    record_action(
        action="set_market_states",
        request=request,
        actor=by,
        object_type="trading.market",
        changes={
            symbol: [before[symbol].state.value if symbol in before else "ACTIVE", state.value]
            for symbol in wishes
        },
        reason=reason,
    )
    return changed


@transaction.atomic
def pause(level: PauseLevel, /, *, reason: str, by: User, request: HttpRequest) -> VenueModeChange:
    """Pause the venue at a level below the full stop, or resume; a full stop takes two people."""
    now = pause_level()
    if PauseLevel.STOPPED in (level, now):
        raise Failure(Code.PERMISSION_DENIED, "A full stop begins and ends by two superadmins.")
    change = change_mode(level, reason=reason)
    record_action(
        action="pause" if level else "resume",
        request=request,
        actor=by,
        target=change,
        changes={"level": [int(now), int(level)]},
        reason=reason,
    )
    return change
