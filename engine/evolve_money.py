"""What the events of legs, transfers, markets, funding and liquidation do to the state.

What is not here: orders and triggers (`engine.evolve_orders`).
"""

from typing import Any

import msgspec

from engine import events as ev
from engine.commands import ReferenceMove
from engine.state import (
    BACKSTOP,
    NO_POSITION,
    Account,
    Funding,
    Market,
    Position,
    Seen,
    State,
    Transfer,
    put,
    put_timer,
    replace_position,
    set_field,
    with_triggers,
)

replace = msgspec.structs.replace


def change_account(state: State, account_id: str, /, **fields: int) -> None:
    """Add to fields of an account."""
    account = state.account(account_id)
    changed = {name: getattr(account, name) + by for name, by in fields.items()}
    put(state, state.accounts, account_id, replace(account, **changed))


def replace_leg(state: State, market: Market, leg: ev.Leg, /) -> None:
    """Apply one side of a trade to position and account."""
    account_id = leg.account_id
    old = market.positions.get(account_id)
    before = old or NO_POSITION
    new = with_triggers(
        Position(
            before.leverage,
            before.size_lots + leg.lots,
            before.cost_micro + leg.cost_micro,
            before.collateral_micro + leg.collateral_micro,
            leg.buy_reserve_micro,
            leg.sell_reserve_micro,
            before.realized_pnl_micro + leg.realized_pnl_micro,
            before.funding_micro,
            None,
            None,
            before.is_warned,
            before.is_pending,
            before.deferred_until_ms,
        ),
        market.unit_micro,
    )
    if new.size_lots == 0:
        new = replace(new, is_warned=False, is_pending=False, deferred_until_ms=None)
    replace_position(state, market, account_id, old, new)
    if new.size_lots == 0:
        forget_troubles(state, market, account_id, before)
    account = state.account(account_id)
    put(
        state,
        state.accounts,
        account_id,
        Account(
            account.cash_micro + leg.cash_micro,
            account.reserved_micro + new.reserve_micro - before.reserve_micro,
            account.held_micro,
            account.unfinal_micro,
            account.deposited_micro,
            account.withdrawn_micro,
            account.switch_at_ms,
        ),
    )


def forget_troubles(state: State, market: Market, account_id: str, before: Position, /) -> None:
    """Let a position that is closed wait no longer."""
    if before.is_pending:
        put(state, market.pending, account_id, None)


def change_collateral(
    state: State, market: Market, account_id: str, by_micro: int, /, *, funding_micro: int = 0
) -> None:
    """Add to a position's collateral."""
    old = market.positions[account_id]
    new = replace(
        old,
        collateral_micro=old.collateral_micro + by_micro,
        funding_micro=old.funding_micro + funding_micro,
    )
    replace_position(state, market, account_id, old, with_triggers(new, market.unit_micro))


def change_funds(state: State, market: Market, /, *, fund_micro: int, global_micro: int) -> None:
    """Add to the market's and to the global insurance fund."""
    if fund_micro:
        set_field(state, market, "fund_micro", market.fund_micro + fund_micro)
    if global_micro:
        set_field(state, state, "global_fund_micro", state.global_fund_micro + global_micro)


def see(state: State, at_ms: int, subject_id: str, /) -> None:
    """Remember that an id was used."""
    put(state, state.seen, subject_id, Seen(at_ms, subject_id))


def deposit_credited(state: State, event: ev.DepositCredited, /) -> None:
    """Add to cash; not final yet."""
    amount = event.amount_micro
    change_account(
        state,
        event.account_id,
        cash_micro=amount,
        unfinal_micro=amount,
        deposited_micro=amount,
    )
    put(state, state.deposits, event.deposit_id, Transfer(event.account_id, amount))
    set_field(state, state, "external_micro", state.external_micro + amount)
    see(state, event.at_ms, event.deposit_id)


def deposit_finalized(state: State, event: ev.DepositFinalized, /) -> None:
    """Make the deposit withdrawable."""
    change_account(state, event.account_id, unfinal_micro=-event.amount_micro)
    put(state, state.deposits, event.deposit_id, None)


def deposit_dropped(state: State, event: ev.DepositDropped, /) -> None:
    """Take the deposit out: from cash here, the rest by `ShortfallCovered`."""
    change_account(
        state,
        event.account_id,
        cash_micro=-event.cash_micro,
        unfinal_micro=-event.amount_micro,
        deposited_micro=-event.amount_micro,
    )
    put(state, state.deposits, event.deposit_id, None)
    set_field(state, state, "external_micro", state.external_micro - event.cash_micro)


