"""Two worlds that differ only in what a ghost lets rest: nobody else may notice.

The same commands of everybody else run in both worlds; between them a ghost of the first
world and another of the second place, amend and cancel orders of their own. Compared are
all events but the ghosts', up to the first trade of a ghost.

Two rules of the venue themselves let somebody feel another, and are excepted: an order that
rests, or that has traded already, may be met when its owner can no longer carry the fill and
ends; and a plan that is greedy may meet somebody and then not come off as a whole. What is
not here: which events are public (`public`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any
from unittest.mock import patch

from engine import commands as c
from engine import events as ev
from engine.decision import Decision
from engine.exchange import apply
from engine.reasons import Reason
from engine.state import State
from engine.vocabulary import MinQuantityMode, OrderType, Side, TimeInForce
from tests.engine.laws.public import concerns, public, told
from tests.engine.laws.stream import BASE_HALF_TICKS, MARKETS, Stream

GHOST = "ghost"
AT_THE_FILL = {
    Reason.POSITION_SIZE_EXCEEDED,
    Reason.LEVERAGE_TOO_HIGH,
    Reason.INSUFFICIENT_COLLATERAL,
}
"""What ends an order that is met and that its owner no longer carries."""


class Ghost:
    """Draws resting orders that are hard to trade with: far, large, all or none."""

    def __init__(self, *, seed: int, shyness: int) -> None:
        self.random = Random(seed)  # noqa: S311 -- a seeded world, no secret
        self.shyness = shyness
        self.count = 0

    def commands(self, state: State, at_ms: int) -> list[c.Command]:
        """Draw what the ghost does now, often nothing."""
        r = self.random
        if r.random() < self.shyness / 10:
            return []
        self.count += 1
        market_id = r.choice(MARKETS)
        open_ids = [
            order.terms.order_id
            for _, order in sorted(state.markets[market_id].orders.items())
            if order.terms.account_id == GHOST
        ]
        if open_ids and r.random() < 0.3:
            name = r.choice(open_ids)
            is_buy = state.order_places[name][0].orders[state.order_places[name][1]].is_buy
            if r.random() < 0.5:
                return [c.CancelOrder(at_ms=at_ms, order_id=name, account_id=GHOST)]
            return [
                c.AmendOrder(
                    at_ms=at_ms,
                    order_id=name,
                    account_id=GHOST,
                    limit_ticks=self.limit(state, market_id, is_buy=is_buy),
                )
            ]
        return [self.order(state, at_ms, market_id)]

    def limit(self, state: State, market_id: str, *, is_buy: bool) -> int:
        """Draw a limit about the mark or far from it."""
        mark = state.markets[market_id].prices.mark_half_ticks or BASE_HALF_TICKS
        away = 1 if is_buy is False else -1
        return max(1, mark // 2 + away * self.random.choice((300, 40, 12, 8, 5, 3, 2, 1, 0, -2)))

    def order(self, state: State, at_ms: int, market_id: str) -> c.SubmitOrder:
        """Draw a resting order that only a large taker, or none, could meet."""
        r = self.random
        pick = r.randrange(3)
        side = r.choice((Side.BUY, Side.SELL))
        quantity = r.choice((1, 5, 60, 500))
        return c.SubmitOrder(
            at_ms=at_ms,
            order_id=f"g{self.count}",
            account_id=GHOST,
            market_id=market_id,
            side=side,
            order_type=r.choice(
                (OrderType.LIMIT, OrderType.LIMIT, OrderType.PEG_MID, OrderType.PEG_BID)
            ),
            quantity_lots=quantity,
            limit_ticks=self.limit(state, market_id, is_buy=side is Side.BUY),
            time_in_force=TimeInForce.GTC,
            all_or_none=pick == 0 and quantity > 5,
            min_quantity_lots=quantity if pick == 1 and quantity > 5 else 0,
            min_quantity_mode=r.choice(tuple(MinQuantityMode)),
            post_only=r.random() < 0.3,
            probe_limit=10**6,
        )


def others(events: list[ev.Event]) -> tuple[list[Any], list[Any]]:
    """Return what the public sees, and what everybody but the ghost sees, of some events."""
    rest = [event for event in events if not _is_ghostly(event)]
    shown = [public(event) for event in rest if public(event) is not None]
    private = [
        (type(event).__name__, told(event))
        for event in rest
        if not isinstance(event, ev.Uncrossed | ev.OrderRested)
    ]
    return shown, private


def _is_ghostly(event: ev.Event) -> bool:
    """Tell whether an event is the ghost's: by its account or by its order's id."""
    return concerns(event, GHOST) or getattr(event, "order_id", "").startswith("g")


def trades_of_ghost(events: list[ev.Event]) -> bool:
    """Tell whether the ghost stands in any trade, or is liquidated."""
    return any(isinstance(event, ev.Filled) and concerns(event, GHOST) for event in events)


@dataclass(frozen=True, slots=True)
class Difference:
    """The first command that told two worlds apart, and what was seen of it in each."""

    command: c.Command
    public: tuple[list[Any], list[Any]]
    private: tuple[list[Any], list[Any]]

    def describe(self) -> str:
        """Say what only one of the worlds showed."""
        first, second = self.private
        lines = [f"only the first: {each}" for each in first if each not in second]
        lines += [f"only the second: {each}" for each in second if each not in first]
        return "\n".join([repr(self.command), *lines])


@contextmanager
def met_in_vain() -> Iterator[list[ev.Event]]:
    """Gather the ghost's trades that were planned and taken back."""
    found: list[ev.Event] = []
    take_back = Decision.take_back

    def watched(self: Decision, mark: tuple[int, int], /) -> None:
        found.extend(event for event in self.events[mark[1] :] if concerns(event, GHOST))
        take_back(self, mark)

    with patch.object(Decision, "take_back", watched):
        yield found


