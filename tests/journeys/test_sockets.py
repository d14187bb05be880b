"""Journeys over sockets: real processes, the client library, and connections that break."""

import asyncio
import itertools
import random
from collections import defaultdict
from contextlib import suppress
from decimal import Decimal

import pytest
import redis.asyncio

from godark_client import (
    AsyncClient,
    AsyncSocket,
    DisconnectedError,
    Message,
    NewOrder,
    NotFoundError,
    Order,
    RejectedError,
    Socket,
)
from tests.journeys.programs import QUICK, Program, programs
from tests.live_site import LiveSite

BTC = "BTC-USDT-PERP"
PRIVATE = ("orders", "fills", "positions", "wallet")
PATIENCE_S = 30
LONGEST_CUTTING_S = 120
SELDOMER = 1.05


@pytest.fixture(scope="module")
def traders(trading_site: LiveSite) -> list[Program]:
    """Return three programs with money."""
    return programs(trading_site, 3)


def resting(price: str = "50000") -> NewOrder:
    return NewOrder(symbol=BTC, side="BUY", type="LIMIT", size="0.001", limit_price=price)


def market(side: str) -> NewOrder:
    return NewOrder(symbol=BTC, side=side, type="MARKET", size="0.001")


def peg(side: str) -> NewOrder:
    return NewOrder(symbol=BTC, side=side, type="PEG_MID", size="0.001")


