"""What the venue does while its roots do not reach the chain: stricter states, until they do.

The oldest change that no confirmed root holds, or a missed heartbeat: older than 60 s lets markets
only reduce, older than 10 minutes only cancel. It mends by itself; trades are never undone. What
is not here: the roots (`trading.settlement`).
"""

from typing import Final

import structlog

from engine.vocabulary import MarketState
from godark.clock import now_ms
from trading.models import Batch, BatchState, Market, Wisher
from trading.services.market_states import OPEN, Wish, wish_states, wishes_of

log = structlog.get_logger(__name__)

REDUCE_AFTER_MS: Final = 60_000
CANCEL_AFTER_MS: Final = 600_000


def settlement_age_ms() -> int:
    """Return how old the oldest change is that no confirmed root holds; zero before the first.

    While a root is on its way that is the age of its cut; otherwise the newest confirmed root's,
    which a heartbeat renews every 20 s.
    """
    waiting = (
        Batch.objects.filter(state__in=[BatchState.BUILT, BatchState.SENT])
        .order_by("number")
        .first()
    )
    newest = waiting or Batch.objects.order_by("-number").first()
    return 0 if newest is None else max(0, now_ms() - newest.due_at_ms)


def mind_the_delay() -> Wish:
    """Wish for every market what the delay asks for, where it is not wished already."""
    age_ms = settlement_age_ms()
    wish = OPEN
    if age_ms > CANCEL_AFTER_MS:
        wish = Wish(MarketState.CANCEL_ONLY)
    elif age_ms > REDUCE_AFTER_MS:
        wish = Wish(MarketState.REDUCE_ONLY)
    standing = wishes_of(Wisher.SETTLEMENT)
    if wish == OPEN and not standing:
        return wish
    symbols = Market.objects.exclude(state="DELISTED").values_list("symbol", flat=True)
    changes = {symbol: wish for symbol in symbols if standing.get(symbol, OPEN) != wish}
    if changes:
        log.error("settlement_delayed", seconds=age_ms // 1_000, wish=wish.state.value)
        wish_states(changes, wisher=Wisher.SETTLEMENT)
    return wish