def opened(stream: Stream) -> State:
    """Open a world in which the ghost has all the money that it may want."""
    state = State()
    funds = c.CreditDeposit(
        at_ms=stream.at_ms, deposit_id="ghost", account_id=GHOST, amount_micro=10**15
    )
    for command in (*Stream(seed=stream.seed).opening(), funds):
        apply(state, command)
    return state


def is_no_longer_carried(event: ev.Event, command: c.Command, events: list[ev.Event]) -> bool:
    """Tell whether an order ended at a fill that its owner did not carry.

    Of the order that has just arrived that is allowed only after it has traded.
    """
    if not isinstance(event, ev.OrderCanceled) or event.reason not in AT_THE_FILL:
        return False
    return event.order_id != getattr(command, "order_id", None) or any(
        isinstance(other, ev.Filled) and other.taker.order_id == event.order_id for other in events
    )


def differences(*, seed: int, length: int, shyness: tuple[int, int]) -> list[Difference]:
    """Run both worlds; return the first difference, or nothing if nobody noticed."""
    stream = Stream(seed=seed)
    stream.opening()
    worlds = (opened(stream), opened(stream))
    ghosts = (Ghost(seed=seed + 1, shyness=shyness[0]), Ghost(seed=seed + 2, shyness=shyness[1]))
    for _ in range(length):
        command = stream.next(worlds[0])
        with met_in_vain() as vain:
            both = [
                [e for own in ghost.commands(state, command.at_ms) for e in apply(state, own)]
                + apply(state, command)
                for state, ghost in zip(worlds, ghosts, strict=True)
            ]
        if any(map(trades_of_ghost, both)) or any(isinstance(e, ev.Filled) for e in vain):
            return []
        (public_a, private_a), (public_b, private_b) = map(others, both)
        if (public_a, private_a) != (public_b, private_b):
            failed = any(is_no_longer_carried(e, command, each) for each in both for e in each)
            found = Difference(command, (public_a, public_b), (private_a, private_b))
            return [] if failed else [found]
    return []
