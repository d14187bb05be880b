"""Laws of margin and liquidation, judged by the formulas of the rules, not the engine's.

Each function takes one step and asserts. What is not here: money (`tests.engine.laws.money`).
"""

from fractions import Fraction

from engine import events as ev
from engine.events import Filled, Leg
from engine.state import BACKSTOP
from engine.vocabulary import TradeKind
from tests.engine.laws.facts import Happening, MarketFacts, Step
from tests.engine.reference import margin

FORCED = (TradeKind.LIQUIDATION, TradeKind.BACKSTOP, TradeKind.DELEVERAGE)
ROUNDING = 4
"""Micro-USDT by which truncated shares may shift a ratio."""


def trades(step: Step, *kinds: TradeKind) -> list[tuple[Happening, Filled]]:
    """Return the step's trades of some kinds."""
    return [
        (happening, happening.event)
        for happening in step.happenings
        if isinstance(happening.event, Filled) and happening.event.kind in kinds
    ]


def voluntary(event: Filled) -> tuple[Leg, ...]:
    """Return the legs that an order of somebody's stands behind."""
    legs = (event.taker, event.maker) if event.kind is TradeKind.TRADE else (event.maker,)
    return tuple(leg for leg in legs if leg.account_id != BACKSTOP)


def positions_sum_to_zero(step: Step) -> None:
    """I30: sizes of a market sum to zero, so long and short open interest are equal."""
    for happening in step.happenings:
        for market in happening.after.markets.values():
            sizes = [held.size_lots for held in market.positions.values()]
            longs = sum(size for size in sizes if size > 0)
            shorts = -sum(size for size in sizes if size < 0)
            assert longs == shorts == market.long_lots, happening.event


def raising_fills_are_margined(step: Step) -> None:
    """I31: after a fill that opens lots, equity at the mark is at least initial margin."""
    for happening, event in trades(step, TradeKind.TRADE, TradeKind.LIQUIDATION):
        market = happening.after.markets[event.market_id]
        for leg in voluntary(event):
            was = happening.before.markets[event.market_id].position(leg.account_id)
            if not raises(was.size_lots, leg.lots) or market.mark is None:
                continue
            held = market.position(leg.account_id)
            notional = abs(held.size_lots) * market.mark * market.unit
            needed = margin.initial(notional, held.leverage)
            assert market.equity(leg.account_id) >= needed, (leg, event)
            most = min(margin.bracket(notional)[0], market.spec.max_leverage)
            assert held.leverage <= most, (leg, event)
            assert abs(held.size_lots) <= market.spec.position_limit_lots, (leg, event)
        _market_limits_hold(happening, event)


def raises(size: int, lots: int) -> bool:
    """Tell whether lots open anything on a position."""
    return size * lots >= 0 or abs(lots) > abs(size)


def _market_limits_hold(happening: Happening, event: Filled) -> None:
    before = happening.before.markets[event.market_id]
    after = happening.after.markets[event.market_id]
    if after.long_lots > before.long_lots:
        assert after.long_lots <= after.spec.open_interest_limit_lots, event
    for sign in (1, -1):
        risk = stress(after, sign)
        if risk > stress(before, sign):
            assert risk <= after.fund * margin_ppb(), (sign, event)


def margin_ppb() -> int:
    """Return the scale of `stress`."""
    return 10**9


