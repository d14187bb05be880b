"""The back office of trading, by noun: alerts, markets, and the prices that the service makes."""

from trading.admin import alerts, markets, prices

__all__ = ["alerts", "markets", "prices"]
