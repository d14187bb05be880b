"""Settling a delisted market: every position is closed at one price.

Deficits are borne by the market's fund, the global one, the winners' profits in the order
of auto-deleveraging, and the venue. What is not here: finding the price (the 30-minute
median of the index), which the caller hands in.
"""

from engine.commands import SettleDelisting
from engine.decision import Decision, Refusal
from engine.deleverage_queue import queue
from engine.events import DelistingSettled, PositionSettled, PositionTriggersSet
from engine.reasons import Reason
from engine.settings import find_market
from engine.state import BACKSTOP, Market
from engine.units import LARGEST_VALUE_MICRO
from engine.vocabulary import MarketState


def settle_delisting(d: Decision, command: SettleDelisting, /) -> None:
    """Close all positions at the settlement price."""
    market = find_market(d, command.market_id)
    if market.state is not MarketState.DELISTED:
        raise Refusal(Reason.MARKET_CLOSED)
    price = command.price_half_ticks
    worth = price * market.unit_micro * max(1, market.long_lots)
    if price <= 0 or worth > LARGEST_VALUE_MICRO:
        raise Refusal(Reason.INVALID_PRICE, price_half_ticks=price)
    open_ids = [name for name in sorted(market.positions) if market.positions[name].size_lots]
    if not open_ids:
        return
    claims = {name: _claim(market, name, price) for name in open_ids}
    deficit = sum(-claim for name, claim in claims.items() if claim < 0 and name != BACKSTOP)
    fund = min(deficit, market.fund_micro)
    shared = min(deficit - fund, d.state.global_fund_micro)
    haircuts = _haircuts(market, claims, price, deficit - fund - shared)
    for name in open_ids:
        if name in market.pairs:
            _clear_pair(d, command.market_id, name)
    d.emit(
        DelistingSettled(
            at_ms=d.at_ms,
            market_id=command.market_id,
            price_half_ticks=price,
            settlements=tuple(
                _settlement(market, name, price, claims[name], haircuts.get(name, 0))
                for name in open_ids
            ),
            insurance_micro=fund,
            global_insurance_micro=shared,
            debt_micro=deficit - fund - shared - sum(haircuts.values()),
        )
    )


def _claim(market: Market, account_id: str, price: int, /) -> int:
    position = market.positions[account_id]
    value = position.size_lots * price * market.unit_micro
    return position.collateral_micro + value - position.cost_micro


def _haircuts(
    market: Market, claims: dict[str, int], price: int, missing: int, /
) -> dict[str, int]:
    """Spread what the funds lack over the winners, each at most its profit and its claim."""
    found: dict[str, int] = {}
    for name in queue(market, price, longs=True) + queue(market, price, longs=False):
        if missing <= 0:
            break
        position = market.positions[name]
        profit = position.size_lots * price * market.unit_micro - position.cost_micro
        cut = max(0, min(missing, profit, claims[name]))
        found[name] = cut
        missing -= cut
    return found


def _clear_pair(d: Decision, market_id: str, account_id: str, /) -> None:
    d.emit(
        PositionTriggersSet(
            at_ms=d.at_ms,
            account_id=account_id,
            market_id=market_id,
            take_profit=None,
            stop_loss=None,
            reason=Reason.POSITION_CLOSED,
        )
    )


def _settlement(
    market: Market, account_id: str, price: int, claim: int, haircut: int, /
) -> PositionSettled:
    """Close one position: the backstop bears its own deficit, nobody else has one left."""
    position = market.positions[account_id]
    is_backstop = account_id == BACKSTOP
    return PositionSettled(
        account_id=account_id,
        quantity_lots=abs(position.size_lots),
        cost_micro=position.cost_micro,
        collateral_micro=position.collateral_micro,
        realized_pnl_micro=position.size_lots * price * market.unit_micro - position.cost_micro,
        cash_micro=claim if is_backstop else max(0, claim) - haircut,
        deficit_micro=0 if is_backstop else max(0, -claim),
    )