def stress(market: MarketFacts, sign: int) -> int:
    """Sum notional x max(0, gap - 1/leverage) over one side, at the mark, in 1e-9 micro."""
    total = 0
    for held in market.positions.values():
        if held.size_lots * sign > 0:
            weight = max(0, market.spec.stress_gap_ppb - 10**9 // held.leverage)
            total += abs(held.size_lots) * (market.mark or 0) * market.unit * weight
    return total


def liquidation_prices_are_exact(step: Step) -> None:
    """I33: the stored price is the last half tick short of equity, found by search."""
    for name, market in step.after.markets.items():
        was = step.before.markets.get(name)
        for account_id, held in market.positions.items():
            if was is not None and was.positions.get(account_id) is held:
                continue
            facts = (held.size_lots, held.cost_micro, held.collateral_micro)
            expected = margin.liquidation_price(*facts, market.unit)
            assert held.liquidation_half_ticks == expected, (account_id, held)


def only_the_liquidatable_are_liquidated(step: Step) -> None:
    """I34: a liquidation starts below maintenance, and goes on only for who is waiting."""
    started: set[tuple[str, str]] = set()
    for happening in step.happenings:
        event = happening.event
        if isinstance(event, ev.LiquidationStarted):
            market = happening.before.markets[event.market_id]
            assert market.is_liquidatable(event.account_id), event
            started.add((event.market_id, event.account_id))
        if isinstance(event, Filled) and event.kind in FORCED:
            held = happening.before.markets[event.market_id].position(event.taker.account_id)
            known = (event.market_id, event.taker.account_id) in started or held.is_pending
            assert known, event
            assert held.size_lots * event.taker.lots < 0, event


def liquidations_close_the_fewest_lots(step: Step) -> None:
    """I34: while equity is not negative no fill closes more lots than are needed for health."""
    rates: dict[tuple[str, str], Fraction] = {}
    for happening, event in trades(step, TradeKind.LIQUIDATION, TradeKind.BACKSTOP):
        account_id = event.taker.account_id
        market = happening.before.markets[event.market_id]
        if market.equity(account_id) < 0:
            continue
        size = abs(market.position(account_id).size_lots)
        notional = size * (market.mark or 0) * market.unit
        share = Fraction(market.maintenance(account_id), 2 * notional)
        rate = rates.setdefault((event.market_id, account_id), min(Fraction(5, 1000), share))
        assert event.quantity_lots <= fewest_lots(market, account_id, rate), event


def fewest_lots(market: MarketFacts, account_id: str, rate: Fraction) -> int:
    """Count up to the first number of lots after which what remains is healthy, else all."""
    whole = abs(market.position(account_id).size_lots)
    lot = (market.mark or 0) * market.unit
    there = market.equity(account_id)
    for closed in range(whole):
        fee = closed * lot * rate
        if there - fee >= Fraction(3, 2) * margin.maintenance((whole - closed) * lot):
            return closed + 1 if closed and fee.denominator > 1 else max(1, closed)
    return whole


def liquidations_never_worsen(step: Step) -> None:
    """I34: what is left of a liquidated position has a margin ratio no worse than before."""
    for happening, event in trades(step, *FORCED):
        account_id = event.taker.account_id
        before = happening.before.markets[event.market_id]
        after = happening.after.markets[event.market_id]
        if not after.position(account_id).size_lots:
            continue
        old, new = before.equity(account_id), after.equity(account_id)
        was, now = before.maintenance(account_id), after.maintenance(account_id)
        if old >= 0:
            assert (new + ROUNDING) * was >= old * (now - ROUNDING), event


def trades_make_nobody_liquidatable(step: Step) -> None:
    """I34, I36: no trade makes a position liquidatable at the mark at which it happens."""
    for happening, event in trades(step, *TradeKind):
        before = happening.before.markets[event.market_id]
        after = happening.after.markets[event.market_id]
        for account_id in (event.taker.account_id, event.maker.account_id):
            if after.is_liquidatable(account_id) and after.mark is not None:
                assert before.is_liquidatable(account_id), (account_id, event)


def liquidation_fees_stop_at_bankruptcy(step: Step) -> None:
    """I35: a fee takes at most what the closed lots have left, and leaves no hole behind."""
    for happening, event in trades(step, TradeKind.LIQUIDATION, TradeKind.BACKSTOP):
        leg = event.taker
        assert leg.fee_micro >= 0, event
        if not leg.fee_micro:
            continue
        held = happening.before.markets[event.market_id].position(leg.account_id)
        whole, closed = abs(held.size_lots), abs(leg.lots)
        share = held.collateral_micro * closed // whole
        assert share + leg.realized_pnl_micro >= leg.fee_micro, event
        cap = event.notional_micro * 5 // 1_000
        assert leg.fee_micro <= cap, event


def voluntary_reductions_leave_enough(step: Step) -> None:
    """I36: after a voluntary decrease equity is not negative, nor short unless improved."""
    for happening, event in trades(step, TradeKind.TRADE, TradeKind.LIQUIDATION):
        before = happening.before.markets[event.market_id]
        after = happening.after.markets[event.market_id]
        for leg in voluntary(event):
            was, held = before.position(leg.account_id), after.position(leg.account_id)
            if was.size_lots * leg.lots >= 0 or after.mark is None:
                continue
            if held.size_lots == 0:
                assert held.collateral_micro == 0, (leg, event)
                continue
            now, needed = after.equity(leg.account_id), after.maintenance(leg.account_id)
            assert now >= 0, (leg, event)
            if now < needed and held.size_lots * was.size_lots > 0:
                old, need = before.equity(leg.account_id), before.maintenance(leg.account_id)
                assert now * need > old * needed, (leg, event)


def only_the_liquidatable_wait(step: Step) -> None:
    """I34: who is told to wait for a liquidation is below maintenance."""
    for happening in step.happenings:
        if isinstance(happening.event, ev.LiquidationPended) and happening.event.pending:
            event = happening.event
            assert happening.before.markets[event.market_id].is_liquidatable(event.account_id), (
                event
            )
