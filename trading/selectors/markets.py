"""Markets as the public sees them: constants, margin brackets, state and the newest figures.

Decimals are in the units people use (USDT, units of the base, fractions of one).
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import F, OuterRef, Prefetch, QuerySet, Subquery, Sum
from django.utils import timezone

from godark.errors import Code, Failure
from trading.models import Bracket, Market, MarketFunds, MarketTicker, TradeCandle
from trading.models.markets import SYMBOL_PATTERN
from trading.models.units import PPB
from trading.selectors import market_hours

PPB_PLACES = 9
MICRO_PLACES = 6
ONE_HOUR = timedelta(hours=1)
ONE_DAY = timedelta(days=1)
NOBODY_PUBLISHED = MarketTicker()
"""A ticker of nulls."""
TICKER_LIVES = timedelta(seconds=10)
"""Figures that nobody renewed for so long are missing, not old."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BracketView:
    """What holds for notionals up to a border in USDT, None for all above."""

    notional_up_to: Decimal | None
    max_leverage: int
    initial_margin_rate: Decimal
    maintenance_margin_rate: Decimal
    deduction: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class FeesView:
    """Fees as a share of the notional; a rebate is negative."""

    maker: Decimal
    taker: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursView:
    """Whether the hours of a market are open, and until when."""

    is_open: bool
    changes_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketView:
    """One market."""

    symbol: str
    base: str
    quote: str
    kind: str
    state: str
    state_reason: str
    pricing: str
    tick_size: Decimal
    lot_size: Decimal
    min_size: Decimal
    max_size: Decimal
    position_limit: Decimal
    open_interest_limit: Decimal
    max_leverage: int
    brackets: list[BracketView]
    fees: FeesView
    trading_hours: HoursView | None
    index_price: Decimal | None
    mark_price: Decimal | None
    bid: Decimal | None
    ask: Decimal | None
    funding_rate: Decimal | None
    next_funding_at: datetime
    open_interest: Decimal | None
    volume_24h: Decimal | None
    listed_at: datetime


def markets() -> QuerySet[Market]:
    """Return all markets with what a view of them needs, in a fixed number of queries."""
    brackets = Bracket.objects.order_by(F("notional_up_to_micro").asc(nulls_last=True))
    return (
        Market.objects.select_related("ticker", "funds", "calendar", "bracket_schedule")
        .prefetch_related(
            Prefetch("bracket_schedule__brackets", queryset=brackets), "calendar__holidays"
        )
        .annotate(volume_24h_micro=volume_since(timezone.now() - ONE_DAY))
    )


def volume_since(at: datetime) -> Subquery:
    """Return what a market's public trades came to since the minute of a moment, micro-USDT."""
    minute = int(at.timestamp()) // 60
    traded = TradeCandle.objects.filter(market=OuterRef("pk"), minute__gt=minute)
    return Subquery(traded.values("market").values_list(Sum("notional_micro")))


def access_market(symbol: str) -> Market:
    """Return the market that a person means, however they capitalize it; refuse any other."""
    meant = symbol.upper() if symbol.isascii() else ""
    market = markets().filter(symbol=meant).first() if re.fullmatch(SYMBOL_PATTERN, meant) else None
    if market is None:
        raise Failure(Code.NOT_FOUND, "There is no such market.", field="symbol")
    return market


def view_of(market: Market, *, at: datetime) -> MarketView:
    """Return a market as the public sees it at a moment."""
    ticker, funds = newest_ticker(market, at=at), funds_of(market)
    tick, lot = market.tick_size, market.lot_size
    return MarketView(
        symbol=market.symbol,
        base=market.base,
        quote=market.quote,
        kind=market.kind,
        state=market.state,
        state_reason=market.state_reason,
        pricing=market.pricing,
        tick_size=tick,
        lot_size=lot,
        min_size=market.min_quantity_lots * lot,
        max_size=market.max_quantity_lots * lot,
        position_limit=market.position_limit_lots * lot,
        open_interest_limit=market.open_interest_limit_lots * lot,
        max_leverage=market.max_leverage,
        brackets=brackets_of(market),
        fees=FeesView(maker=-rate(market.maker_rebate_ppb), taker=rate(market.taker_fee_ppb)),
        trading_hours=hours_of(market, at=at),
        index_price=steps(ticker.index_half_ticks, size=tick / 2),
        mark_price=steps(ticker.mark_half_ticks, size=tick / 2),
        bid=steps(ticker.bid_ticks, size=tick),
        ask=steps(ticker.ask_ticks, size=tick),
        funding_rate=None if ticker.funding_rate_ppb is None else rate(ticker.funding_rate_ppb),
        next_funding_at=next_funding_at(at),
        open_interest=None if funds is None else steps(funds.published_lots, size=lot),
        volume_24h=None if funds is None else usdt(getattr(market, "volume_24h_micro", 0) or 0),
        listed_at=market.listed_at,
    )


def newest_ticker(market: Market, *, at: datetime) -> MarketTicker:
    """Return a market's figures as far as somebody still publishes them."""
    ticker: MarketTicker = getattr(market, "ticker", NOBODY_PUBLISHED)
    is_renewed = ticker.updated_at is not None and at - ticker.updated_at <= TICKER_LIVES
    return ticker if is_renewed else NOBODY_PUBLISHED


def funds_of(market: Market) -> MarketFunds | None:
    """Return a market's money and published figures; None until the engine lists it."""
    return getattr(market, "funds", None)


def brackets_of(market: Market) -> list[BracketView]:
    """Return a market's brackets, no leverage of which is above the market's own."""
    views = []
    for bracket in market.bracket_schedule.brackets.all():
        leverage = min(bracket.max_leverage, market.max_leverage)
        border_micro = bracket.notional_up_to_micro
        views.append(
            BracketView(
                notional_up_to=None if border_micro is None else usdt(border_micro),
                max_leverage=leverage,
                initial_margin_rate=rate(-(-PPB // leverage)),
                maintenance_margin_rate=rate(bracket.maintenance_margin_ppb),
                deduction=usdt(bracket.deduction_micro),
            )
        )
    return views


def hours_of(market: Market, *, at: datetime) -> HoursView | None:
    """Return a market's hours at a moment; None where it is always open."""
    if market.calendar is None:
        return None
    return HoursView(
        is_open=market_hours.is_open(market=market, at=at),
        changes_at=market_hours.next_change_at(market=market, at=at),
    )


def next_funding_at(at: datetime) -> datetime:
    """Return the next full hour after a moment."""
    return at.replace(minute=0, second=0, microsecond=0) + ONE_HOUR


def steps(count: int | None, *, size: Decimal) -> Decimal | None:
    """Return so many ticks or lots as a decimal."""
    return None if count is None else count * size


def rate(rate_ppb: int) -> Decimal:
    """Return parts per billion as a fraction of one."""
    return Decimal(rate_ppb).scaleb(-PPB_PLACES)


def usdt(amount_micro: int) -> Decimal:
    """Return micro-USDT in USDT."""
    return Decimal(amount_micro).scaleb(-MICRO_PLACES)