def shortfall_covered(state: State, event: ev.ShortfallCovered, /) -> None:
    """Take a dropped deposit's missing part from collateral, the global fund and the venue."""
    market = state.markets[event.market_id]
    if event.collateral_micro:
        change_collateral(state, market, event.account_id, -event.collateral_micro)
    set_field(state, market, "debt_micro", market.debt_micro + event.debt_micro)
    change_funds_globally(state, -event.global_insurance_micro)
    total = event.collateral_micro + event.global_insurance_micro + event.debt_micro
    set_field(state, state, "external_micro", state.external_micro - total)


def change_funds_globally(state: State, by_micro: int, /) -> None:
    """Add to the global insurance fund."""
    set_field(state, state, "global_fund_micro", state.global_fund_micro + by_micro)


def withdrawal_reserved(state: State, event: ev.WithdrawalReserved, /) -> None:
    """Hold cash."""
    change_account(state, event.account_id, held_micro=event.amount_micro)
    transfer = Transfer(event.account_id, event.amount_micro)
    put(state, state.withdrawals, event.withdrawal_id, transfer)
    see(state, event.at_ms, event.withdrawal_id)


def withdrawal_confirmed(state: State, event: ev.WithdrawalConfirmed, /) -> None:
    """Let held cash leave."""
    amount = event.amount_micro
    change_account(
        state, event.account_id, held_micro=-amount, cash_micro=-amount, withdrawn_micro=amount
    )
    put(state, state.withdrawals, event.withdrawal_id, None)
    set_field(state, state, "external_micro", state.external_micro - amount)


def withdrawal_returned(state: State, event: ev.WithdrawalReturned, /) -> None:
    """Hold the cash no longer."""
    change_account(state, event.account_id, held_micro=-event.amount_micro)
    put(state, state.withdrawals, event.withdrawal_id, None)


def reference_moved(state: State, event: ev.ReferenceMoved, /) -> None:
    """Follow the prices; orders that admit more points than before become restless."""
    move = event.move
    market = state.markets[move.market_id]
    old = market.prices
    set_field(state, market, "prices", move)
    if (old.bid_ticks, old.ask_ticks) != (move.bid_ticks, move.ask_ticks):
        move_book(state, market, old, move)


def move_book(state: State, market: Market, old: ReferenceMove, new: ReferenceMove, /) -> None:
    """Let the book stand by new prices, and by the old again if it is taken back."""
    if state.journal is not None:
        state.journal.append((_move_book_back, market, None, new, old))
    gained = market.book.move_reference(bid_ticks=new.bid_ticks, ask_ticks=new.ask_ticks)
    if old.bid_ticks is None:
        gained = market.book.admitting()
    for sequence in sorted(gained):
        put(state, market.restless, sequence, True)


def _move_book_back(
    _: State, market: Market, __: None, ___: ReferenceMove, old: ReferenceMove, /
) -> None:
    market.book.move_reference(bid_ticks=old.bid_ticks, ask_ticks=old.ask_ticks)


def market_listed(state: State, event: ev.MarketListed, /) -> None:
    """Open a market's books."""
    market = Market(spec=event.spec, state=event.state, fund_micro=event.insurance_micro)
    put(state, state.markets, event.spec.market_id, market)
    set_field(state, state, "external_micro", state.external_micro + event.insurance_micro)


def market_state_changed(state: State, event: ev.MarketStateChanged, /) -> None:
    """Set the state that staff gave."""
    market = state.markets[event.market_id]
    set_field(state, market, "state", event.state)
    set_field(state, market, "hours_closed", event.hours_closed)
    set_field(state, market, "grace_until_ms", event.grace_until_ms)


def market_limits_changed(state: State, event: ev.MarketLimitsChanged, /) -> None:
    """Exchange the market's constants and the sums that depend on them."""
    market = state.markets[event.spec.market_id]
    set_field(state, market, "spec", event.spec)
    set_field(state, market, "stress_lots_ppb", stress_sums(market))


