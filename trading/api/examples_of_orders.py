"""Orders, positions and money as the API's document shows them; a test compares the shapes."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse

Json = dict[str, Any]

PLACING = """\
Answers with the order as it stands after matching, with its fills: 201 also when an IOC or MARKET
remainder was canceled or an FOK could not fill (`CANCELED` with `reject_code`).

- 422: the engine said no; `extra.order` is the order, `REJECTED` and listed like others.
- 409: the `client_order_id` was used for another body. With the same body it is answered 200 with
  the order as it stands now, however late: send an order again if its answer was lost.
- 202: the engine has not answered within 500 ms; the order is `PENDING` and stands under its id.
  Sent again meanwhile, it may be told another id: both find the one order, under its first id.

Executions happen only at the public reference mid, bid or ask. No answer depends on what rests
beyond what the order itself traded.
"""

ORDER_ID = "0d2c7ac4-59c8-4bd1-9c36-1d5c1b5fd1f8"
LIMIT_ORDER: Json = {
    "symbol": "BTC-USDT-PERP",
    "side": "BUY",
    "type": "LIMIT",
    "size": "0.5",
    "limit_price": "95600",
    "time_in_force": "GTC",
    "client_order_id": "maker-7:0042",
}
MARKET_ORDER: Json = {
    "symbol": "BTC-USDT-PERP",
    "side": "SELL",
    "type": "MARKET",
    "size": "0.1",
    "time_in_force": "IOC",
}
FILL: Json = {
    "id": "6f0f9a8e-6f0c-4b51-8e86-0b6f2c0f7b11",
    "order_id": ORDER_ID,
    "symbol": "BTC-USDT-PERP",
    "side": "BUY",
    "price": "95500.05",
    "size": "0.2",
    "fee": "9.550005",
    "liquidity": "TAKER",
    "kind": "TRADE",
    "realized_pnl": "0",
    "executed_at": 1_763_135_100_123,
}
BARE_ORDER: Json = {
    "id": ORDER_ID,
    "client_order_id": "maker-7:0042",
    "symbol": "BTC-USDT-PERP",
    "side": "BUY",
    "type": "LIMIT",
    "size": "0.5",
    "filled_size": "0.2",
    "leaves_size": "0.3",
    "limit_price": "95600",
    "average_price": "95500.05",
    "time_in_force": "GTC",
    "status": "PARTIALLY_FILLED",
    "reject_code": None,
    "created_at": 1_763_135_100_123,
    "updated_at": 1_763_135_100_123,
    "account_sequence": None,
    "receipt": None,
    "expires_at": None,
    "leverage": None,
    "all_or_none": False,
    "min_quantity": None,
    "min_quantity_mode": "EACH",
    "nbbo_protection": False,
    "post_only": False,
    "reduce_only": False,
    "stp": "EXPIRE_TAKER",
    "trigger": None,
    "trigger_price": None,
    "take_profit": None,
    "stop_loss": None,
    "fee": "9.550005",
}
ORDER: Json = {**BARE_ORDER, "fills": [FILL]}
ORDERS: Json = {"results": [BARE_ORDER], "next": None}
CANCELED: Json = {
    **ORDER,
    "status": "CANCELED",
    "reject_code": "USER_REQUEST",
    "leaves_size": "0",
    "updated_at": 1_763_135_160_007,
}
ALL_CANCELED: Json = {"results": [CANCELED]}
NO_SUCH_ORDER: Json = {
    "code": "NOT_FOUND",
    "detail": "There is no such order.",
    "field": None,
    "extra": {},
}
REJECTED: Json = {
    "code": "INSUFFICIENT_COLLATERAL",
    "detail": "The balance does not carry the margin that this needs.",
    "field": None,
    "extra": {
        "needed": "4803.9",
        "free": "120.5",
        "order": {
            **ORDER,
            "status": "REJECTED",
            "reject_code": "INSUFFICIENT_COLLATERAL",
            "filled_size": "0",
            "leaves_size": "0",
            "average_price": None,
            "fee": "0",
            "fills": [],
        },
    },
}
ANOTHER_BODY: Json = {
    "code": "DUPLICATE_CLIENT_ORDER_ID",
    "detail": "This client_order_id was used for another order.",
    "field": "client_order_id",
    "extra": {"order_id": ORDER_ID},
}
NOT_OPEN: Json = {
    "code": "ORDER_NOT_OPEN",
    "detail": "The order is not open any more.",
    "field": None,
    "extra": {"order": CANCELED},
}
TOO_HIGH: Json = {
    "code": "LEVERAGE_TOO_HIGH",
    "detail": "The leverage is above what the bracket of the resulting notional allows.",
    "field": "leverage",
    "extra": {"leverage": 500, "max_leverage": 100, "notional": "28650.01"},
}
NOTHING_TO_REDUCE: Json = {
    "code": "REDUCE_ONLY_REJECTED",
    "detail": "There is no opposite position that this could reduce.",
    "field": "size",
    "extra": {"position_size": "0"},
}
BATCH: Json = {"results": [ORDER, REJECTED]}
CANCEL_BATCH: Json = {"ids": [ORDER_ID], "client_order_ids": ["maker-7:0043"]}
BATCH_CANCELED: Json = {"results": [CANCELED, NO_SUCH_ORDER]}
FILLS: Json = {"results": [FILL], "next": None}
POSITION: Json = {
    "symbol": "BTC-USDT-PERP",
    "size": "0.2",
    "entry_price": "95500.05",
    "mark_price": "95501.1",
    "notional": "19100.22",
    "collateral": "1910.001",
    "leverage": 10,
    "unrealized_pnl": "0.21",
    "realized_pnl": "0",
    "funding": "0",
    "reserved": "2883.399",
    "initial_margin": "1910.022",
    "maintenance_margin": "16.60022",
    "margin_ratio": "115.0715",
    "liquidation_price": "86024.5",
    "adl_rank": 1,
    "is_liquidation_pending": False,
    "take_profit": {"trigger_price": "99000", "limit_price": None},
    "stop_loss": {"trigger_price": "93000", "limit_price": "92900"},
    "updated_at": 1_763_135_100_123,
}
POSITIONS: Json = {"results": [POSITION], "next": None}
FUNDING_PAYMENTS: Json = {
    "results": [
        {
            "id": "0b6f2c0f-7b11-4e86-9a8e-6f0f6f0c4b51",
            "symbol": "BTC-USDT-PERP",
            "amount": "-0.238753",
            "funded_at": 1_763_136_000_000,
            "paid_at": 1_763_136_000_412,
        }
    ],
    "next": None,
}
LIQUIDATIONS: Json = {
    "results": [
        {
            "id": "59c84bd1-0d2c-4ac4-9c36-1d5c1b5fd1f8",
            "symbol": "BTC-USDT-PERP",
            "mark_price": "86024",
            "equity": "14.801",
            "maintenance_margin": "14.7048",
            "size": "0.2",
            "book_size": "0.08",
            "backstop_size": "0",
            "deleveraged_size": "0",
            "notional": "6881.92",
            "fee": "2.94096",
            "is_pending": False,
            "started_at": 1_763_137_100_004,
        }
    ],
    "next": None,
}
TRADES: Json = {
    "results": [{"price": "95500.05", "size": "0.2", "executed_at": 1_763_135_100_123}],
    "next": None,
}
FUNDING_RATES: Json = {
    "results": [
        {
            "symbol": "BTC-USDT-PERP",
            "funding_rate": "0.0000125",
            "index_price": "95500.05",
            "funded_at": 1_763_136_000_000,
        }
    ],
    "next": None,
}
PUBLIC_LIQUIDATIONS: Json = {
    "results": [
        {"symbol": "BTC-USDT-PERP", "size_class": "MEDIUM", "minute_at": 1_763_137_080_000}
    ],
    "next": None,
}
BALANCE: Json = {
    "free": "5198.05",
    "reserved": "2883.399",
    "in_positions": "1910.001",
    "wallet": "9991.45",
    "unrealized_pnl": "0.21",
    "equity": "9991.66",
    "pending_deposits": "0",
    "pending_withdrawals": "0",
}
GIFT: Json = {
    "amount": "10000",
    "balance": {
        **BALANCE,
        "free": "10000",
        "reserved": "0",
        "in_positions": "0",
        "wallet": "10000",
        "unrealized_pnl": "0",
        "equity": "10000",
    },
}


def failing(description: str, body: Json) -> OpenApiResponse:
    """Return a described failure with its example."""
    return OpenApiResponse(
        description=description,
        response={"$ref": "#/components/schemas/Failure"},
        examples=[OpenApiExample(body["code"], value=body)],
    )
