"""The back office of trading, by noun; what no list shows is an order that rests."""

from trading.admin import (
    alerts,
    break_glass,
    ledger,
    log,
    markets,
    orders,
    positions,
    prices,
    proposals,
    reconciliations,
    states,
)

__all__ = [
    "alerts",
    "break_glass",
    "ledger",
    "log",
    "markets",
    "orders",
    "positions",
    "prices",
    "proposals",
    "reconciliations",
    "states",
]
