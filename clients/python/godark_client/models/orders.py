"""Orders and their fills, and the orders that a client places."""

import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec

from godark_client.models.records import Record
from godark_client.numbers import Number, written, written_if
from godark_client.words import OrderType, TimeInForce


def new_client_order_id() -> str:
    """Return a name for an order that nobody used before."""
    return uuid.uuid4().hex


@dataclass(frozen=True, kw_only=True)
class Protection:
    """A take-profit or stop-loss; without a limit it becomes a market order."""

    trigger_price: Number
    limit_price: Number | None = None

    def body(self) -> dict[str, str]:
        """Return it as the venue reads it."""
        told = {"trigger_price": written(self.trigger_price)}
        return (
            told if self.limit_price is None else told | {"limit_price": written(self.limit_price)}
        )


@dataclass(frozen=True, kw_only=True)
class NewOrder:
    """An order to place. Only with a `client_order_id` (the default) may it be sent twice.

    Without a `time_in_force` a market order is IOC, one with `expires_at` GTD, any other GTC.
    """

    symbol: str
    side: str
    type: str
    size: Number
    limit_price: Number | None = None
    time_in_force: str | None = None
    expires_at: int | None = None
    leverage: int | None = None
    all_or_none: bool | None = None
    min_quantity: Number | None = None
    min_quantity_mode: str | None = None
    nbbo_protection: bool | None = None
    post_only: bool | None = None
    reduce_only: bool | None = None
    stp: str | None = None
    client_order_id: str | None = field(default_factory=new_client_order_id)
    trigger_price: Number | None = None
    trigger: str | None = None
    take_profit: Protection | None = None
    stop_loss: Protection | None = None

    def body(self) -> dict[str, Any]:
        """Return it as the venue reads it: what was not chosen is left out."""
        body: dict[str, Any] = {
            "symbol": self.symbol,
            "side": str(self.side),
            "type": str(self.type),
            "size": written(self.size),
            "limit_price": written_if(self.limit_price),
            "time_in_force": str(self.time_in_force or self._usual_time_in_force()),
            "expires_at": self.expires_at,
            "leverage": self.leverage,
            "all_or_none": self.all_or_none,
            "min_quantity": written_if(self.min_quantity),
            "min_quantity_mode": _word(self.min_quantity_mode),
            "nbbo_protection": self.nbbo_protection,
            "post_only": self.post_only,
            "reduce_only": self.reduce_only,
            "stp": _word(self.stp),
            "client_order_id": self.client_order_id,
            "trigger_price": written_if(self.trigger_price),
            "trigger": _word(self.trigger),
            "take_profit": self.take_profit.body() if self.take_profit else None,
            "stop_loss": self.stop_loss.body() if self.stop_loss else None,
        }
        return {name: value for name, value in body.items() if value is not None}

    def _usual_time_in_force(self) -> TimeInForce:
        if self.type == OrderType.MARKET:
            return TimeInForce.IOC
        return TimeInForce.GTC if self.expires_at is None else TimeInForce.GTD


def _word(word: str | None) -> str | None:
    return None if word is None else str(word)


class Leg(Record, frozen=True, kw_only=True):
    """A take-profit or stop-loss as it stands."""

    trigger_price: Decimal
    limit_price: Decimal | None = None


class Receipt(Record, frozen=True, kw_only=True):
    """The venue's signed statement about a command; check it with `godark-verify`."""

    account_sequence: int
    digest: str
    commitment: str
    signature: str
    account_id: str | None = None
    command: str | None = None
    subject_id: str | None = None
    key: str | None = None
    issued_at: int | None = None
    root_number: int | None = None
    root: str | None = None


class Fill(Record, frozen=True, kw_only=True):
    """One execution of one order; a negative fee is a rebate."""

    id: str
    order_id: str | None
    symbol: str
    side: str
    price: Decimal
    size: Decimal
    fee: Decimal
    liquidity: str
    executed_at: int
    realized_pnl: Decimal | None = None


class Order(Record, frozen=True, kw_only=True):
    """An order as it stood when the venue answered."""

    id: str
    symbol: str | None = None
    side: str | None = None
    type: str | None = None
    status: str
    size: Decimal | None = None
    filled_size: Decimal | None = None
    leaves_size: Decimal | None = None
    limit_price: Decimal | None = None
    average_price: Decimal | None = None
    time_in_force: str | None = None
    client_order_id: str | None = None
    reject_code: str | None = None
    created_at: int | None = None
    updated_at: int | None = None
    account_sequence: int | None = None
    receipt: Receipt | None = None
    expires_at: int | None = None
    leverage: int | None = None
    all_or_none: bool | None = None
    min_quantity: Decimal | None = None
    min_quantity_mode: str | None = None
    nbbo_protection: bool | None = None
    post_only: bool | None = None
    reduce_only: bool | None = None
    stp: str | None = None
    trigger_price: Decimal | None = None
    trigger: str | None = None
    take_profit: Leg | None = None
    stop_loss: Leg | None = None
    fills: list[Fill] = msgspec.field(default_factory=list)


class CancelAllAfter(Record, frozen=True, kw_only=True):
    """The dead-man switch as it is armed now; without a moment it is not."""

    timeout_ms: int | None = None
    cancels_at: int | None = None
