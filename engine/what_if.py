"""What if: dry runs for staff. What would close at which price, and who is next.

Nothing here changes the state. What is not here: showing it.
"""

from typing import NamedTuple

from engine.commands import Command
from engine.events import Event
from engine.exchange import decide
from engine.health import health
from engine.state import BACKSTOP, Market, State
from engine.units import PPB


def what_if(state: State, commands: list[Command], /) -> list[list[Event]]:
    """Say what commands would do one after another (each seen alone: the state stays)."""
    return [decide(state, command) for command in commands]


class Nearest(NamedTuple):
    """A position and how far the mark is from its liquidation price."""

    account_id: str
    liquidation_half_ticks: int
    distance_half_ticks: int
    ratio_ppb: int


def nearest(market: Market, /, *, count: int) -> list[Nearest]:
    """Return the positions nearest to their liquidation, the nearest first."""
    mark = market.prices.mark_half_ticks
    if mark is None:
        return []
    found = []
    for account_id in sorted(market.positions):
        position = market.positions[account_id]
        price = position.liquidation_half_ticks
        if position.size_lots and price is not None and account_id != BACKSTOP:
            distance = mark - price if position.size_lots > 0 else price - mark
            ratio = health(market, position).ratio_ppb
            found.append(Nearest(account_id, price, distance, ratio))
    return sorted(found, key=lambda each: (each.distance_half_ticks, each.account_id))[:count]


def overdue(market: Market, /) -> list[str]:
    """Return the accounts below maintenance that do not wait for anything: the audit."""
    if market.prices.mark_half_ticks is None:
        return []
    return [
        account_id
        for account_id in sorted(market.positions)
        if account_id != BACKSTOP
        and market.positions[account_id].size_lots
        and not market.positions[account_id].is_pending
        and health(market, market.positions[account_id]).ratio_ppb < PPB
    ]
