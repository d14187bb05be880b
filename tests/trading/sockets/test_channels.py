"""Channels: who may hear which, what comes first, and that nothing is missed or passed on."""

import asyncio
import itertools
from collections.abc import Callable
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.test import Client

from accounts.models import Permission
from tests.accounts.factories import UserFactory
from tests.accounts.signing import Signer
from tests.trading.sockets.talking import Talk, on_the_loop
from trading import feed
from trading.consumers import lines
from trading.consumers.hub import Hub
from trading.rings import KEPT, Message, Missed, RingReader, Rings

pytestmark = pytest.mark.usefixtures("listing")

BTC = "BTC-USDT-PERP"
TRADES = f"trades:{BTC}"


def prints(count: int, *, first: int = 0) -> list[Message]:
    return [
        feed.traded(BTC, price=str(first + place), size="1", executed_at=1)
        for place in range(count)
    ]


@on_the_loop
async def test_a_subscription_is_answered_then_comes_a_snapshot_then_what_is_told(
    rings: Rings,
) -> None:
    async with Talk() as talk:
        assert await talk.do("subscribe", channels=[TRADES]) == {"channels": [TRADES]}
        assert not talk.heard
        snapshot = await talk.told(TRADES)
        assert (snapshot["type"], snapshot["data"]) == ("snapshot", [])
        assert set(snapshot) == {"channel", "seq", "type", "data", "sent_at"}
        rings.tell(prints(3))
        frames = [await talk.told(TRADES) for _ in range(3)]
        assert [frame["type"] for frame in frames] == ["trade"] * 3
        assert [frame["data"]["price"] for frame in frames] == ["0", "1", "2"]
        assert [frame["seq"] - snapshot["seq"] for frame in frames] == [1, 2, 3]


@on_the_loop
async def test_every_public_channel_gives_a_snapshot() -> None:
    of_btc = [f"{kind}:{BTC}" for kind in feed.OF_A_MARKET]
    names = [*of_btc, *feed.OF_THE_VENUE]
    async with Talk() as talk:
        await talk.do("subscribe", channels=names)
        found = {name: (await talk.told(name))["data"] for name in names}
    assert len(found["tickers"]) == 60
    assert found[f"ticker:{BTC}"]["symbol"] == BTC
    assert len(found["system:status"]["markets"]) == 60
    assert found["system:maintenance"]["is_under_maintenance"] is False


@on_the_loop
async def test_every_private_channel_gives_its_owners_snapshot(
    program: Callable[..., Signer],
) -> None:
    async with Talk() as talk:
        signer = await sync_to_async(program)()
        await talk.log_in(signer)
        await talk.do("subscribe", channels=list(feed.OF_AN_ACCOUNT))
        found = {name: await talk.told(name) for name in feed.OF_AN_ACCOUNT}
    assert {frame["type"] for frame in found.values()} == {"snapshot"}
    assert found["wallet"]["data"]["free"] == "0"
    assert found["orders"]["data"] == found["fills"]["data"] == found["positions"]["data"] == []


@on_the_loop
async def test_what_is_told_to_one_account_reaches_its_own_sockets_only(
    program: Callable[..., Signer], rings: Rings
) -> None:
    alice, bob = await sync_to_async(program)(), await sync_to_async(program)()
    alice_id, bob_id = alice.row.user_id, bob.row.user_id
    async with Talk() as first, Talk() as second, Talk() as other:
        for talk, signer in ((first, alice), (second, alice), (other, bob)):
            await talk.log_in(signer)
            await talk.do("subscribe", channels=["orders"])
            await talk.told("orders")
        rings.tell([feed.order_changed(alice_id, {"id": "of alice"})])
        for talk in (first, second):
            assert (await talk.told("orders"))["data"] == {"id": "of alice"}
        assert await other.quiet()
        rings.tell([feed.order_changed(bob_id, {"id": "of bob"})])
        assert (await other.told("orders"))["data"] == {"id": "of bob"}
        assert await first.quiet()


@on_the_loop
async def test_ones_own_channel_may_be_named_with_ones_own_id_and_is_told_by_that_name(
    program: Callable[..., Signer], rings: Rings
) -> None:
    alice = await sync_to_async(program)()
    name = f"fills:{alice.row.user_id}"
    async with Talk() as talk:
        await talk.log_in(alice)
        assert await talk.do("subscribe", channels=[name]) == {"channels": [name]}
        assert (await talk.told(name))["type"] == "snapshot"
        rings.tell([feed.filled(alice.row.user_id, {"id": "f"})])
        assert (await talk.told(name))["data"] == {"id": "f"}
        assert await talk.do("subscribe", channels=["fills"]) == {"channels": [name]}
        assert await talk.quiet()


