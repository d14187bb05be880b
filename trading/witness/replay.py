"""The state as the log gives it, and what moved since the newest root.

Events are proved and decoded ahead of time, but made true only up to the place that a root is cut
at: the state is then that root's. What changed is heard from the engine's own journal of
replacements, so no table of events can forget one. What is not here: leaves (`book`).
"""

from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import psycopg

from chain.leaves import trade_leaf
from engine import events as ev
from engine.evolve import evolve
from engine.state import State, replace_position
from trading import log
from trading.engine_words import account_name
from trading.log import BEGINNING, LogBrokenError, Place
from trading.projections.ids import Ids
from trading.state_leaves import VENUE_ACCOUNT_ID, Content

MOST_AHEAD: Final = 50_000
READ_AT_ONCE: Final = 5_000
TEST: Final = "test:"
"""Deposits whose id begins so are development's play money, which no vault took in."""

Rows = list[tuple[int, int, int, int]]


class Replay:
    """Follows the log; `changed`, `marks` and `fills` are of what came since the newest root."""

    def __init__(self, state: State | None = None, place: Place = BEGINNING) -> None:
        self.state = state or State()
        self.place = place
        self.at_ms = 0
        self.gifts: dict[str, int] = {}
        self._ahead: deque[tuple[Place, ev.Event]] = deque()
        self.forget_changes()

    def forget_changes(self) -> None:
        """Begin to note what moves after a root."""
        self.changed: set[str] = set()
        self.marks: dict[str, int] = {}
        self.fills: list[ev.Filled] = []

    def read_ahead(self, connection: psycopg.Connection[Any], /) -> int:
        """Prove and decode what is new in the log; return how many events."""
        room = min(READ_AT_ONCE, MOST_AHEAD - len(self._ahead))
        since = self._ahead[-1][0] if self._ahead else self.place
        return self._take(islice(log.read_after(connection, since), room)) if room > 0 else 0

    def advance(self, connection: psycopg.Connection[Any], *, to: int) -> Place:
        """Make everything up to an event true; LogBrokenError where the log does not reach it."""
        while self.place.sequence < to:
            if not self._ahead and not self.read_ahead(connection):
                raise LogBrokenError(f"the log ends before event {to}")
            while self._ahead and self.place.sequence < to:
                self.evolve(*self._ahead.popleft())
        return self.place

    def _take(self, rows: Iterator[log.LogRow], /) -> int:
        before = len(self._ahead)
        self._ahead.extend((Place(row.sequence, row.head), log.event_of(row)) for row in rows)
        return len(self._ahead) - before

    def evolve(self, place: Place, event: ev.Event, /) -> None:
        """Make an event true, and note what it replaced."""
        state = self.state
        state.journal = []
        evolve(state, event)
        for undo, table, key, _old, _new in state.journal:
            if table is state.accounts or undo is replace_position:
                self.changed.add(key)
        state.journal = None
        self.place, self.at_ms = place, event.at_ms
        if isinstance(event, ev.ReferenceMoved):
            mark = event.move.mark_half_ticks
            if mark is not None:
                self.marks[event.move.market_id] = mark
        elif isinstance(event, ev.Filled):
            self.fills.append(event)
        elif isinstance(event, ev.DepositCredited) and event.deposit_id.startswith(TEST):
            gifts = self.gifts.get(event.account_id, 0)
            self.gifts[event.account_id] = gifts + event.amount_micro


def content_of(
    state: State,
    account_id: Any,
    /,
    *,
    numbers: dict[str, int],
    owner: str,
    vault_id: int,
    gone_deposits_micro: int = 0,
    gone_released_micro: int = 0,
) -> Content:
    """Return what an account's leaf must hold by the state.

    Owner, vault and what closed vaults had taken in and paid are the chain's to say.
    """
    if account_id == VENUE_ACCOUNT_ID:
        return venue_content(state, gone_released_micro=gone_released_micro)
    name = account_name(account_id)
    account, rows = state.account(name), positions_of(state, name, numbers)
    return Content(
        account_id=account_id,
        owner=owner,
        vault_id=vault_id,
        deposits_micro=account.deposited_micro - account.unfinal_micro - gone_deposits_micro,
        released_micro=account.withdrawn_micro - gone_released_micro,
        cash_micro=account.cash_micro - account.unfinal_micro + sum(row[3] for row in rows),
        positions=tuple(sorted(rows)),
    )


def positions_of(state: State, name: str, numbers: dict[str, int], /) -> Rows:
    """Return an account's positions as (market on chain, size, cost, collateral)."""
    rows: Rows = []
    for symbol, market in state.markets.items():
        held = market.positions.get(name)
        if held is not None and (held.size_lots or held.cost_micro or held.collateral_micro):
            rows.append((numbers[symbol], held.size_lots, held.cost_micro, held.collateral_micro))
    return rows


def venue_content(state: State, /, *, gone_released_micro: int) -> Content:
    """Return the venue's own leaf: fees, funds, pots, less debts; what closed vaults paid."""
    cash = state.fees_micro + state.global_fund_micro
    for market in state.markets.values():
        cash += market.fund_micro + market.funding_pot_micro - market.debt_micro
    return Content(account_id=VENUE_ACCOUNT_ID, cash_micro=cash, released_micro=gone_released_micro)


def trade_leaves(fills: list[ev.Filled], /, *, numbers: dict[str, int], ids: Ids) -> list[bytes]:
    """Return the leaves of these trades, in their order."""
    return [
        trade_leaf(
            trade_id=ids.of("trade", fill.trade_number).bytes,
            market=numbers[fill.market_id],
            price_half_ticks=fill.price_half_ticks,
            size_lots=fill.quantity_lots,
            executed_at_ms=fill.at_ms,
        )
        for fill in fills
    ]
