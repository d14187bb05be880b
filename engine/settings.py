"""An account's settings in a market: leverage, and margin in or out of its position.

What is not here: margin that trades post or release (`engine.legs`).
"""

from engine.acceptance import check_leverage
from engine.commands import MoveMargin, SetLeverage, SetPositionTriggers
from engine.decision import Decision, Refusal, effective_state
from engine.ending import carry
from engine.events import LeverageChanged, MarginMoved, PositionTriggersSet
from engine.limits import stress_fits
from engine.margin import bracket_of, initial_ceil_micro
from engine.reasons import Reason
from engine.reservation import reserves_ceil_micro
from engine.shape import MOST_LEVERAGE, check_protection
from engine.state import NO_POSITION, Market, Pair, Position, stress_weight_ppb
from engine.units import LARGEST_MICRO
from engine.vocabulary import MarketState


def find_market(d: Decision, market_id: str, /) -> Market:
    """Return a market, or refuse an unknown one."""
    market = d.state.markets.get(market_id)
    if market is None:
        raise Refusal(Reason.NOT_FOUND)
    return market


def set_leverage(d: Decision, command: SetLeverage, /) -> None:
    """Set the leverage; position and orders must pass the checks of a margin withdrawal."""
    market = find_market(d, command.market_id)
    leverage = command.leverage
    if not 1 <= leverage <= MOST_LEVERAGE:
        raise Refusal(Reason.INVALID_AMOUNT, leverage=leverage)
    account_id = command.account_id
    position = market.positions.get(account_id, NO_POSITION)
    has_orders = any((account_id, is_buy) in market.open_sides for is_buy in (True, False))
    if market.prices.mark_half_ticks is None and (position.size_lots or has_orders):
        raise Refusal(Reason.MARKET_CLOSED)
    check_leverage(market, leverage=leverage, lots=_reach_lots(market, account_id, position))
    changed = Position(leverage, position.size_lots)
    if position.size_lots:
        _check_margin(market, position, leverage=leverage, taken_micro=0)
        _check_stress(market, position, leverage)
    buys, sells = reserves_ceil_micro(market, account_id, changed)
    room = max(0, d.state.account(account_id).free_micro) + position.reserve_micro
    kept = min(buys, room)
    d.emit(
        LeverageChanged(
            at_ms=d.at_ms,
            account_id=account_id,
            market_id=command.market_id,
            leverage=leverage,
            buy_reserve_micro=kept,
            sell_reserve_micro=min(sells, room - kept),
        )
    )
    carry(d, market, account_id)


def _reach_lots(market: Market, account_id: str, position: Position, /) -> int:
    """Return the most lots that the position could have with all open orders filled."""
    reach = [abs(position.size_lots)]
    for is_buy, held in ((True, position.size_lots), (False, -position.size_lots)):
        side = market.open_sides.get((account_id, is_buy))
        reach.append(held + (0 if side is None else side.lots))
    return max(reach)


def _check_stress(market: Market, position: Position, leverage: int, /) -> None:
    """Refuse a leverage that takes the side's stress loss beyond the fund."""
    gap = market.spec.stress_gap_ppb
    by = stress_weight_ppb(gap_ppb=gap, leverage=leverage)
    by -= stress_weight_ppb(gap_ppb=gap, leverage=position.leverage)
    side = 0 if position.size_lots > 0 else 1
    added = by * abs(position.size_lots)
    if added > 0 and not stress_fits(market, side=side, added_lots_ppb=added):
        raise Refusal(Reason.STRESS_LIMIT_EXCEEDED)


def _check_margin(
    market: Market, position: Position, /, *, leverage: int, taken_micro: int
) -> None:
    """Refuse if collateral or equity would be below the initial margin at the mark."""
    if position.is_pending:
        raise Refusal(Reason.LIQUIDATION_PENDING)
    mark = market.prices.mark_half_ticks
    assert mark is not None, "without a mark the market is halted"
    value = position.size_lots * mark * market.unit_micro
    most = min(leverage, bracket_of(abs(value)).max_leverage)
    needed = initial_ceil_micro(abs(value), most)
    collateral = position.collateral_micro - taken_micro
    equity = collateral + value - position.cost_micro
    if min(collateral, equity) < needed:
        raise Refusal(
            Reason.INSUFFICIENT_COLLATERAL,
            needed_micro=needed,
            collateral_micro=collateral,
            equity_micro=equity,
        )


def move_margin(d: Decision, command: MoveMargin, /) -> None:
    """Add margin from the free balance, or take out what is above the initial margin."""
    market = find_market(d, command.market_id)
    amount = command.amount_micro
    position = market.positions.get(command.account_id, NO_POSITION)
    if command.transfer_id in d.state.seen:
        raise Refusal(Reason.DUPLICATE_ID)
    if amount == 0 or abs(amount) > LARGEST_MICRO or not position.size_lots:
        raise Refusal(Reason.INVALID_AMOUNT, amount_micro=amount)
    if amount > 0:
        free = d.state.account(command.account_id).free_micro
        if amount > free:
            raise Refusal(Reason.INSUFFICIENT_FUNDS, amount_micro=amount, free_micro=free)
    else:
        if effective_state(market) in (MarketState.HALTED, MarketState.DELISTED):
            raise Refusal(Reason.MARKET_CLOSED)
        _check_margin(market, position, leverage=position.leverage, taken_micro=-amount)
    d.emit(
        MarginMoved(
            at_ms=d.at_ms,
            transfer_id=command.transfer_id,
            account_id=command.account_id,
            market_id=command.market_id,
            amount_micro=amount,
        )
    )


def set_position_triggers(d: Decision, command: SetPositionTriggers, /) -> None:
    """Set or clear the take-profit and stop-loss of a position that there is."""
    market = find_market(d, command.market_id)
    position = market.positions.get(command.account_id, NO_POSITION)
    pair = Pair(command.take_profit, command.stop_loss)
    for protection in (command.take_profit, command.stop_loss):
        if protection is not None:
            check_protection(protection)
    if not position.size_lots:
        raise Refusal(Reason.REDUCE_ONLY_REJECTED, position_lots=0)
    if market.pairs.get(command.account_id, Pair(None, None)) == pair:
        return
    d.emit(
        PositionTriggersSet(
            at_ms=d.at_ms,
            account_id=command.account_id,
            market_id=command.market_id,
            take_profit=command.take_profit,
            stop_loss=command.stop_loss,
        )
    )
