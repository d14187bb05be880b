"""Markets as staff run them: listing, states, limits, the breaker, the funds.

What is not here: prices (`engine.references`) and settlement of a delisting
(`engine.delisting`).
"""

from engine.cancellation import cancel_raising, cancel_trigger
from engine.commands import (
    ContributeInsurance,
    FundBackstop,
    ListMarket,
    MarketSpec,
    PublishOpenInterest,
    SetMarketLimits,
    SetMarketState,
    TripBreaker,
)
from engine.decision import Decision, Refusal, effective_state
from engine.ending import cancel, still_open
from engine.events import (
    BackstopFunded,
    BreakerReleased,
    BreakerTripped,
    InsuranceContributed,
    MarketLimitsChanged,
    MarketListed,
    MarketStateChanged,
    OpenInterestPublished,
)
from engine.reasons import Reason
from engine.settings import find_market
from engine.shape import LARGEST, MOST_LEVERAGE
from engine.state import BACKSTOP, Market
from engine.transfers import check_amount, check_room, check_unused
from engine.uncrossing import uncross
from engine.units import MINUTE_MS, PPB
from engine.vocabulary import MarketState

GRACE_MS = MINUTE_MS
"""After a halt users may add margin this long before liquidations go on."""


def check_spec(spec: MarketSpec, /) -> None:
    """Refuse constants with which the arithmetic would not hold."""
    rates = (spec.maker_rebate_ppb, spec.taker_fee_ppb, spec.stress_gap_ppb, spec.collar_ppb)
    limits = (spec.position_limit_lots, spec.open_interest_limit_lots)
    if not 0 < spec.tick_lot_micro <= LARGEST or spec.tick_lot_micro % 2:
        raise Refusal(Reason.INVALID_AMOUNT, tick_lot_micro=spec.tick_lot_micro)
    if not all(0 <= rate < PPB for rate in rates) or spec.maker_rebate_ppb > spec.taker_fee_ppb:
        raise Refusal(Reason.INVALID_AMOUNT, maker_rebate_ppb=spec.maker_rebate_ppb)
    if not all(0 <= limit <= LARGEST for limit in limits):
        raise Refusal(Reason.INVALID_AMOUNT, position_limit_lots=spec.position_limit_lots)
    if not 1 <= spec.max_leverage <= MOST_LEVERAGE:
        raise Refusal(Reason.INVALID_AMOUNT, max_leverage=spec.max_leverage)


def list_market(d: Decision, command: ListMarket, /) -> None:
    """List a market and seed its insurance fund."""
    check_spec(command.spec)
    if command.spec.market_id in d.state.markets:
        raise Refusal(Reason.DUPLICATE_ID)
    if command.insurance_micro < 0:
        raise Refusal(Reason.INVALID_AMOUNT, amount_micro=command.insurance_micro)
    check_room(d, command.insurance_micro)
    d.emit(
        MarketListed(
            at_ms=d.at_ms,
            spec=command.spec,
            insurance_micro=command.insurance_micro,
            state=command.state,
        )
    )


def set_limits(d: Decision, command: SetMarketLimits, /) -> None:
    """Change limits, fees or pricing; what the market's unit is made of stays."""
    market = find_market(d, command.spec.market_id)
    check_spec(command.spec)
    if command.spec.tick_lot_micro != market.spec.tick_lot_micro:
        raise Refusal(Reason.INVALID_AMOUNT, tick_lot_micro=command.spec.tick_lot_micro)
    d.emit(MarketLimitsChanged(at_ms=d.at_ms, spec=command.spec))
    uncross(d, market)


def set_state(d: Decision, command: SetMarketState, /) -> None:
    """Open, pause or close a market; a resumption gives time to add margin."""
    market = find_market(d, command.market_id)
    before = effective_state(market)
    if market.state is MarketState.DELISTED:
        raise Refusal(Reason.MARKET_CLOSED)
    grace = market.grace_until_ms
    if market.state is MarketState.HALTED and command.state is not MarketState.HALTED:
        grace = d.at_ms + GRACE_MS
    d.emit(
        MarketStateChanged(
            at_ms=d.at_ms,
            market_id=command.market_id,
            state=command.state,
            hours_closed=command.hours_closed,
            grace_until_ms=grace,
        )
    )
    follow_state(d, market, before)


def follow_state(d: Decision, market: Market, before: MarketState, /) -> None:
    """Cancel what the new state does not carry and uncross what it lets trade."""
    now = effective_state(market)
    if now is before:
        return
    if now is MarketState.REDUCE_ONLY:
        cancel_raising(d, market, Reason.MARKET_REDUCE_ONLY)
    if now is MarketState.DELISTED:
        for order in still_open(market, sorted(market.orders)):
            cancel(d, market, order, Reason.MARKET_DELISTED)
        for order_id in sorted(market.triggers):
            cancel_trigger(d, market, order_id, Reason.MARKET_DELISTED)
    uncross(d, market)


def trip_breaker(d: Decision, command: TripBreaker, /) -> None:
    """Let the market only reduce until the moment."""
    market = find_market(d, command.market_id)
    before = effective_state(market)
    if command.until_ms <= d.at_ms:
        raise Refusal(Reason.INVALID_AMOUNT, until_ms=command.until_ms)
    d.emit(BreakerTripped(at_ms=d.at_ms, market_id=command.market_id, until_ms=command.until_ms))
    follow_state(d, market, before)


def release_breaker(d: Decision, market: Market, /) -> None:
    """Let the market go on when the breaker's time is over."""
    before = effective_state(market)
    d.emit(BreakerReleased(at_ms=d.at_ms, market_id=market.spec.market_id))
    follow_state(d, market, before)


def publish_open_interest(d: Decision, _: PublishOpenInterest, /) -> None:
    """Publish every market's open interest that has changed."""
    for market_id in sorted(d.state.markets):
        market = d.state.markets[market_id]
        if market.long_lots != market.published_lots:
            d.emit(
                OpenInterestPublished(
                    at_ms=d.at_ms, market_id=market_id, open_interest_lots=market.long_lots
                )
            )


def contribute_insurance(d: Decision, command: ContributeInsurance, /) -> None:
    """Pay into a fund; a market's debt is repaid first."""
    check_unused(d, command.contribution_id)
    check_amount(command.amount_micro)
    check_room(d, command.amount_micro)
    market = None if command.market_id is None else find_market(d, command.market_id)
    repaid = 0 if market is None else min(market.debt_micro, command.amount_micro)
    before = None if market is None else effective_state(market)
    d.emit(
        InsuranceContributed(
            at_ms=d.at_ms,
            contribution_id=command.contribution_id,
            market_id=command.market_id,
            amount_micro=command.amount_micro,
            debt_repaid_micro=repaid,
        )
    )
    if market is not None and before is not None:
        follow_state(d, market, before)


def fund_backstop(d: Decision, command: FundBackstop, /) -> None:
    """Move cash from the global fund to the backstop, or what is free of it back."""
    check_unused(d, command.transfer_id)
    amount = command.amount_micro
    check_amount(abs(amount))
    there = d.state.global_fund_micro if amount > 0 else d.state.account(BACKSTOP).free_micro
    if abs(amount) > there:
        raise Refusal(Reason.INSUFFICIENT_FUNDS, amount_micro=amount, free_micro=there)
    d.emit(BackstopFunded(at_ms=d.at_ms, amount_micro=amount, transfer_id=command.transfer_id))
