"""Evolve: make one event true. Adds and assigns; decides nothing and refuses nothing.

The table says which function an event type has; derived things (trigger prices, indexes,
sums) follow from the records that are replaced. What is not here: the functions
themselves, which live in `engine.evolve_orders` and `engine.evolve_money`.
"""

from typing import TYPE_CHECKING, Any, cast

from engine.events import Event
from engine.evolve_money import MONEY_TABLE
from engine.evolve_orders import ORDER_TABLE
from engine.state import State

if TYPE_CHECKING:
    from collections.abc import Callable

TABLE = cast("dict[type[Event], Callable[[State, Any], None]]", {**ORDER_TABLE, **MONEY_TABLE})


def evolve(state: State, event: Event, /) -> None:
    """Make an event true in the state."""
    TABLE[type(event)](state, event)
