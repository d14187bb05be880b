"""The one door to a market's state: who wants it stricter says so here, the strictest wish holds.

A wish and the engine's command that it leads to are one transaction. What is not here: what the
engine makes stricter by itself (a missing index, a breaker, a debt), and who may wish.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from engine.commands import Command, SetMarketState
from engine.vocabulary import MarketState
from trading.inbox import put_many
from trading.models import Market, StateWish, Wisher

STRICTNESS = {state: place for place, state in enumerate(MarketState)}
LOCK = "trading.market_states"


class Wish(NamedTuple):
    """A state and, of `CANCEL_ONLY`, whether it is for closed hours."""

    state: MarketState
    hours_closed: bool = False


OPEN = Wish(MarketState.ACTIVE)


@transaction.atomic
def wish_states(wishes: Mapping[str, Wish], *, wisher: Wisher) -> int:
    """Set a wisher's wishes by symbol (ACTIVE: none); return how many states that changes.

    Several wishers at once come one after another; a market that is unknown or delisted is
    passed over.
    """
    # 1. One at a time, so that none reckons with another's half-written wishes.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [LOCK])
    keys = dict(
        Market.objects.filter(symbol__in=wishes)
        .exclude(state=MarketState.DELISTED.value)
        .values_list("symbol", "pk")
    )
    # 2. What held, what is wished, what holds.
    before = standing_wishes(keys.values())
    for symbol, key in keys.items():
        _write(key, wish=wishes[symbol], wisher=wisher)
    after = standing_wishes(keys.values())
    # 3. Tell the engine what changed.
    commands: list[tuple[Command, str | None]] = [
        (_command(symbol, strictest(after.get(key, []))), None)
        for symbol, key in keys.items()
        if strictest(before.get(key, [])) != strictest(after.get(key, []))
    ]
    put_many(commands)
    return len(commands)


def strictest(wishes: Iterable[Wish]) -> Wish:
    """Return what holds: the strictest; open without a wish. Closed hours outweigh a pause."""
    return max(wishes, key=lambda wish: (STRICTNESS[wish.state], wish.hours_closed), default=OPEN)


def standing_wishes(market_keys: Iterable[int]) -> dict[int, list[Wish]]:
    """Return all wishes for these markets, by primary key."""
    found: dict[int, list[Wish]] = {}
    for row in StateWish.objects.filter(market__in=list(market_keys)):
        found.setdefault(row.market_id, []).append(Wish(MarketState(row.state), row.hours_closed))
    return found


def wishes_of(wisher: Wisher) -> dict[str, Wish]:
    """Return a wisher's own wishes by symbol."""
    rows = StateWish.objects.filter(wisher=wisher).select_related("market")
    return {row.market.symbol: Wish(MarketState(row.state), row.hours_closed) for row in rows}


def _write(market_key: int, *, wish: Wish, wisher: Wisher) -> None:
    if wish == OPEN:
        StateWish.objects.filter(market=market_key, wisher=wisher).delete()
        return
    StateWish.objects.update_or_create(
        market_id=market_key,
        wisher=wisher,
        defaults={
            "state": wish.state.value,
            "hours_closed": wish.hours_closed,
            "wished_at": timezone.now(),
        },
    )


def _command(symbol: str, wish: Wish) -> SetMarketState:
    return SetMarketState(
        at_ms=0, market_id=symbol, state=wish.state, hours_closed=wish.hours_closed
    )
