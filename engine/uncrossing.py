"""Uncrossing: resting orders that newly admit a point meet what they may trade with now.

In sequence order each acts as taker against older ones only: the restless orders, and the
opposite orders that are younger than a restless one and share a point with older ones.
Repeated until nothing trades. What is not here: how an order takes (`engine.matching`).
"""

from engine.candidates import meets_older
from engine.decision import Decision, is_matching
from engine.ending import cancel
from engine.events import Filled, Uncrossed
from engine.matching import match
from engine.reasons import Reason
from engine.state import Market
from engine.vocabulary import Pricing


def uncross(d: Decision, market: Market, /) -> None:
    """Let the restless orders of a market trade, if it matches now."""
    everybody = market.spec.pricing is Pricing.LIMIT_MIDPOINT
    if not (market.restless or everybody) or not is_matching(market, d.at_ms):
        return
    while True:
        since = len(d.events)
        for sequence in takers(market, everybody=everybody):
            _act(d, market, sequence)
        if not any(type(event) is Filled for event in d.events[since:]):
            break
    if market.restless:
        d.emit(Uncrossed(at_ms=d.at_ms, market_id=market.spec.market_id))


def takers(market: Market, /, *, everybody: bool) -> list[int]:
    """Return in sequence the orders that may act: restless, or opposite and younger."""
    if everybody:
        return sorted(market.book.buys.all() + market.book.sells.all())
    restless = [sequence for sequence in sorted(market.restless) if sequence in market.orders]
    found = dict.fromkeys(restless)
    for is_buy in (True, False):
        eldest = next((s for s in restless if market.orders[s].is_buy is is_buy), None)
        if eldest is not None:
            found.update(dict.fromkeys(_younger_opposites(market, eldest, is_buy=is_buy)))
    return sorted(found)


def _younger_opposites(market: Market, eldest: int, /, *, is_buy: bool) -> list[int]:
    """Return the opposite orders after a sequence that admit any point at all."""
    other = market.book.sells if is_buy else market.book.buys
    found: list[int] = []
    for line in other.lines[1:]:
        sequence = line.after(eldest)
        while sequence is not None:
            found.append(sequence)
            sequence = line.after(sequence)
    return found


def _act(d: Decision, market: Market, sequence: int, /) -> None:
    """Let one resting order take from older ones, and end it if it must end."""
    order = market.orders.get(sequence)
    if order is None or order.terms.post_only or not order.is_resting:
        return
    if not meets_older(market, order):
        return
    stop = match(d, market, sequence)
    left = market.orders.get(sequence)
    if stop is not None and stop is not Reason.WOULD_NOT_FILL and left is not None:
        cancel(d, market, left, stop)
