"""What the socket's half of the client reads, and how it sees that something is missing."""

import json
from decimal import Decimal
from typing import Any

import pytest

from godark_client import Message, NewOrder, Order
from godark_client.models.markets import Ticker
from godark_client.socket.frames import Place, Pong, Result, address_of, read
from tests.clients.venue import ORDER


def told(channel: str, type_: str, data: Any, *, seq: int = 1) -> Message:
    frame = {"channel": channel, "seq": seq, "type": type_, "data": data, "sent_at": 7}
    heard = read(json.dumps(frame))
    assert isinstance(heard, Message)
    return heard


def test_messages_are_typed_by_their_type_and_snapshots_by_their_channel() -> None:
    order = told("orders", "order_update", ORDER).data
    assert isinstance(order, Order)
    assert order.size == Decimal("0.01")
    assert told("orders:me", "snapshot", [ORDER]).data == [order]
    ticker = told("ticker:BTC", "ticker", {"symbol": "BTC", "bid": "1.5"}).data
    assert ticker == Ticker(symbol="BTC", bid=Decimal("1.5"))
    assert told("tickers", "ticker", [{"symbol": "BTC"}]).data == [Ticker(symbol="BTC")]
    assert told("system:status", "status", {"mode": "X"}).data == {"mode": "X"}
    assert told("of:tomorrow", "new", {"a": 1}).data == {"a": 1}


def test_answers_and_pongs_are_told_apart_and_the_unknown_passed_over() -> None:
    assert read('{"type":"pong","request_id":3,"sent_at":9}') == Pong(3, 9)
    assert read('{"type":"result","request_id":1,"data":{}}') == Result(request_id=1, data={})
    assert read('{"type":"of tomorrow"}') is None


def test_a_gap_is_seen_and_what_was_heard_is_not_heard_again() -> None:
    place = Place()
    early = told("tickers", "ticker", [], seq=5)
    assert not place.take(early)
    assert not place.is_missing(early), "before the snapshot nothing is missing"
    assert place.take(told("tickers", "snapshot", [], seq=5))
    assert place.take(told("tickers", "ticker", [], seq=6))
    assert not place.take(told("tickers", "ticker", [], seq=6))
    late = told("tickers", "ticker", [], seq=8)
    assert not place.take(late)
    assert place.is_missing(late)
    place.is_asking = True
    assert not place.is_missing(late)
    assert place.take(told("tickers", "ticker", [], seq=7))
    assert place.take(late)
    assert place.take(told("tickers", "snapshot", [], seq=90)), "a new beginning is taken as it is"


def test_the_address_follows_from_the_venues() -> None:
    assert address_of("https://dark.example/") == "wss://dark.example/v1/ws"
    assert address_of("http://127.0.0.1:8000") == "ws://127.0.0.1:8000/v1/ws"
    with pytest.raises(ValueError, match="http"):
        address_of("ws://dark.example")


@pytest.mark.parametrize(
    ("order", "force"),
    [
        ({"type": "LIMIT", "limit_price": 1}, "GTC"),
        ({"type": "PEG_MID"}, "GTC"),
        ({"type": "LIMIT", "limit_price": 1, "expires_at": 9}, "GTD"),
        ({"type": "MARKET"}, "IOC"),
        ({"type": "MARKET", "time_in_force": "FOK"}, "FOK"),
    ],
)
def test_an_order_always_says_how_long_it_stands(order: dict[str, Any], force: str) -> None:
    body = NewOrder(symbol="BTC-USDT-PERP", side="BUY", size=1, **order).body()
    assert body["time_in_force"] == force
