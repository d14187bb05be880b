"""Laws of money: conservation, roundings, fees, and who may be made to pay.

Each function takes one step and asserts. What is not here: margin (`tests.engine.laws.risk`).
"""

from engine import events as ev
from engine.commands import MoveMargin
from engine.state import BACKSTOP
from engine.units import PPB
from engine.vocabulary import TradeKind
from tests.engine.laws.facts import Facts, Happening, Step


def brought_in(event: ev.Event) -> int:
    """Return what an event brings from outside, less what it lets out."""
    match event:
        case ev.DepositCredited() | ev.InsuranceContributed():
            return event.amount_micro
        case ev.MarketListed():
            return event.insurance_micro
        case ev.WithdrawalConfirmed():
            return -event.amount_micro
        case ev.DepositDropped():
            return -event.cash_micro
        case ev.ShortfallCovered():
            missing = event.collateral_micro + event.global_insurance_micro
            return -missing - event.debt_micro
    return 0


def money_is_conserved(step: Step) -> None:
    """I1: the total changes by what comes in or goes out, and by nothing else."""
    for happening in step.happenings:
        by = happening.after.total() - happening.before.total()
        assert by == brought_in(happening.event), happening.event
    dropped = [e for e in step.events if isinstance(e, ev.DepositDropped)]
    if dropped:
        gone = sum(brought_in(e) for e in step.events)
        assert gone == -sum(e.amount_micro for e in dropped), "a dropped deposit is gone whole"


def no_balance_is_negative(step: Step) -> None:
    """I1: cash, free balance, funds and debts never fall below zero (the backstop may)."""
    for happening in step.happenings:
        facts = happening.after
        assert facts.global_fund >= 0, happening.event
        for account_id, account in facts.accounts.items():
            if account_id != BACKSTOP:
                assert account.cash_micro >= 0, (account_id, happening.event)
        for market in facts.markets.values():
            assert market.debt >= 0, happening.event
            assert market.fund >= 0, happening.event
    for account_id, account in step.after.accounts.items():
        if account_id != BACKSTOP:
            assert account.free_micro >= 0, (account_id, step.events)
            reserved = sum(
                m.position(account_id).reserve_micro for m in step.after.markets.values()
            )
            assert account.reserved_micro == reserved, account_id


def roundings_favor_the_venue(step: Step) -> None:
    """I3: fees and payments are at least, rebates, credits and releases at most, the exact."""
    for happening in step.happenings:
        event = happening.event
        if isinstance(event, ev.FundingPaid):
            _funding_is_rounded_down(step, happening, event)
        if isinstance(event, ev.Filled):
            for leg in (event.taker, event.maker):
                _release_is_rounded_down(happening.before, event, leg)
            if event.kind is TradeKind.TRADE:
                _rebate_is_rounded_down(happening.before, event)


def _funding_is_rounded_down(step: Step, happening: Happening, event: ev.FundingPaid) -> None:
    rate = next(e for e in step.events if isinstance(e, ev.FundingRateSet))
    market = step.before.markets[event.market_id]
    size = market.position(event.account_id).size_lots
    exact = -size * (rate.index_half_ticks or 0) * market.unit * (rate.rate_ppb or 0)
    assert event.amount_micro * PPB <= exact < (event.amount_micro + 1) * PPB, event


def _release_is_rounded_down(before: Facts, event: ev.Filled, leg: ev.Leg) -> None:
    """Assert that a decrease into cash releases at most the exact share of collateral."""
    held = before.markets[event.market_id].position(leg.account_id)
    if held.size_lots * leg.lots >= 0 or leg.account_id == BACKSTOP or leg.collateral_micro >= 0:
        return
    whole, closed = abs(held.size_lots), min(abs(leg.lots), abs(held.size_lots))
    if closed < whole and leg.cash_micro > 0:
        assert -leg.collateral_micro * whole <= held.collateral_micro * closed, event


def _rebate_is_rounded_down(before: Facts, event: ev.Filled) -> None:
    market = before.markets[event.market_id]
    order = market.orders[event.maker.sequence]
    exact = (order.maker_notional_micro + event.notional_micro) * market.spec.maker_rebate_ppb
    so_far = order.maker_notional_micro * market.spec.maker_rebate_ppb // PPB
    assert (-event.maker.fee_micro + so_far) * PPB <= exact, event


