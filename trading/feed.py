"""The feed: who hears what. The one file that decides it.

Every message that leaves by a socket is made here, field by field, and every name of a channel
is understood here. A public message holds nothing of a resting order and nothing of whose
anything is (I22); a private one goes to the channel of its account and nowhere else. What is not
here: when something is told (`trading.runner.news`, `trading.services.price_feed`), how it gets
its number (`trading.rings`), and the sockets (`trading.consumers`).
"""

import uuid
from collections.abc import Container, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from godark.clock import now_ms
from godark.errors import Code, Failure
from trading.rings import Message

Json = Mapping[str, Any]

OF_A_MARKET: Final = ("ticker", "trades", "funding", "liquidations")
OF_THE_VENUE: Final = ("tickers", "system:status", "system:maintenance")
OF_AN_ACCOUNT: Final = ("orders", "fills", "positions", "wallet")
LONGEST_NAME: Final = 64

_ENCODER: Final = msgspec.json.Encoder()


class Channel(NamedTuple):
    """A channel that somebody may hear: its ring, and how whoever asked calls it."""

    kind: str
    ring: str
    name: str
    subject: str = ""

    @property
    def is_private(self) -> bool:
        """Tell whether it is one account's own."""
        return self.kind in OF_AN_ACCOUNT


def channel_of(
    name: object, /, *, symbols: Container[str], account_id: uuid.UUID | None
) -> Channel:
    """Return the channel that a client names; refuse what it may not hear, or what is none.

    Another's channel and one that does not exist are the same (I26). Of the names of one's own
    there are two, `orders` and `orders:{own id}`, and no other spelling of either.
    """
    if not isinstance(name, str) or len(name) > LONGEST_NAME:
        raise Failure(Code.VALIDATION_ERROR, "A channel is a string.", field="channels")
    if name in OF_THE_VENUE:
        return Channel(kind=name, ring=name, name=name)
    kind, _, subject = name.partition(":")
    if kind in OF_A_MARKET and subject in symbols:
        return Channel(kind=kind, ring=name, name=name, subject=subject)
    if kind not in OF_AN_ACCOUNT:
        raise _no_such_channel()
    if account_id is None:
        raise Failure(Code.AUTHENTICATION_FAILED, "This channel is private; authenticate first.")
    if name not in (kind, f"{kind}:{account_id}"):
        raise _no_such_channel()
    return Channel(kind=kind, ring=ring_of(kind, account_id), name=name, subject=str(account_id))


def _no_such_channel() -> Failure:
    return Failure(Code.NOT_FOUND, "There is no such channel here.", field="channels")


def ring_of(kind: str, account_id: uuid.UUID, /) -> str:
    """Return the ring of an account's channel."""
    return f"{kind}:{account_id}"


# What everybody hears.


def ticked(symbol: str, ticker: Json, /) -> Message:
    """Tell a market's prices."""
    return _message(f"ticker:{symbol}", "ticker", ticker)


def ticked_all(tickers: Sequence[Json], /) -> Message:
    """Tell the prices of all markets that have changed."""
    return _message("tickers", "ticker", tickers)


def ticker_of(
    *,
    symbol: str,
    index_price: str | None,
    mark_price: str | None,
    bid: str | None,
    ask: str | None,
    funding_rate: str | None,
) -> dict[str, Any]:
    """Return a market's prices as they are told; null is what nobody has published now."""
    return {
        "symbol": symbol,
        "index_price": index_price,
        "mark_price": mark_price,
        "bid": bid,
        "ask": ask,
        "funding_rate": funding_rate,
    }


def traded(symbol: str, /, *, price: str, size: str, executed_at: int) -> Message:
    """Tell a print: neither its side nor whose it was."""
    return _message(
        f"trades:{symbol}", "trade", trade_of(price=price, size=size, executed_at=executed_at)
    )


def trade_of(*, price: str, size: str, executed_at: int) -> dict[str, Any]:
    """Return a print as it is told."""
    return {"price": price, "size": size, "executed_at": executed_at}


def funded(symbol: str, rate: Json, /) -> Message:
    """Tell the rate of the hour that has ended."""
    return _message(f"funding:{symbol}", "funding_update", rate)


def liquidated(symbol: str, /, *, size_class: str) -> Message:
    """Tell that somebody was liquidated: the market and the class of the size, no more."""
    told = liquidation_of(symbol=symbol, size_class=size_class)
    return _message(f"liquidations:{symbol}", "liquidation", told)


def liquidation_of(*, symbol: str, size_class: str) -> dict[str, Any]:
    """Return a liquidation as it is told."""
    return {"symbol": symbol, "size_class": size_class}


def status_changed(status: Json, /) -> Message:
    """Tell the mode of the venue, or of the markets that have changed."""
    return _message("system:status", "status", status)


def market_mode_of(
    *, symbol: str, state: str, state_reason: str, state_changed_at: int
) -> dict[str, Any]:
    """Return a market's state as it is told."""
    return {
        "symbol": symbol,
        "state": state,
        "state_reason": state_reason,
        "state_changed_at": state_changed_at,
    }


def maintenance_changed(maintenance: Json, /) -> Message:
    """Tell whether the venue is being worked on, and until when."""
    return _message("system:maintenance", "status", maintenance)


# What an account hears of itself.


def order_changed(account_id: uuid.UUID, order: Json, /) -> Message:
    """Tell an account how an order of its own stands."""
    return _message(ring_of("orders", account_id), "order_update", order)


def filled(account_id: uuid.UUID, fill: Json, /) -> Message:
    """Tell an account of an execution of its own."""
    return _message(ring_of("fills", account_id), "fill", fill)


def position_changed(account_id: uuid.UUID, position: Json, /) -> Message:
    """Tell an account how a position of its own stands."""
    return _message(ring_of("positions", account_id), "position_update", position)


def balance_changed(account_id: uuid.UUID, balance: Json, /) -> Message:
    """Tell an account what money it has."""
    return _message(ring_of("wallet", account_id), "balance_update", balance)


def snapshot_body(data: Any, /) -> bytes:
    """Return what of a snapshot's frame comes after its channel and number."""
    return _body("snapshot", data)


def _message(ring: str, kind: str, data: Any) -> Message:
    return Message(ring, _body(kind, data))


def _body(kind: str, data: Any) -> bytes:
    return b'"type":"%s","data":%s,"sent_at":%d}' % (kind.encode(), _ENCODER.encode(data), now_ms())
