"""What a pause of the whole venue still lets through, by its level.

The engine knows markets only: a level from 2 on reaches it as a state of every market, given by
whoever pauses. What is not here: pausing.
"""

from enum import Enum

from godark.errors import Code, Failure
from trading.models import PauseLevel, VenueModeChange


class Wish(Enum):
    """What somebody wants of the exchange; the value is the level from which it is refused."""

    RAISE = PauseLevel.NEW_ORDERS_PAUSED
    """An order that may raise a position, or an amendment that does more than lower one."""
    REDUCE = PauseLevel.TRADING_PAUSED
    """A reduce-only order, a close."""
    SET = PauseLevel.CANCELS_AND_WITHDRAWALS_ONLY
    """Leverage, margin, triggers of a position."""
    CANCEL = PauseLevel.STOPPED
    """Leaving: cancels, the dead-man switch."""


def check_not_paused(wish: Wish, /, *, level: int) -> None:
    """Refuse what a pause of this level stops."""
    if level < wish.value:
        return
    if level >= PauseLevel.STOPPED:
        raise Failure(
            Code.UNAVAILABLE,
            "The venue is stopped as a whole; /api/v1/status says when that changes.",
            extra={"pause_level": level},
        )
    raise Failure(
        Code.MARKET_CLOSED,
        "The venue is paused and does not take this now; /api/v1/status says until when.",
        extra={"pause_level": level},
    )


def pause_level() -> int:
    """Return how far the venue is paused now."""
    newest = VenueModeChange.objects.order_by("-id").values_list("level", flat=True).first()
    return newest or PauseLevel.OPERATING
