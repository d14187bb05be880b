"""Rows of the exchange as its staff set it up: markets, brackets, sources, hours, pauses.

One file per noun. What the engine projects (orders, fills, positions) is no part of this yet.
"""

from trading.models.brackets import Bracket, BracketSchedule
from trading.models.hours import Holiday, TradingCalendar
from trading.models.markets import Market, MarketKind, MarketState, Pricing
from trading.models.prices import (
    IndexCandle,
    LastGoodPrice,
    PremiumMinute,
    PriceAlert,
    ToldLie,
)
from trading.models.sources import PriceSource, SourceRole, Venue
from trading.models.tickers import MarketTicker
from trading.models.venue import PauseLevel, VenueModeChange

__all__ = [
    "Bracket",
    "BracketSchedule",
    "Holiday",
    "IndexCandle",
    "LastGoodPrice",
    "Market",
    "MarketKind",
    "MarketState",
    "MarketTicker",
    "PauseLevel",
    "PremiumMinute",
    "PriceAlert",
    "PriceSource",
    "Pricing",
    "SourceRole",
    "ToldLie",
    "TradingCalendar",
    "Venue",
    "VenueModeChange",
]