def stress_sums(market: Market, /) -> list[int]:
    """Sum lots x stress weight of all positions, longs and shorts."""
    sums = [0, 0]
    gap = market.spec.stress_gap_ppb
    for position in market.positions.values():
        weight = max(0, gap - 1_000_000_000 // position.leverage)
        sums[0 if position.size_lots > 0 else 1] += abs(position.size_lots) * weight
    return sums


def breaker_tripped(state: State, event: ev.BreakerTripped, /) -> None:
    """Let the market only reduce until the moment."""
    market = state.markets[event.market_id]
    set_field(state, market, "breaker_until_ms", event.until_ms)
    put_timer(state, event.until_ms, "@breaker " + event.market_id)


def breaker_released(state: State, event: ev.BreakerReleased, /) -> None:
    """Let the market go on."""
    set_field(state, state.markets[event.market_id], "breaker_until_ms", None)


def open_interest_published(state: State, event: ev.OpenInterestPublished, /) -> None:
    """Set the published figure."""
    market = state.markets[event.market_id]
    set_field(state, market, "published_lots", event.open_interest_lots)


def insurance_contributed(state: State, event: ev.InsuranceContributed, /) -> None:
    """Repay the market's debt and fill the fund with the rest."""
    rest = event.amount_micro - event.debt_repaid_micro
    if event.market_id is None:
        change_funds_globally(state, rest)
    else:
        market = state.markets[event.market_id]
        change_funds(state, market, fund_micro=rest, global_micro=0)
        set_field(state, market, "debt_micro", market.debt_micro - event.debt_repaid_micro)
    set_field(state, state, "external_micro", state.external_micro + event.amount_micro)
    see(state, event.at_ms, event.contribution_id)


def backstop_funded(state: State, event: ev.BackstopFunded, /) -> None:
    """Move cash between the global fund and the backstop."""
    change_account(state, BACKSTOP, cash_micro=event.amount_micro)
    change_funds_globally(state, -event.amount_micro)
    if event.transfer_id is not None:
        see(state, event.at_ms, event.transfer_id)


def debt_repaid(state: State, event: ev.VenueDebtRepaid, /) -> None:
    """Repay a market's debt from fees."""
    market = state.markets[event.market_id]
    set_field(state, market, "debt_micro", market.debt_micro - event.amount_micro)
    set_field(state, state, "fees_micro", state.fees_micro - event.amount_micro)


def debt_booked(state: State, event: ev.VenueDebtBooked, /) -> None:
    """Add to a market's debt what the venue puts into a position's collateral."""
    market = state.markets[event.market_id]
    change_collateral(state, market, event.account_id, event.amount_micro)
    set_field(state, market, "debt_micro", market.debt_micro + event.amount_micro)


def funding_sampled(state: State, event: ev.FundingSampled, /) -> None:
    """Add to the running hour's sums."""
    for sample in event.samples:
        market = state.markets[sample.market_id]
        old = market.funding
        if sample.premium_ppb is None:
            new = replace(old, missing=old.missing + sample.seconds)
        else:
            total = old.premium_sum_ppb + sample.premium_ppb * sample.seconds
            new = replace(old, premium_sum_ppb=total, samples=old.samples + sample.seconds)
        set_field(state, market, "funding", new)


def funding_rate_set(state: State, event: ev.FundingRateSet, /) -> None:
    """Start the next hour's sums."""
    market = state.markets[event.market_id]
    set_field(state, market, "funding", Funding(paid_hour=event.hour))


def funding_paid(state: State, event: ev.FundingPaid, /) -> None:
    """Move between a position's collateral and the hour's pot."""
    market = state.markets[event.market_id]
    amount = event.amount_micro
    if event.to_cash:
        change_account(state, event.account_id, cash_micro=amount)
    else:
        change_collateral(state, market, event.account_id, amount, funding_micro=amount)
    set_field(state, market, "funding_pot_micro", market.funding_pot_micro - amount)


def funding_settled(state: State, event: ev.FundingSettled, /) -> None:
    """Empty the hour's pot into the market's fund."""
    market = state.markets[event.market_id]
    set_field(state, market, "funding_pot_micro", market.funding_pot_micro - event.residue_micro)
    change_funds(state, market, fund_micro=event.residue_micro, global_micro=0)


def _mark_position(state: State, market_id: str, account_id: str, /, **fields: object) -> None:
    market = state.markets[market_id]
    old = market.positions[account_id]
    replace_position(state, market, account_id, old, replace(old, **fields))


def warned(state: State, event: ev.LiquidationWarned, /) -> None:
    """Warn once per crossing."""
    _mark_position(state, event.market_id, event.account_id, is_warned=True)


def warning_lifted(state: State, event: ev.WarningLifted, /) -> None:
    """Let the next crossing warn again."""
    _mark_position(
        state, event.market_id, event.account_id, is_warned=False, deferred_until_ms=None
    )


def deferred(state: State, event: ev.LiquidationDeferred, /) -> None:
    """Let a liquidation wait once."""
    _mark_position(state, event.market_id, event.account_id, deferred_until_ms=event.until_ms)


def pended(state: State, event: ev.LiquidationPended, /) -> None:
    """Keep a position among those tried again at every mark, or no longer."""
    _mark_position(state, event.market_id, event.account_id, is_pending=event.pending)
    market = state.markets[event.market_id]
    put(state, market.pending, event.account_id, event.pending or None)


def insurance_paid(state: State, event: ev.InsurancePaid, /) -> None:
    """Move fund money into a position's collateral."""
    market = state.markets[event.market_id]
    fund, shared = event.insurance_micro, event.global_insurance_micro
    change_collateral(state, market, event.account_id, fund + shared)
    change_funds(state, market, fund_micro=-fund, global_micro=-shared)


def delisting_settled(state: State, event: ev.DelistingSettled, /) -> None:
    """Close every position into cash; funds and venue bear what losers could not."""
    market = state.markets[event.market_id]
    for settled in event.settlements:
        settle_position(state, market, settled)
    change_funds(
        state,
        market,
        fund_micro=-event.insurance_micro,
        global_micro=-event.global_insurance_micro,
    )
    set_field(state, market, "debt_micro", market.debt_micro + event.debt_micro)


def settle_position(state: State, market: Market, settled: ev.PositionSettled, /) -> None:
    """Close one position into cash."""
    account_id = settled.account_id
    old = market.positions[account_id]
    new = Position(
        leverage=old.leverage,
        buy_reserve_micro=old.buy_reserve_micro,
        sell_reserve_micro=old.sell_reserve_micro,
        realized_pnl_micro=old.realized_pnl_micro + settled.realized_pnl_micro,
        funding_micro=old.funding_micro,
    )
    replace_position(state, market, account_id, old, new)
    forget_troubles(state, market, account_id, old)
    change_account(state, account_id, cash_micro=settled.cash_micro)


def forgotten(state: State, event: ev.IdentifiersForgotten, /) -> None:
    """Forget the oldest ids, as they stand in order of use; what is open is in use now."""
    _forget(state, state.seen, event)
    _forget(state, state.client_ids, event)


def _forget(state: State, table: dict[Any, Seen], event: ev.IdentifiersForgotten, /) -> None:
    """Let go of a table's old ids; those of what is open stay, as used now if it renews."""
    old: list[tuple[object, Seen]] = []
    for key, seen in table.items():
        if seen.at_ms >= event.before_ms:
            break
        old.append((key, seen))
    for key, seen in old:
        is_open = _is_open(state, seen.subject_id, transfers=event.renews)
        if event.renews or not is_open:
            put(state, table, key, None)
        if event.renews and is_open:
            put(state, table, key, Seen(event.at_ms, seen.subject_id, seen.body))


def _is_open(state: State, subject_id: str, /, *, transfers: bool) -> bool:
    """Tell whether an order, a trigger or a transfer of this id has not ended."""
    if subject_id in state.order_places or subject_id in state.trigger_places:
        return True
    return transfers and (subject_id in state.deposits or subject_id in state.withdrawals)


MONEY_TABLE = {
    ev.DepositCredited: deposit_credited,
    ev.DepositFinalized: deposit_finalized,
    ev.DepositDropped: deposit_dropped,
    ev.ShortfallCovered: shortfall_covered,
    ev.WithdrawalReserved: withdrawal_reserved,
    ev.WithdrawalConfirmed: withdrawal_confirmed,
    ev.WithdrawalReturned: withdrawal_returned,
    ev.ReferenceMoved: reference_moved,
    ev.MarketListed: market_listed,
    ev.MarketStateChanged: market_state_changed,
    ev.MarketLimitsChanged: market_limits_changed,
    ev.BreakerTripped: breaker_tripped,
    ev.BreakerReleased: breaker_released,
    ev.OpenInterestPublished: open_interest_published,
    ev.InsuranceContributed: insurance_contributed,
    ev.BackstopFunded: backstop_funded,
    ev.VenueDebtRepaid: debt_repaid,
    ev.VenueDebtBooked: debt_booked,
    ev.FundingSampled: funding_sampled,
    ev.FundingRateSet: funding_rate_set,
    ev.FundingPaid: funding_paid,
    ev.FundingSettled: funding_settled,
    ev.LiquidationWarned: warned,
    ev.WarningLifted: warning_lifted,
    ev.LiquidationDeferred: deferred,
    ev.LiquidationStarted: lambda _state, _event: None,
    ev.LiquidationPended: pended,
    ev.InsurancePaid: insurance_paid,
    ev.DelistingSettled: delisting_settled,
    ev.IdentifiersForgotten: forgotten,
}
