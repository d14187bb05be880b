"""The order of commands within one step of the exchange.

Due expiries and dead-man switches first, then cancels, reductions and margin additions, then
prices, then the rest in order of arrival; a command never passes an earlier one of its own
account. So a maker can leave before being picked off. What is not here: taking commands in.
"""

from engine import commands as c
from engine.state import State

_LEAVING = (c.CancelOrder, c.CancelAll, c.ArmCancelAllAfter)
DUE, LEAVE, PRICE, REST = 0, 1, 2, 3


def order_step(state: State, commands: list[c.Command], /) -> list[c.Command]:
    """Return the commands of a step in the order in which they are decided."""
    latest: dict[str, int] = {}
    placed: list[tuple[int, int, c.Command]] = []
    for arrival, command in enumerate(commands):
        phase = phase_of(state, command)
        account_id: str | None = getattr(command, "account_id", None)
        if account_id is not None:
            phase = max(phase, latest.get(account_id, LEAVE))
            latest[account_id] = phase
        placed.append((phase, arrival, command))
    return [command for _, _, command in sorted(placed, key=lambda each: each[:2])]


def phase_of(state: State, command: c.Command, /) -> int:
    """Return the phase that a command would have if nothing of its account came before."""
    if isinstance(command, c.ExpireDue):
        return DUE
    if isinstance(command, _LEAVING):
        return LEAVE
    if isinstance(command, c.MoveReferences):
        return PRICE
    if isinstance(command, c.MoveMargin):
        return LEAVE if command.amount_micro > 0 else REST
    if isinstance(command, c.AmendOrder):
        return LEAVE if _only_reduces(state, command) else REST
    return REST


def _only_reduces(state: State, command: c.AmendOrder, /) -> bool:
    """Tell whether an amendment does nothing but lower the order's size."""
    place = state.order_places.get(command.order_id)
    if place is None or command.quantity_lots is None or command.limit_ticks is not None:
        return False
    return command.quantity_lots <= place[0].orders[place[1]].quantity_lots
