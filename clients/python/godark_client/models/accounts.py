"""The account, its money and its positions."""

from decimal import Decimal

import msgspec

from godark_client.models.orders import Leg
from godark_client.models.records import Json, Record


class Tokens(Record, frozen=True, kw_only=True):
    """What a log-in gives; `expires_in` is of the access token, in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int


class Account(Record, frozen=True, kw_only=True):
    """The account, its tier and what its limits leave."""

    id: str
    email: str | None = None
    tier: str | None = None
    status: str | None = None
    limits: Json | None = None


class Balance(Record, frozen=True, kw_only=True):
    """Money in USDT: wallet = free + reserved + in_positions; equity = wallet + unrealized_pnl."""

    free: Decimal
    reserved: Decimal
    in_positions: Decimal
    wallet: Decimal
    unrealized_pnl: Decimal | None = None
    equity: Decimal | None = None
    pending_deposits: Decimal | None = None
    pending_withdrawals: Decimal | None = None


class ApiKeyRecord(Record, frozen=True, kw_only=True):
    """One API key; `secret` is there only in the answer that made it."""

    id: str
    api_key: str
    name: str
    permissions: list[str]
    kind: str | None = None
    secret: str | None = None
    ip_allow_list: list[str] = msgspec.field(default_factory=list)
    created_at: int | None = None
    expires_at: int | None = None


class Position(Record, frozen=True, kw_only=True):
    """A net position; `size` is negative for a short, zero where only settings stand."""

    symbol: str
    size: Decimal
    entry_price: Decimal | None = None
    mark_price: Decimal | None = None
    collateral: Decimal | None = None
    leverage: int | None = None
    unrealized_pnl: Decimal | None = None
    realized_pnl: Decimal | None = None
    margin_ratio: Decimal | None = None
    liquidation_price: Decimal | None = None
    adl_rank: int | None = None
    take_profit: Leg | None = None
    stop_loss: Leg | None = None
    updated_at: int | None = None


class FundingPayment(Record, frozen=True, kw_only=True):
    """What a position paid (negative) or received for an hour."""

    id: str
    symbol: str
    amount: Decimal
    paid_at: int


class Liquidation(Record, frozen=True, kw_only=True):
    """One liquidation of one's own position."""

    id: str
    symbol: str
    started_at: int | None = None
    size: Decimal | None = None
    fee: Decimal | None = None
