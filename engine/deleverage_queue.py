"""The queue of auto-deleveraging: winners, ranked by their profit and their leverage.

(long mark / entry, short entry / mark) x (notional / equity), the greatest first, at one mark; ties
by account. What is not here: what a winner gives up (`engine.auto_deleverage`).
"""

from bisect import bisect_left, insort
from collections.abc import Iterator

from engine.state import BACKSTOP, NO_POSITION, Market, Position
from engine.units import PPB


def rank_ppb(position: Position, value_micro: int, /) -> int | None:
    """Return a winner's place in the queue, the greater the earlier; None for no winner.

    `value_micro` is the signed value of the position. For a long (value / cost) x (value /
    equity), for a short cost / equity: integers in parts per thousand million, rounded down.
    """
    profit = value_micro - position.cost_micro
    equity = position.collateral_micro + profit
    if profit <= 0 or equity <= 0 or position.cost_micro == 0:
        return None
    if position.size_lots > 0:
        return value_micro * value_micro * PPB // (position.cost_micro * equity)
    return -position.cost_micro * PPB // equity


def queue(market: Market, price_half_ticks: int, /, *, longs: bool) -> list[str]:
    """Return the winners of one side at a price in the order in which they are deleveraged."""
    return list(DeleverageQueue(market, price_half_ticks, longs=longs).account_ids())


class DeleverageQueue:
    """The winners of one side at one price, kept in order while positions change.

    Whoever changes a position says so (`doubt`), and it is ranked anew when the queue is asked
    next. Ranking all for each of a thousand bankrupt positions is what a mark must not wait for.
    """

    __slots__ = ("_doubted", "_longs", "_order", "_places", "_price", "market")

    def __init__(self, market: Market, price_half_ticks: int, /, *, longs: bool) -> None:
        self.market = market
        self._price = price_half_ticks
        self._longs = longs
        self._places: dict[str, tuple[int, str]] = {}
        self._doubted: dict[str, None] = {}
        for account_id, position in market.positions.items():
            place = self._place(account_id, position)
            if place is not None:
                self._places[account_id] = place
        self._order = sorted(self._places.values())

    def doubt(self, account_id: str, /) -> None:
        """Note that an account's position is, or may be, another one."""
        self._doubted[account_id] = None

    def account_ids(self) -> Iterator[str]:
        """Yield the winners of this moment, the first to be deleveraged first."""
        for account_id in self._doubted:
            self._rank_anew(account_id)
        self._doubted.clear()
        return (account_id for _, account_id in self._order)

    def _rank_anew(self, account_id: str, /) -> None:
        before = self._places.pop(account_id, None)
        if before is not None:
            del self._order[bisect_left(self._order, before)]
        place = self._place(account_id, self.market.positions.get(account_id, NO_POSITION))
        if place is not None:
            self._places[account_id] = place
            insort(self._order, place)

    def _place(self, account_id: str, position: Position, /) -> tuple[int, str] | None:
        size = position.size_lots
        if account_id == BACKSTOP or not size or (size > 0) is not self._longs:
            return None
        rank = rank_ppb(position, size * self._price * self.market.unit_micro)
        return None if rank is None else (-rank, account_id)
