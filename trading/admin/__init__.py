"""The back office of trading, by noun: alerts, markets, the service's prices, reconciliations."""

from trading.admin import alerts, markets, prices, reconciliations

__all__ = ["alerts", "markets", "prices", "reconciliations"]
