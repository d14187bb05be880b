"""Answers as the API's documents show them; a test compares their shape with real ones."""

from typing import Any

BTC: dict[str, Any] = {
    "symbol": "BTC-USDT-PERP",
    "base": "BTC",
    "quote": "USDT",
    "kind": "CRYPTO",
    "state": "ACTIVE",
    "state_reason": "",
    "pricing": "THREE_POINTS",
    "tick_size": "0.1",
    "lot_size": "0.0001",
    "min_size": "0.0001",
    "max_size": "10",
    "position_limit": "52",
    "open_interest_limit": "520",
    "max_leverage": 1000,
    "brackets": [
        {
            "notional_up_to": "5000",
            "max_leverage": 1000,
            "initial_margin_rate": "0.001",
            "maintenance_margin_rate": "0.0005",
            "deduction": "0",
        },
        {
            "notional_up_to": None,
            "max_leverage": 20,
            "initial_margin_rate": "0.05",
            "maintenance_margin_rate": "0.025",
            "deduction": "1832.5",
        },
    ],
    "fees": {"maker": "-0.0002", "taker": "0.0005"},
    "trading_hours": None,
    "index_price": "95500.05",
    "mark_price": "95501.1",
    "bid": "95500",
    "ask": "95500.1",
    "funding_rate": "0.0000125",
    "next_funding_at": 1_763_136_000_000,
    "open_interest": "41.7302",
    "volume_24h": "18250311.25",
    "listed_at": 1_763_082_000_000,
}
NO_SUCH_MARKET: dict[str, Any] = {
    "code": "NOT_FOUND",
    "detail": "There is no such market.",
    "field": "symbol",
    "extra": {},
}
CANDLES: dict[str, Any] = {
    "results": [
        {
            "opened_at": 1_763_135_100_000,
            "open": "95500.05",
            "high": "95512.4",
            "low": "95498",
            "close": "95503.35",
            "volume": "1840233.5",
        },
        {
            "opened_at": 1_763_135_040_000,
            "open": "95491.2",
            "high": "95505",
            "low": "95488.85",
            "close": "95500.05",
            "volume": "1710022.25",
        },
    ],
    "next": None,
}
STATUS: dict[str, Any] = {
    "mode": "OPERATING",
    "pause_level": 0,
    "reason": "",
    "changed_at": None,
    "resumes_at": None,
    "markets": [
        {
            "symbol": "BTC-USDT-PERP",
            "state": "ACTIVE",
            "state_reason": "",
            "state_changed_at": 1_763_082_000_000,
        }
    ],
    "server_at": 1_763_135_100_123,
}