@on_the_loop
async def test_anothers_channel_is_refused_in_every_spelling_like_one_that_is_not(
    program: Callable[..., Signer],
) -> None:
    alice, bob = await sync_to_async(program)(), await sync_to_async(program)()
    other = str(bob.row.user_id)
    spellings = [
        other,
        other.upper(),
        other.replace("-", ""),
        "{" + other + "}",
        f"urn:uuid:{other}",
        f" {other}",
        f"{other} ",
        f"{other}:",
        f"{alice.row.user_id}:{other}",
        f"{alice.row.user_id},{other}",
        "*",
        "",
        str(uuid4()),
        str(alice.row.user_id).upper(),
    ]
    names = [f"{kind}:{spelling}" for kind in feed.OF_AN_ACCOUNT for spelling in spellings]
    names += [f"ORDERS:{other}", f"Orders:{other}", f"orders::{other}", f"orders/{other}"]
    answers = set()
    async with Talk() as talk:
        await talk.log_in(alice)
        for name in [*names, "nonsense", "trades", "trades:", "trades:NO-SUCH"]:
            if len(name) > feed.LONGEST_NAME:
                continue
            for frame in ({"channels": [name]}, {"channels": ["orders", name]}):
                error = await talk.refusal("subscribe", **frame)
                answers.add((error["code"], error["detail"], error["field"]))
            error = await talk.refusal("resume", channel=name, since=1)
            answers.add((error["code"], error["detail"], error["field"]))
        assert await talk.quiet()
    assert answers == {("NOT_FOUND", "There is no such channel here.", "channels")}


@on_the_loop
async def test_a_stranger_hears_nothing_private_and_may_say_who_they_are_then(
    program: Callable[..., Signer],
) -> None:
    async with Talk() as talk:
        for name in ("orders", f"orders:{uuid4()}"):
            error = await talk.refusal("subscribe", channels=[name])
            assert error["code"] == "AUTHENTICATION_FAILED"
        signer = await sync_to_async(program)()
        await talk.log_in(signer)
        await talk.do("subscribe", channels=["orders"])


@on_the_loop
async def test_a_key_that_may_not_read_hears_nothing_private(
    program: Callable[..., Signer],
) -> None:
    signer = await sync_to_async(program)(Permission.TRADE)
    async with Talk() as talk:
        await talk.log_in(signer)
        error = await talk.refusal("subscribe", channels=["wallet"])
        assert (error["code"], error["extra"]) == ("PERMISSION_DENIED", {"permission": "READ"})
        await talk.do("subscribe", channels=["tickers"])


@on_the_loop
async def test_a_browser_speaks_for_whom_its_cookie_stands() -> None:
    user = await sync_to_async(UserFactory.create)()
    client = Client()
    backend = "django.contrib.auth.backends.ModelBackend"
    await sync_to_async(client.force_login)(user, backend=backend)
    cookie = f"sessionid={client.cookies['sessionid'].value}".encode()
    async with Talk((b"cookie", cookie), (b"origin", b"http://127.0.0.1:8000")) as talk:
        await talk.do("subscribe", channels=[f"orders:{user.pk}"])
    for wrong in (b"sessionid=" + b"0" * 32, b"sessionid=\x00", b"sessionid", b"nonsense"):
        async with Talk((b"cookie", wrong)) as talk:
            error = await talk.refusal("subscribe", channels=["orders"])
            assert error["code"] == "AUTHENTICATION_FAILED"


@on_the_loop
async def test_what_was_missed_is_sent_by_resume_and_nothing_else(rings: Rings) -> None:
    async with Talk() as talk:
        await talk.do("subscribe", channels=[TRADES])
        snapshot = await talk.told(TRADES)
        rings.tell(prints(2))
        last = [await talk.told(TRADES) for _ in range(2)][-1]
    rings.tell(prints(5, first=2))
    async with Talk() as talk:
        told = await talk.do("resume", channel=TRADES, since=last["seq"])
        assert told == {"channel": TRADES, "since": last["seq"], "resumed": True}
        frames = [await talk.told(TRADES) for _ in range(5)]
        assert [frame["data"]["price"] for frame in frames] == ["2", "3", "4", "5", "6"]
        assert [frame["seq"] - snapshot["seq"] for frame in frames] == [3, 4, 5, 6, 7]
        rings.tell(prints(1, first=7))
        assert (await talk.told(TRADES))["data"]["price"] == "7"
        again = await talk.do("resume", channel=TRADES, since=last["seq"] + 5)
        assert again["resumed"]
        assert [frame["data"]["price"] for frame in talk.heard] == []
        assert (await talk.told(TRADES))["data"]["price"] == "7"
        assert await talk.quiet()


