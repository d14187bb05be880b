"""Auto-deleveraging: winners close against a bankrupt position at exactly its bankruptcy.

A winner's lots are taken only where the haircut does not exceed their profit. What is not here:
in which order (`engine.deleverage_queue`), who is bankrupt.
"""

from engine.decision import Decision
from engine.ending import carry
from engine.events import Filled
from engine.matching import settle_leg
from engine.state import Market, Position
from engine.takeover import closing_leg, releasing_leg, share_trunc_micro
from engine.vocabulary import TradeKind


def deleverage(d: Decision, market: Market, account_id: str, /) -> None:
    """Close a bankrupt position against the winners, as far as their profits reach."""
    is_long = market.positions[account_id].size_lots > 0
    mark = market.prices.mark_half_ticks or 0
    for winner_id in d.deleverage_queue(market, mark, longs=not is_long):
        bankrupt = market.positions[account_id]
        if not bankrupt.size_lots:
            return
        winner = market.positions[winner_id]
        lots = min(abs(bankrupt.size_lots), abs(winner.size_lots))
        value = consideration_micro(bankrupt, lots)
        cost = share_trunc_micro(abs(winner.cost_micro), lots, abs(winner.size_lots))
        if value > 0 and (cost >= value if is_long else value >= cost):
            _close(d, market, (account_id, winner_id), lots=lots, value_micro=value)


def consideration_micro(position: Position, lots: int, /) -> int:
    """Return what lots must change hands for so that their share of collateral is used up."""
    whole = abs(position.size_lots)
    cost = share_trunc_micro(position.cost_micro, lots, whole)
    collateral = share_trunc_micro(position.collateral_micro, lots, whole)
    return cost - collateral if position.size_lots > 0 else collateral - cost


def _close(
    d: Decision, market: Market, accounts: tuple[str, str], /, *, lots: int, value_micro: int
) -> None:
    bankrupt_id, winner_id = accounts
    bankrupt = market.positions[bankrupt_id]
    lot_unit = lots * market.unit_micro
    price = -(-value_micro // lot_unit) if bankrupt.size_lots > 0 else value_micro // lot_unit
    closing = closing_leg(bankrupt_id, bankrupt, lots=lots, value_micro=value_micro)
    winning = releasing_leg(
        winner_id, market.positions[winner_id], lots=lots, value_micro=value_micro
    )
    d.emit(
        Filled(
            at_ms=d.at_ms,
            market_id=market.spec.market_id,
            trade_number=d.state.next_trade,
            kind=TradeKind.DELEVERAGE,
            price_half_ticks=price,
            quantity_lots=lots,
            notional_micro=value_micro,
            taker=closing,
            maker=winning,
            fees_micro=0,
        )
    )
    settle_leg(d, market, closing, None)
    settle_leg(d, market, winning, None)
    carry(d, market, winner_id)
