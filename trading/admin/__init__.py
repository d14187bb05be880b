"""The back office of trading, by noun: markets, and the prices that the service makes."""

from trading.admin import markets, prices

__all__ = ["markets", "prices"]
