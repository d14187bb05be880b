"""The back office of trading, by noun; what no list shows is an order that rests."""

from trading.admin import (
    alerts,
    break_glass,
    funds,
    ledger,
    liquidations,
    log,
    markets,
    orders,
    positions,
    prices,
    proposals,
    receipt_openings,
    reconciliations,
    roots,
    states,
)

__all__ = [
    "alerts",
    "break_glass",
    "funds",
    "ledger",
    "liquidations",
    "log",
    "markets",
    "orders",
    "positions",
    "prices",
    "proposals",
    "receipt_openings",
    "reconciliations",
    "roots",
    "states",
]