@on_the_loop
@pytest.mark.parametrize("reads_with_news", [1, 2, 4])
@pytest.mark.parametrize("heard_after_s", [0, 0.05])
@pytest.mark.parametrize("somebody_listens", [True, False])
async def test_resuming_misses_nothing_and_begins_nothing_anew_while_news_goes_on(
    rings: Rings,
    monkeypatch: pytest.MonkeyPatch,
    reads_with_news: int,
    heard_after_s: float,
    *,
    somebody_listens: bool,
) -> None:
    async with Talk() as other, Talk() as talk:
        if somebody_listens:
            await other.do("subscribe", channels=[TRADES])
            since = (await other.told(TRADES))["seq"]
        else:
            await talk.do("subscribe", channels=[TRADES])
            since = (await talk.told(TRADES))["seq"]
            await talk.do("unsubscribe", channels=[TRADES])
        rings.tell(prints(3))
        read = RingReader.missed_since
        reads = itertools.count(1)

        async def read_and_tell(reader: RingReader, channel: str, number: int | None) -> Missed:
            if (count := next(reads)) <= reads_with_news:
                rings.tell(prints(1, first=2 + count))
            return await read(reader, channel, number)

        take = Hub._take

        def take_late(hub: Hub, data: bytes) -> None:
            asyncio.get_running_loop().call_later(heard_after_s, take, hub, data)

        monkeypatch.setattr(Hub, "_take", take_late)
        monkeypatch.setattr(RingReader, "missed_since", read_and_tell)
        assert (await talk.do("resume", channel=TRADES, since=since))["resumed"]
        rings.tell(prints(1, first=99))
        prices = []
        while "99" not in prices:
            frame = await talk.told(TRADES)
            prices.append(frame["data"]["price"])
            assert frame["seq"] == since + len(prices)
        assert prices[:3] == ["0", "1", "2"]


@on_the_loop
@pytest.mark.parametrize("since", [0, 5, 2**53 - 1])
async def test_what_is_not_kept_is_made_good_by_a_snapshot(rings: Rings, since: int) -> None:
    for first in range(0, KEPT + 200, 100):
        rings.tell(prints(100, first=first))
    async with Talk() as talk:
        told = await talk.do("resume", channel=TRADES, since=since)
        assert told["resumed"] is False
        snapshot = await talk.told(TRADES)
        assert snapshot["type"] == "snapshot"
        rings.tell(prints(1))
        assert (await talk.told(TRADES))["seq"] == snapshot["seq"] + 1


@on_the_loop
async def test_after_a_doubt_whoever_listens_gets_a_new_snapshot(rings: Rings) -> None:
    async with Talk() as talk:
        await talk.do("subscribe", channels=[TRADES])
        first = await talk.told(TRADES)
        rings.doubt()
        second = await talk.told(TRADES)
        assert (second["type"], second["seq"] > first["seq"]) == ("snapshot", True)
        rings.tell(prints(1))
        frame = await talk.told(TRADES)
        assert (frame["type"], frame["seq"]) == ("trade", second["seq"] + 1)


@on_the_loop
async def test_who_is_too_far_behind_by_its_own_word_is_cut_off_and_nobody_else(
    rings: Rings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "OWED_AT_MOST", 20)
    async with Talk() as slow, Talk() as quick:
        for talk in (slow, quick):
            await talk.do("subscribe", channels=[TRADES])
            seen = (await talk.told(TRADES))["seq"]
        rings.tell(prints(30))
        for talk in (slow, quick):
            last = [await talk.told(TRADES) for _ in range(30)][-1]["seq"]
            await talk.ask("ping", seq=last)
        rings.tell(prints(20, first=30))
        await quick.ask("ping", seq=[await quick.told(TRADES) for _ in range(20)][-1]["seq"])
        rings.tell(prints(1, first=50))
        closed = await slow.closed()
        assert (closed["code"], "behind" in closed["reason"]) == (4408, True)
        rings.tell(prints(5, first=51))
        numbers = [(await quick.told(TRADES))["seq"] for _ in range(6)]
        assert numbers == [seen + 50 + place for place in range(1, 7)]


@on_the_loop
async def test_what_is_left_is_heard_no_longer(rings: Rings) -> None:
    async with Talk() as talk:
        await talk.do("subscribe", channels=[TRADES, "tickers"])
        await talk.told(TRADES)
        await talk.told("tickers")
        left = await talk.do("unsubscribe", channels=[TRADES, "orders", "nonsense"])
        assert left == {"channels": [TRADES]}
        rings.tell([*prints(1), feed.ticked_all([])])
        assert (await talk.told("tickers"))["data"] == []
        assert await talk.quiet()


@on_the_loop
@pytest.mark.parametrize(
    "channels", [None, "tickers", [], [1], [None], {"a": 1}, ["tickers"] * 1_001, ["x" * 65]]
)
async def test_what_is_no_list_of_channels_is_refused(channels: object) -> None:
    async with Talk() as talk:
        error = await talk.refusal("subscribe", channels=channels)
        assert (error["code"], error["field"]) == ("VALIDATION_ERROR", "channels")


@on_the_loop
async def test_a_tier_has_so_many_channels_on_one_connection() -> None:
    names = [
        f"ticker:{base}-USDT-PERP"
        for base in ["BTC", "ETH", "BNB", "XRP", "SOL", "DOGE", "ADA", "TON", "M"]
    ]
    async with Talk() as talk:
        await talk.do("subscribe", channels=[*names, "tickers"])
        error = await talk.refusal("subscribe", channels=[TRADES])
        assert (error["code"], error["extra"]) == ("RATE_LIMIT_EXCEEDED", {"subscriptions": 10})
        error = await talk.refusal("resume", channel=TRADES, since=1)
        assert error["code"] == "RATE_LIMIT_EXCEEDED"
        await talk.do("unsubscribe", channels=["tickers"])
        await talk.do("subscribe", channels=[TRADES])
