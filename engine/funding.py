"""Funding: sampled every second, paid every hour in three passes.

All debits first, then liquidations of whoever fell below, then the credits in full; what is
left belongs to the market's fund. What is not here: when the hour ends, which the caller
says.
"""

from msgspec.structs import replace

from engine.aftermath import liquidate_all
from engine.commands import FundingSample, PayFunding, SampleFunding
from engine.decision import Decision, Refusal, stands_still
from engine.events import FundingPaid, FundingRateSet, FundingSampled, FundingSettled
from engine.reasons import Reason
from engine.settings import find_market
from engine.state import Funding, Market
from engine.units import PPB, div_trunc

INTEREST_PPB = 100_000
INTEREST_BAND_PPB = 500_000
HOURLY_CAP_PPB = 500_000
HOURS_OF_RATE = 8
SECONDS_OF_HOUR = 3_600


def sample_funding(d: Decision, command: SampleFunding, /) -> None:
    """Record premiums of the markets that there are and that do not stand still.

    A premium beyond the whole index is none: it counts as missing.
    """
    markets = d.state.markets
    live = tuple(
        _within_reason(sample)
        for sample in command.samples
        if sample.market_id in markets
        and not stands_still(markets[sample.market_id])
        and 0 < sample.seconds <= SECONDS_OF_HOUR
    )
    if live:
        d.emit(FundingSampled(at_ms=d.at_ms, samples=live))


def _within_reason(sample: FundingSample, /) -> FundingSample:
    if abs(sample.premium_ppb or 0) <= PPB:
        return sample
    return replace(sample, premium_ppb=None)


def hourly_rate_ppb(premium_ppb: int, /) -> int:
    """Return clamp((P + clamp(0.01% - P, +-0.05%)) / 8, +-0.05%), towards zero."""
    pulled = _clamp(INTEREST_PPB - premium_ppb, INTEREST_BAND_PPB)
    return _clamp(div_trunc(premium_ppb + pulled, HOURS_OF_RATE), HOURLY_CAP_PPB)


def _clamp(value: int, band: int, /) -> int:
    return max(-band, min(band, value))


def rate_of(funding: Funding, /) -> int | None:
    """Return the rate of the sampled hour; None if the index was missing for most of it."""
    if funding.samples == 0 or funding.missing > funding.samples:
        return None
    return hourly_rate_ppb(div_trunc(funding.premium_sum_ppb, funding.samples))


def pay_funding(d: Decision, command: PayFunding, /) -> None:
    """Pay a market's hour once."""
    market = find_market(d, command.market_id)
    if command.hour <= market.funding.paid_hour:
        raise Refusal(Reason.DUPLICATE_ID, paid_hour=market.funding.paid_hour)
    index = market.prices.index_half_ticks
    rate = rate_of(market.funding)
    if index is None or stands_still(market):
        rate = None
    d.emit(
        FundingRateSet(
            at_ms=d.at_ms,
            market_id=command.market_id,
            hour=command.hour,
            rate_ppb=rate,
            index_half_ticks=index,
        )
    )
    if rate:
        assert index is not None
        _pay(d, market, command.hour, index * rate)


def payment_floor_micro(size_lots: int, unit_micro: int, index_x_rate: int, /) -> int:
    """Return what a position receives (negative: pays), rounded against it."""
    return -size_lots * unit_micro * index_x_rate // PPB


def _pay(d: Decision, market: Market, hour: int, index_x_rate: int, /) -> None:
    payments = [
        (account_id, payment_floor_micro(position.size_lots, market.unit_micro, index_x_rate))
        for account_id, position in sorted(market.positions.items())
        if position.size_lots
    ]
    # 1. All debits.
    for account_id, amount in payments:
        if amount < 0:
            _move(d, market, account_id, hour, amount)
    # 2. Whoever fell below maintenance.
    liquidate_all(d, market)
    # 3. All credits, in full.
    for account_id, amount in payments:
        if amount > 0:
            _move(d, market, account_id, hour, amount)
    d.emit(
        FundingSettled(
            at_ms=d.at_ms,
            market_id=market.spec.market_id,
            hour=hour,
            residue_micro=market.funding_pot_micro,
        )
    )


def _move(d: Decision, market: Market, account_id: str, hour: int, amount: int, /) -> None:
    """Move one payment; who has no position any more is paid in cash."""
    d.emit(
        FundingPaid(
            at_ms=d.at_ms,
            account_id=account_id,
            market_id=market.spec.market_id,
            hour=hour,
            amount_micro=amount,
            to_cash=market.positions[account_id].size_lots == 0,
        )
    )