async def sold(seller: AsyncClient) -> Order:
    """Sell at the market; on a slow machine prices may be late, and the venue waits for them."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return await seller.place_order(market("SELL"))
            except RejectedError as error:
                if error.code != "NO_REFERENCE_PRICE":
                    raise
            await asyncio.sleep(0.5)


async def until(socket: AsyncSocket, channel: str, type_: str) -> Message:
    """Return the next message of a channel and type, passing over others."""
    while True:
        message = await socket.next(seconds=PATIENCE_S)
        if (message.channel, message.type) == (channel, type_):
            return message


async def keep(socket: AsyncSocket, heard: dict[str, list[Message]]) -> None:
    """Keep all that is told, by channel."""
    async for message in socket:
        heard[message.channel].append(message)


async def cut(
    site: LiveSite, socket: AsyncSocket, chance: random.Random, *, longest: float
) -> None:
    """Break the connection again and again, every second time not before it stands.

    Coming back is let cost nothing, and the cuts come ever more seldom, so that a slow machine
    too gets between them what it asks for.
    """
    async with redis.asyncio.Redis.from_url(site.environment["REDIS_URL"]) as client:
        for number in itertools.count():
            if number % 2:
                await socket._is_ready.wait()
            await asyncio.sleep(chance.uniform(0.02, longest * SELDOMER**number))
            await client.delete("limit:{address:127.0.0.1}:requests")
            if socket._wire is not None:
                socket._wire.transport.abort()


async def heard_of(order_id: str, messages: list[Message]) -> None:
    """Wait until an order was told."""
    for _ in range(PATIENCE_S * 20):
        if any(one.data.id == order_id for one in messages[1:]):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("It was never told.")


def check_whole(messages: list[Message]) -> None:
    """Check that a channel was heard from its one snapshot on without a gap or a repetition."""
    first, *rest = messages
    assert first.is_snapshot
    assert not any(one.is_snapshot for one in rest), "it was resumed, never begun anew"
    assert [one.seq for one in messages] == list(range(first.seq, first.seq + len(messages)))


async def test_orders_of_rest_and_of_the_socket_are_heard_by_whom_they_concern(
    trading_site: LiveSite, traders: list[Program]
) -> None:
    alice, bob, _ = traders
    async with (
        AsyncSocket(trading_site.url, alice.key) as socket,
        AsyncSocket(trading_site.url) as stranger,
        AsyncClient(trading_site.url, bob.key) as rest,
    ):
        await stranger.subscribe(f"trades:{BTC}", f"ticker:{BTC}")
        await socket.subscribe(*PRIVATE)
        mine = await socket.place_order(peg("BUY"))
        heard = await until(socket, "orders", "order_update")
        assert isinstance(heard.data, Order)
        assert heard.data.id == mine.id
        theirs = await sold(rest)
        fill = (await until(socket, "fills", "fill")).data
        assert (fill.order_id, fill.liquidity, fill.size) == (mine.id, "MAKER", Decimal("0.001"))
        position = (await until(socket, "positions", "position_update")).data
        assert position.size == Decimal("0.001")
        printed = (await until(stranger, f"trades:{BTC}", "trade")).data
        assert (printed.price, printed.size) == (fill.price, fill.size)
        ticker = (await until(stranger, f"ticker:{BTC}", "ticker")).data
        assert ticker.symbol == BTC
        assert theirs.status in ("FILLED", "PENDING")


def test_the_synchronous_socket_does_the_same(
    trading_site: LiveSite, traders: list[Program]
) -> None:
    with Socket(trading_site.url, traders[0].key) as socket:
        socket.subscribe("wallet")
        assert socket.next(seconds=PATIENCE_S).is_snapshot
        first, second = socket.place_orders([resting(), resting("50001")])
        assert isinstance(first, Order)
        assert isinstance(second, Order)
        assert socket.amend_order(first.id, size="0.002").size == Decimal("0.002")
        assert socket.cancel_order(first.id).status == "CANCELED"
        assert second.id in [one.id for one in socket.cancel_all()]
        with pytest.raises(RejectedError, match="ORDER_NOT_OPEN"):
            socket.cancel_order(second.id)
        with pytest.raises(NotFoundError):
            socket.subscribe(f"orders:{traders[1].account_id}")
        assert socket.ping() > 0


async def test_connections_cut_at_random_miss_nothing_and_hear_nothing_twice(
    trading_site: LiveSite, traders: list[Program]
) -> None:
    alice, bob, _ = traders
    chance = random.Random(7)  # noqa: S311 - a seed, so that it can be seen again
    heard: dict[str, list[Message]] = defaultdict(list)
    sent: list[str] = []
    async with (
        AsyncClient(trading_site.url, alice.key, patience=QUICK) as mine,
        AsyncClient(trading_site.url, bob.key, patience=QUICK) as theirs,
        AsyncSocket(trading_site.url, alice.key, patience=QUICK) as socket,
    ):
        await socket.subscribe(*PRIVATE, f"trades:{BTC}")
        listening = asyncio.create_task(keep(socket, heard))
        cutting = asyncio.create_task(cut(trading_site, socket, chance, longest=0.4))
        async with asyncio.timeout(LONGEST_CUTTING_S):
            while len(sent) < 25 or socket.losses <= 5 or len(heard["fills"]) <= 20:
                assert not cutting.done(), cutting
                sent.append((await mine.place_order(peg("BUY"))).id)
                await sold(theirs)
                await asyncio.sleep(0 if len(sent) < 25 else 0.5)
        cutting.cancel()
        last = await mine.place_order(resting())
        await heard_of(last.id, heard["orders"])
        listed = {one.id: one for one in (await mine.orders(limit=500)).results}
        filled = [one.id for one in (await mine.fills(limit=500)).results]
        await socket.aclose()
        await listening
        await mine.cancel_all()
    assert socket.losses > 5
    for messages in heard.values():
        check_whole(messages)
    told: dict[str, Order] = {}
    for message in heard["orders"][1:]:
        told[message.data.id] = message.data
    assert set(told) == {*sent, last.id}
    for name, order in told.items():
        assert (order.status, order.filled_size) == (listed[name].status, listed[name].filled_size)
    news = [one.data.id for one in heard["fills"][1:]]
    assert len(news) == len(set(news)) >= 20
    assert set(news) <= set(filled)


async def test_orders_placed_while_connections_are_cut_act_once(
    trading_site: LiveSite, traders: list[Program]
) -> None:
    chance = random.Random(11)  # noqa: S311 - a seed
    carol = traders[2]
    async with (
        AsyncSocket(trading_site.url, carol.key, patience=QUICK) as socket,
        AsyncClient(trading_site.url, carol.key, patience=QUICK) as rest,
    ):
        cutting = asyncio.create_task(cut(trading_site, socket, chance, longest=0.2))
        orders = [resting(str(50_000 + place)) for place in range(40)]
        placed: list[str] = []
        async with asyncio.timeout(LONGEST_CUTTING_S):
            for order in orders:
                with suppress(DisconnectedError):
                    placed.append((await socket.place_order(order)).id)
        assert not cutting.done(), cutting
        cutting.cancel()
        listed = [one async for one in rest.every(rest.orders, limit=100)]
        await rest.cancel_all()
    named = [one.client_order_id for one in listed]
    assert len(named) == len(set(named)) <= 40
    assert set(placed) <= {one.id for one in listed}
    assert len(placed) > 20
