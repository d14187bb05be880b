"""What the public learns of a market's past: trades, funding rates, liquidations.

A trade shows price, size and time, never a side or whose it was; a liquidation shows the class
of its size and the minute. What is not here: candles (`selectors.candles`).
"""

from enum import Enum
from typing import Final

from django.db.models import QuerySet

from trading.engine_words import plain
from trading.models import FundingRate, Liquidation, Trade
from trading.models.units import MICRO
from trading.projections.rows import FundingRateRow, TradeRow
from trading.selectors.amounts import share_text
from trading.selectors.market_terms import MarketTerms
from trading.selectors.order_views import Json

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000


class SizeClass(Enum):
    """How large a liquidated position was; `value` is the notional from which it is so, in USDT."""

    SMALL = 0
    MEDIUM = 10_000
    LARGE = 100_000


def public_trades(terms: MarketTerms, /) -> QuerySet[Trade]:
    """Return the trades that the tape shows."""
    return Trade.objects.filter(market_id=terms.pk, is_public=True)


def trade_view(trade: Trade | TradeRow, /, *, terms: MarketTerms) -> Json:
    """Return one print."""
    return {
        "price": plain(terms.price(trade.price_half_ticks)),
        "size": plain(trade.quantity_lots * terms.lot_size),
        "executed_at": trade.executed_at_ms,
    }


def funding_rates(terms: MarketTerms, /) -> QuerySet[FundingRate]:
    """Return the rates of a market's hours."""
    return FundingRate.objects.filter(market_id=terms.pk)


def funding_rate_view(rate: FundingRate | FundingRateRow, /, *, terms: MarketTerms) -> Json:
    """Return an hour's rate; null where the hour accrued nothing."""
    index = rate.index_half_ticks
    return {
        "symbol": terms.symbol,
        "funding_rate": None if rate.rate_ppb is None else share_text(rate.rate_ppb),
        "index_price": None if index is None else plain(terms.price(index)),
        "funded_at": (rate.hour + 1) * HOUR_MS,
    }


def liquidations_in(terms: MarketTerms, /) -> QuerySet[Liquidation]:
    """Return a market's liquidations."""
    return Liquidation.objects.filter(market_id=terms.pk)


def public_liquidation_view(liquidation: Liquidation, /, *, terms: MarketTerms) -> Json:
    """Return what everybody may know of a liquidation."""
    notional = terms.notional_micro(
        lots=abs(liquidation.size_lots), half_ticks=liquidation.mark_half_ticks
    )
    return {
        "symbol": terms.symbol,
        "size_class": size_class(notional).name,
        "minute_at": liquidation.started_at_ms // MINUTE_MS * MINUTE_MS,
    }


def size_class(notional_micro: int, /) -> SizeClass:
    """Return the class of a position's notional."""
    return max(
        (one for one in SizeClass if notional_micro >= one.value * MICRO),
        key=lambda one: one.value,
    )