def fees_are_bounded(step: Step) -> None:
    """I8: a rebate is at most its trade's fee, a fee at most what is there to pay it."""
    for happening in step.happenings:
        event = happening.event
        if not isinstance(event, ev.Filled):
            continue
        if event.kind is TradeKind.TRADE:
            assert event.taker.fee_micro >= 0, event
            assert event.fees_micro == event.taker.fee_micro + event.maker.fee_micro, event
            assert event.fees_micro >= 0, event
        _fee_is_within_what_is_released(happening.before, event)
        for leg in (event.taker, event.maker):
            if leg.fee_micro > 0 and leg.account_id != BACKSTOP:
                after = happening.after
                assert after.account(leg.account_id).cash_micro >= 0, event
                held = after.markets[event.market_id].position(leg.account_id)
                was = happening.before.markets[event.market_id].position(leg.account_id)
                if was.size_lots * leg.lots < 0 and held.size_lots == 0:
                    assert held.collateral_micro == 0, event


def _fee_is_within_what_is_released(before: Facts, event: ev.Filled) -> None:
    """Assert that a voluntary decrease pays its fee from what it releases."""
    leg = event.taker
    held = before.markets[event.market_id].position(leg.account_id)
    if event.kind is not TradeKind.TRADE or leg.account_id == BACKSTOP:
        return
    if held.size_lots * leg.lots < 0 and abs(leg.lots) <= abs(held.size_lots):
        released = held.collateral_micro * abs(leg.lots) // abs(held.size_lots)
        assert leg.fee_micro <= max(0, released + leg.realized_pnl_micro), event


def only_the_concerned_pay(step: Step) -> None:
    """I7: who has no position pays for nobody: only own commands and own trades cost cash."""
    own = getattr(step.command, "account_id", None)
    for happening in step.happenings:
        before, after = happening.before, happening.after
        for account_id, account in before.accounts.items():
            if account_id in (own, BACKSTOP) or after.accounts[account_id] is account:
                continue
            lost = account.cash_micro - after.accounts[account_id].cash_micro
            if lost > 0:
                assert _is_party(account_id, happening.event), (account_id, happening.event)
        _strangers_are_untouched(happening)


def _is_party(account_id: str, event: ev.Event) -> bool:
    if isinstance(event, ev.Filled):
        return account_id in (event.taker.account_id, event.maker.account_id)
    return getattr(event, "account_id", None) == account_id


def _strangers_are_untouched(happening: Happening) -> None:
    """Who is in a trade without an order of its own had a position to lose or to win with."""
    event = happening.event
    if isinstance(event, ev.Filled):
        for leg in (event.taker, event.maker):
            if leg.order_id is None and leg.account_id != BACKSTOP:
                held = happening.before.markets[event.market_id].position(leg.account_id)
                assert held.size_lots * leg.lots < 0, event
    if isinstance(event, ev.DelistingSettled):
        for settled in event.settlements:
            held = happening.before.markets[event.market_id].position(settled.account_id)
            assert held.size_lots != 0, settled
            assert settled.cash_micro >= 0 or settled.account_id == BACKSTOP, settled


def funding_sums_to_zero(step: Step) -> None:
    """I37: all payments of a market's hour and the residue sum to zero, the pot is empty."""
    settled = [e for e in step.events if isinstance(e, ev.FundingSettled)]
    paid = [e for e in step.events if isinstance(e, ev.FundingPaid)]
    assert len(settled) == (1 if paid else len(settled)), "an hour is settled once"
    for event in settled:
        total = sum(e.amount_micro for e in paid if e.market_id == event.market_id)
        assert total + event.residue_micro == 0, event
        assert event.residue_micro >= 0, event
    assert all(market.pot == 0 for market in step.after.markets.values()), step.events
    signs = [e.amount_micro > 0 for e in paid]
    assert signs == sorted(signs), "all debits come before the credits"


def margin_only_moves(step: Step) -> None:
    """I1: margin in or out moves between cash and collateral of one account."""
    if isinstance(step.command, MoveMargin):
        for happening in step.happenings:
            if isinstance(happening.event, ev.MarginMoved):
                account_id = step.command.account_id
                by = happening.after.account(account_id).cash_micro
                by -= happening.before.account(account_id).cash_micro
                assert by == -step.command.amount_micro, happening.event


def only_final_money_is_withdrawn(step: Step) -> None:
    """I1: what is held for a withdrawal is free and rests on no deposit that may vanish."""
    for happening in step.happenings:
        event = happening.event
        if isinstance(event, ev.WithdrawalReserved):
            account = happening.before.account(event.account_id)
            assert event.amount_micro <= account.free_micro - account.unfinal_micro, event
