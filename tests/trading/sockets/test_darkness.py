"""Two worlds that differ in hidden orders only sound the same at every socket (I22)."""

from collections.abc import Callable
from typing import Any

import pytest
import redis
from asgiref.sync import sync_to_async

from tests.accounts.signing import Signer, signer_of
from tests.exchange import Exchange
from tests.trading.orders import test_darkness as at_rest
from tests.trading.orders.conftest import BTC, ETH, Person, person, publish_mark
from tests.trading.sockets.talking import Talk, on_the_loop
from trading import feed
from trading.rings import Message, Rings

__all__ = ["person"]
Heard = dict[str, list[tuple[int, str, Any]]]
PUBLIC = [f"{kind}:{base}" for kind in feed.OF_A_MARKET for base in (BTC, ETH)]
PUBLIC += list(feed.OF_THE_VENUE)
PRIVATE = list(feed.OF_AN_ACCOUNT)
END = "the end"


async def heard_of_a_day(
    exchange: Exchange,
    people: tuple[Person, Person],
    signers: tuple[Signer, ...],
    told: redis.Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> list[Heard]:
    """Return all that a bystander and two traders hear while the traders live their day."""
    async with Talk() as stranger, Talk() as dave, Talk() as erin:
        listening: list[tuple[Talk, list[str], str]] = []
        for talk, signer in zip((stranger, dave, erin), signers, strict=True):
            await talk.log_in(signer)
            own = (PRIVATE, f":{signer.row.user_id}")
            listening.append((talk, *((PUBLIC, "") if talk is stranger else own)))
        heard: list[Heard] = []
        for talk, channels, _ in listening:
            await talk.do("subscribe", channels=channels)
            heard.append({name: [await next_of(talk, name)] for name in channels})
        with monkeypatch.context() as same:
            at_rest.same_ids(same)
            await sync_to_async(at_rest.a_strangers_day)(*people, exchange)
        for (talk, channels, owner), so_far in zip(listening, heard, strict=True):
            Rings(told).tell([Message(f"{name}{owner}", ending()) for name in channels])
            for name in channels:
                while so_far[name][-1][2] != END:
                    so_far[name].append(await next_of(talk, name))
        return [{name: from_zero(said) for name, said in one.items()} for one in heard]


def ending() -> bytes:
    return feed.snapshot_body(END)


async def next_of(talk: Talk, name: str) -> tuple[int, str, Any]:
    frame = await talk.told(name)
    return frame["seq"], frame["type"], frame["data"]


def from_zero(said: list[tuple[int, str, Any]]) -> list[tuple[int, str, Any]]:
    return [(seq - said[0][0], kind, silent(data)) for seq, kind, data in said]


def silent(data: Any) -> Any:
    """Return what is said without what is salted anew in the same world."""
    if isinstance(data, list):
        return [silent(one) for one in data]
    if isinstance(data, dict):
        return {
            name: silent(value)
            for name, value in data.items()
            if name not in ("commitment", "signature")
        }
    return data


async def two_worlds(
    exchange: Exchange,
    person: Callable[..., Person],
    told: redis.Redis,
    monkeypatch: pytest.MonkeyPatch,
    *,
    changes: Callable[[Person], None],
) -> tuple[list[Heard], list[Heard]]:
    """Return what is heard in a world, and in the one in which somebody did something before."""

    def begin() -> tuple[Person, tuple[Person, Person], tuple[Signer, ...]]:
        carol, dave, erin, frank = person(micro=10**13), person(), person(), person()
        exchange.move(BTC=(955_000, 955_002), ETH=(30_000, 30_002))
        publish_mark(BTC, half_ticks=1_910_002)
        signers = tuple(signer_of(one.user) for one in (frank, dave, erin))
        return carol, (dave, erin), signers

    carol, people, signers = await sync_to_async(begin)()
    worlds, found = at_rest.Worlds(exchange), []
    for change in (None, changes):
        world = worlds.world()
        await sync_to_async(world.__enter__)()
        try:
            await sync_to_async(exchange.tell)(told)
            if change is not None:
                await sync_to_async(change)(carol)
            found.append(await heard_of_a_day(exchange, people, signers, told, monkeypatch))
        finally:
            await sync_to_async(world.__exit__)(None, None, None)
    return found[0], found[1]


@on_the_loop
async def test_hidden_orders_change_no_frame_of_anybody_else(
    exchange: Exchange,
    person: Callable[..., Person],
    session_redis: redis.Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    without, with_hidden = await two_worlds(
        exchange, person, session_redis, monkeypatch, changes=at_rest.hide
    )
    assert with_hidden == without
    stranger, dave, _ = without
    assert len(stranger[f"trades:{BTC}"]) > 2, "somebody has traded"
    assert len(dave["orders"]) > 10
    assert len(dave["fills"]) > 2


@on_the_loop
async def test_the_comparison_hears_an_order_that_trades(
    exchange: Exchange,
    person: Callable[..., Person],
    session_redis: redis.Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    without, with_seller = await two_worlds(
        exchange, person, session_redis, monkeypatch, changes=place_seller
    )
    assert with_seller[0] != without[0]
    assert with_seller[1] != without[1]


def place_seller(carol: Person) -> None:
    carol.place(side="SELL", limit_price="95500", size="0.1")


def test_channels_of_every_kind_are_listened_to() -> None:
    kinds = {name.partition(":")[0] for name in PUBLIC if not name.startswith("system")}
    assert kinds == {*feed.OF_A_MARKET, "tickers"}
    assert set(PRIVATE) == set(feed.OF_AN_ACCOUNT)
