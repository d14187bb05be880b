"""Frames: what a client says, what it hears, and how it sees that something is missing.

Pure: nothing here waits or sends.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from godark_client.models.accounts import Balance, Position
from godark_client.models.markets import FundingRate, PublicLiquidation, Ticker, Trade
from godark_client.models.orders import Fill, Order
from godark_client.models.records import Json
from godark_client.signing import ApiKey, signed_bytes

PATH: Final = "/v1/ws"
TYPES: Final[dict[str, Any]] = {
    "order_update": Order,
    "fill": Fill,
    "position_update": Position,
    "balance_update": Balance,
    "trade": Trade,
    "funding_update": FundingRate,
    "liquidation": PublicLiquidation,
}
"""What the data of a message is read as, by its type; a ticker by its channel."""
SNAPSHOTS: Final[dict[str, Any]] = {
    "orders": list[Order],
    "fills": list[Fill],
    "positions": list[Position],
    "wallet": Balance,
    "ticker": Ticker,
    "tickers": list[Ticker],
    "trades": list[Trade],
    "funding": list[FundingRate],
    "liquidations": list[PublicLiquidation],
}
"""What a snapshot is read as, by its kind of channel."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What a channel told: `data` is typed, or a plain dict where this version knows no type."""

    channel: str
    seq: int
    type: str
    data: Any
    sent_at: int

    @property
    def is_snapshot(self) -> bool:
        """Tell whether it is the whole state, in place of all that was told before."""
        return self.type == "snapshot"


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a frame."""

    request_id: int | str | None = None
    data: Any = None
    error: Json | None = None


@dataclass(frozen=True)
class Pong:
    """The answer to a ping: the venue's time."""

    request_id: int | str | None
    sent_at: int


def address_of(url: str, /) -> str:
    """Return where the socket of the venue at `url` is."""
    if not url.startswith(("http://", "https://")):
        raise ValueError("The venue's address begins with http:// or https://.")
    return "ws" + url.removeprefix("http").rstrip("/") + PATH


def auth_frame(key: ApiKey, *, timestamp: str, window_ms: int | None) -> Json:
    """Return what says who is there, signed like a GET without a body."""
    message = signed_bytes(timestamp=timestamp, method="GET", path_with_query=PATH)
    frame = {
        "type": "auth",
        "api_key": key.api_key,
        "timestamp": timestamp,
        "signature": key.sign(message),
        "passphrase": key.passphrase,
    }
    return frame if window_ms is None else frame | {"recv_window": window_ms}


def read(text: str | bytes, /) -> Message | Result | Pong | None:
    """Return what a frame of the venue says; None for a kind that this version does not know."""
    told = json.loads(text)
    if told.get("type") == "pong":
        return Pong(told.get("request_id"), told["sent_at"])
    if told.get("type") == "result":
        return msgspec.convert(told, Result)
    if "channel" not in told:
        return None
    known = _type_of(told["channel"].partition(":")[0], told["type"])
    data = told["data"] if known is None else msgspec.convert(told["data"], known)
    return msgspec.convert(told | {"data": data}, Message)


def _type_of(kind: str, type_: str) -> Any:
    if type_ in {"snapshot", "ticker"}:
        return SNAPSHOTS.get(kind)
    return TYPES.get(type_)


class Place:
    """How far one channel was heard."""

    def __init__(self) -> None:
        self.seq: int | None = None
        self.is_asking = False

    def take(self, message: Message) -> bool:
        """Tell whether a message is the next; False: it was heard already, or some are missing.

        Where some are missing, `is_missing` says so until a resume has brought them.
        """
        if message.is_snapshot or (self.seq is not None and message.seq == self.seq + 1):
            self.seq = message.seq
            return True
        return False

    def is_missing(self, message: Message) -> bool:
        """Tell whether something is missing before a message, and nobody asks for it yet."""
        return self.seq is not None and message.seq > self.seq + 1 and not self.is_asking
