"""Uncrossing: resting orders that newly admit a point meet what they may trade with now.

In sequence order each acts as taker against older ones only: the restless orders, and the
opposite orders that are younger than a restless one and share a point with older ones.
Of a pair that trades one at least is restless, so that nobody's coming lets others trade
(I20). Repeated until nothing trades. What is not here: how an order takes (`engine.matching`).
"""

from engine.candidates import candidates, effective_half_ticks
from engine.decision import Decision, is_matching
from engine.ending import cancel
from engine.events import Filled, Uncrossed
from engine.matching import match
from engine.orders import Order
from engine.reasons import Reason
from engine.state import Market
from engine.vocabulary import Pricing


def uncross(d: Decision, market: Market, /) -> None:
    """Let the restless orders of a market trade, if it matches now."""
    by_limits = market.spec.pricing is Pricing.LIMIT_MIDPOINT
    if not (market.restless or by_limits) or not is_matching(market, d.at_ms):
        return
    if not by_limits or _is_crossed(market):
        while _pass(d, market, by_limits=by_limits):
            pass
    if market.restless:
        d.emit(Uncrossed(at_ms=d.at_ms, market_id=market.spec.market_id))


def _pass(d: Decision, market: Market, /, *, by_limits: bool) -> bool:
    """Let each order that may act do so once, in sequence; tell whether anything traded."""
    since = len(d.events)
    if by_limits:
        for sequence in sorted(market.book.buys.all() + market.book.sells.all()):
            _act(d, market, sequence, only_restless=False)
    else:
        takers = Takers(market)
        at = takers.after(0)
        while at is not None:
            _act(d, market, at, only_restless=at not in market.restless)
            at = takers.after(at)
    return any(type(event) is Filled for event in d.events[since:])


class Takers:
    """Who may act: restless orders, and opposite ones younger than a restless one.

    Of the restless only the eldest of each side and number of points matters to the
    opposite side, so finding the next taker costs no walk over all of them. Ask with
    ascending sequences.
    """

    def __init__(self, market: Market) -> None:
        self._market = market
        known = (s for s in market.restless if s in market.orders)
        self._restless = sorted(known, reverse=True)
        self._groups: dict[tuple[bool, int], list[int]] = {}
        for sequence in self._restless:
            order = market.orders[sequence]
            points = market.book.side(is_buy=order.is_buy).points(order)
            self._groups.setdefault((order.is_buy, points), []).append(sequence)

    def after(self, sequence: int, /) -> int | None:
        """Return the next order in sequence that may act."""
        orders = self._market.orders
        waiting = self._restless
        while waiting and (waiting[-1] <= sequence or waiting[-1] not in orders):
            waiting.pop()
        found = waiting[-1] if waiting else None
        for (is_buy, points), group in self._groups.items():
            while group and group[-1] not in orders:
                group.pop()
            if group:
                other = self._market.book.side(is_buy=not is_buy)
                for line in _SHARED[points]:
                    near = other.lines[line].after(max(sequence, group[-1]))
                    if near is not None and (found is None or near < found):
                        found = near
        return found


_SHARED = ((), (3,), (2, 3), (1, 2, 3))
"""The opposite lines that share a price point with an order that admits so many."""


def _is_crossed(market: Market, /) -> bool:
    """Tell whether any two limits meet at all (LIMIT_MIDPOINT)."""
    limits = [
        [effective_half_ticks(market, market.orders[sequence]) or 0 for sequence in side.all()]
        for side in (market.book.buys, market.book.sells)
    ]
    return bool(limits[0]) and bool(limits[1]) and max(limits[0]) >= min(limits[1])


def _act(d: Decision, market: Market, sequence: int, /, *, only_restless: bool) -> None:
    """Let one resting order take from older ones, and end it if it must end."""
    order = market.orders.get(sequence)
    if order is None or order.terms.post_only or not order.is_resting:
        return
    if not _meets_older(market, order, only_restless=only_restless):
        return
    stop = match(d, market, sequence, only_restless=only_restless)
    left = market.orders.get(sequence)
    if stop is not None and stop is not Reason.WOULD_NOT_FILL and left is not None:
        cancel(d, market, left, stop)


def _meets_older(market: Market, order: Order, /, *, only_restless: bool) -> bool:
    """Tell whether an order shares a price point with an older opposite order at all."""
    return any(
        not only_restless or sequence in market.restless
        for sequence, _ in candidates(market, order)
    )
