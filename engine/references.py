"""References: new prices of many markets, and all that they set in motion.

Per market: the prices become true, the book uncrosses, triggers fire, liquidations run.
What is not here: where prices come from.
"""

from engine.aftermath import liquidate_all
from engine.commands import MoveReferences, ReferenceMove
from engine.decision import Decision, Refusal, effective_state, stands_still
from engine.events import (
    CommandRejected,
    MarketStateChanged,
    ReferenceMoved,
)
from engine.listing import GRACE_MS, follow_state
from engine.reasons import Reason
from engine.shape import LARGEST, highest_half_ticks
from engine.state import Market
from engine.triggers import fire_triggers
from engine.uncrossing import uncross
from engine.units import LARGEST_VALUE_MICRO


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
    market = d.state.markets[move.market_id]
    highest = highest_half_ticks(move)
    if highest * market.unit_micro * max(1, market.long_lots) > LARGEST_VALUE_MICRO:
        raise Refusal(Reason.INVALID_PRICE, price_half_ticks=highest)


def _move(d: Decision, move: ReferenceMove, /) -> None:
    market = d.state.markets[move.market_id]
    if stands_still(market):
        return
    before = effective_state(market)
    resumes = market.prices.index_half_ticks is None and market.long_lots > 0
    d.emit(ReferenceMoved(at_ms=d.at_ms, move=move))
    if resumes and move.index_half_ticks is not None:
        give_grace(d, market)
    follow_state(d, market, before)
    uncross(d, market)
    fire_triggers(d, market)
    liquidate_all(d, market)


def give_grace(d: Decision, market: Market, /) -> None:
    """Give time for adding margin before liquidations go on after a missing index."""
    d.emit(
        MarketStateChanged(
            at_ms=d.at_ms,
            market_id=market.spec.market_id,
            state=market.state,
            hours_closed=market.hours_closed,
            grace_until_ms=d.at_ms + GRACE_MS,
        )
    )
