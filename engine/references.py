"""References: new prices of many markets, and all that they set in motion.

Per market: the prices become true, the book uncrosses, triggers fire, liquidations run.
What is not here: where prices come from.
"""

from engine.commands import MoveReferences, ReferenceMove
from engine.decision import Decision, Refusal, effective_state
from engine.events import CommandRejected, ReferenceMoved
from engine.listing import follow_state
from engine.reasons import Reason
from engine.shape import LARGEST
from engine.triggers import fire_triggers
from engine.uncrossing import uncross


def move_references(d: Decision, command: MoveReferences, /) -> None:
    """Take over prices market by market; impossible ones are refused each for itself."""
    for move in command.moves:
        try:
            _check(d, move)
        except Refusal as refused:
            d.emit(
                CommandRejected(
                    at_ms=d.at_ms,
                    command="MoveReferences",
                    reason=refused.reason,
                    market_id=move.market_id,
                    numbers=refused.numbers,
                )
            )
        else:
            _move(d, move)


def _check(d: Decision, move: ReferenceMove, /) -> None:
    if move.market_id not in d.state.markets:
        raise Refusal(Reason.NOT_FOUND)
    bid, ask = move.bid_ticks, move.ask_ticks
    if (bid is None) is not (ask is None):
        raise Refusal(Reason.INVALID_PRICE)
    if bid is not None and ask is not None and not 0 < bid < ask <= LARGEST:
        raise Refusal(Reason.INVALID_PRICE, bid_ticks=bid, ask_ticks=ask)
    for price in (move.index_half_ticks, move.mark_half_ticks):
        if price is not None and not 0 < price <= 2 * LARGEST:
            raise Refusal(Reason.INVALID_PRICE, price_half_ticks=price)
    if (move.index_half_ticks is None) is not (move.mark_half_ticks is None):
        raise Refusal(Reason.INVALID_PRICE)


def _move(d: Decision, move: ReferenceMove, /) -> None:
    market = d.state.markets[move.market_id]
    before = effective_state(market)
    d.emit(ReferenceMoved(at_ms=d.at_ms, move=move))
    follow_state(d, market, before)
    uncross(d, market)
    fire_triggers(d, market)
