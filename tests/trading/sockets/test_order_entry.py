"""Orders by socket: answered as by REST, with the frame's own id, and refused alike."""

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from accounts.models import Permission
from compliance.models import AccountRestriction
from compliance.services.restrictions import restrict
from tests.accounts.signing import Signer
from tests.exchange import Exchange
from tests.trading.sockets.talking import Talk, on_the_loop
from trading.models import ArmedSocket, Command, PauseLevel
from trading.services import socket_switches
from trading.services.venue_modes import change_mode

BTC = "BTC-USDT-PERP"
Json = dict[str, Any]
Programs = Callable[..., Signer]


def order(**change: Any) -> Json:
    usual = {"symbol": BTC, "side": "BUY", "type": "LIMIT", "size": "0.1", "limit_price": "90000"}
    return {**usual, "time_in_force": "GTC", **change}


@pytest.fixture
def trader(exchange: Exchange, program: Programs) -> Callable[..., Signer]:
    """Return who makes programs with money, in markets that are open."""
    exchange.move(BTC=(955_000, 955_002))

    def make(*permissions: Permission, tier: str = "LOAD") -> Signer:
        signer = program(*permissions, tier=tier)
        exchange.fund(signer.row.user_id)
        return signer

    return make


async def logged_in(talk: Talk, trader: Callable[..., Signer], *permissions: Permission) -> Signer:
    signer = await sync_to_async(trader)(*permissions)
    assert "data" in await talk.log_in(signer)
    return signer


def commands() -> int:
    return Command.objects.count()


@on_the_loop
async def test_an_order_is_placed_amended_and_canceled_under_the_frames_own_ids(
    trader: Callable[..., Signer],
) -> None:
    async with Talk() as talk:
        await logged_in(talk, trader)
        placed = await talk.do("order.place", data=order(client_order_id="mine"))
        assert (placed["status"], placed["size"], placed["fills"]) == ("OPEN", "0.1", [])
        assert placed["receipt"]["subject_id"]
        named = {"client_order_id": "mine"}
        changed = await talk.do("order.amend", data={**named, "size": "0.05"})
        assert (changed["id"], changed["size"]) == (placed["id"], "0.05")
        ended = await talk.do("order.cancel", data={"id": placed["id"]})
        assert ended["status"] == "CANCELED"
        again = await talk.refusal("order.cancel", data=named)
        assert again["code"] == "ORDER_NOT_OPEN"


@on_the_loop
async def test_a_batch_is_answered_each_by_itself_in_its_order(
    trader: Callable[..., Signer],
) -> None:
    async with Talk() as talk:
        await logged_in(talk, trader)
        batch = [order(), {}, order(size="0.00000001"), order(limit_price="90001"), "nonsense"]
        told = await talk.do("order.place_batch", data={"orders": batch})
        results = told["results"]
        assert [one.get("status") or one["code"] for one in results] == [
            "OPEN",
            "VALIDATION_ERROR",
            "INVALID_SIZE",
            "OPEN",
            "VALIDATION_ERROR",
        ]
        shapes: list[Any] = [
            {"orders": []},
            {"orders": [order()] * 21},
            {},
            {"orders": "x"},
            [],
            None,
        ]
        for wrong in shapes:
            error = await talk.refusal("order.place_batch", data=wrong)
            assert error["code"] == "VALIDATION_ERROR"
        ended = await talk.do("order.cancel_all", data={"symbol": BTC})
        assert {one["status"] for one in ended["results"]} == {"CANCELED"}
        assert len(ended["results"]) == 2


@on_the_loop
async def test_the_same_client_id_by_socket_acts_once(trader: Callable[..., Signer]) -> None:
    async with Talk() as talk:
        await logged_in(talk, trader)
        first = await talk.do("order.place", data=order(client_order_id="once"))
        assert (await talk.do("order.place", data=order(client_order_id="once")))["id"] == first[
            "id"
        ]
        other = await talk.refusal("order.place", data=order(client_order_id="once", size="0.2"))
        assert other["code"] == "DUPLICATE_CLIENT_ORDER_ID"


@on_the_loop
@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("order.place", None),
        ("order.place", []),
        ("order.place", "x"),
        ("order.place", {"symbol": "NO-SUCH", "side": "UP"}),
        ("order.amend", None),
        ("order.amend", {"size": "1"}),
        ("order.amend", {"id": "x"}),
        ("order.cancel", {}),
        ("order.cancel", {"id": "a", "client_order_id": "b"}),
        ("order.cancel", {"id": 7}),
        ("order.cancel_all", {"symbol": 7}),
        ("order.cancel_all", {"everything": True}),
    ],
)
async def test_a_misshapen_order_frame_is_refused_and_changes_nothing(
    trader: Callable[..., Signer], kind: str, data: Any
) -> None:
    async with Talk() as talk:
        await logged_in(talk, trader)
        before = await sync_to_async(commands)()
        assert (await talk.refusal(kind, data=data))["code"] == "VALIDATION_ERROR"
        assert await sync_to_async(commands)() == before


@on_the_loop
async def test_strangers_readers_and_the_frozen_place_nothing(
    trader: Callable[..., Signer], django_capture_on_commit_callbacks: Any
) -> None:
    async with Talk() as talk:
        error = await talk.refusal("order.place", data=order())
        assert error["code"] == "AUTHENTICATION_FAILED"
        await logged_in(talk, trader, Permission.READ)
        error = await talk.refusal("order.place", data=order())
        assert (error["code"], error["extra"]) == ("PERMISSION_DENIED", {"permission": "TRADE"})
        error = await talk.refusal("options", cancel_on_disconnect=True)
        assert error["code"] == "PERMISSION_DENIED"

    async with Talk() as talk:
        signer = await logged_in(talk, trader)
        resting = await talk.do("order.place", data=order())

        def freeze() -> None:
            with django_capture_on_commit_callbacks(execute=True):
                action = AccountRestriction.Action.FREEZE
                restrict(account=signer.row.user, action=action, reason="a drill")

        await sync_to_async(freeze)()
        assert (await talk.refusal("order.place", data=order()))["code"] == "ACCOUNT_FROZEN"
        ended = await talk.do("order.cancel", data={"id": resting["id"]})
        assert ended["status"] == "CANCELED"


@on_the_loop
async def test_others_orders_are_not_there(trader: Callable[..., Signer]) -> None:
    async with Talk() as alice, Talk() as bob:
        await logged_in(alice, trader)
        await logged_in(bob, trader)
        placed = await alice.do("order.place", data=order(client_order_id="hers"))
        for data in ({"id": placed["id"]}, {"client_order_id": "hers"}):
            assert (await bob.refusal("order.cancel", data=data))["code"] == "NOT_FOUND"
            change = {**data, "size": "0.05"}
            assert (await bob.refusal("order.amend", data=change))["code"] == "NOT_FOUND"
        assert (await bob.do("order.cancel_all", data={}))["results"] == []
        assert (await alice.do("order.cancel", data={"id": placed["id"]}))["status"] == "CANCELED"


@on_the_loop
async def test_a_tier_has_so_many_orders_a_minute_and_a_batch_costs_each(
    trader: Callable[..., Signer],
) -> None:
    async with Talk() as talk:
        signer = await sync_to_async(trader)(tier="FREE")
        await talk.log_in(signer)
        await talk.do("order.place_batch", data={"orders": [order(limit_price="1")] * 20})
        error = await talk.refusal("order.place_batch", data={"orders": [order()] * 20})
        assert (error["code"], error["extra"]["per_minute"]) == ("RATE_LIMIT_EXCEEDED", 30)
        await talk.do("order.cancel_all", data={})


@on_the_loop
async def test_what_happens_is_heard_by_its_owner_as_rest_shows_it(
    exchange: Exchange, trader: Callable[..., Signer], session_redis: Any
) -> None:
    await sync_to_async(exchange.tell)(session_redis)
    async with Talk() as alice, Talk() as bob:
        await logged_in(alice, trader)
        await logged_in(bob, trader)
        stranger = await Talk().__aenter__()
        for talk in (alice, bob):
            await talk.do("subscribe", channels=["orders", "fills", "positions", "wallet"])
            for channel in ("orders", "fills", "positions", "wallet"):
                await talk.told(channel)
        await stranger.do("subscribe", channels=[f"trades:{BTC}"])
        await stranger.told(f"trades:{BTC}")
        resting = await alice.do("order.place", data=order(limit_price="96000"))
        assert (await alice.told("orders"))["data"]["status"] == "OPEN"
        assert float((await alice.told("wallet"))["data"]["reserved"]) > 0
        assert await stranger.quiet()
        assert await bob.quiet()
        sold = await bob.do("order.place", data=order(side="SELL", limit_price="95000"))
        mine = (await alice.told("fills"))["data"]
        theirs = (await bob.told("fills"))["data"]
        assert (mine["order_id"], theirs["order_id"]) == (resting["id"], sold["id"])
        assert (mine["liquidity"], theirs["liquidity"]) == ("MAKER", "TAKER")
        assert [sold["fills"][0][name] for name in theirs] == list(theirs.values())
        told = (await bob.told("orders"))["data"]
        assert "receipt" not in told
        assert told == {name: sold[name] for name in told}
        assert (await alice.told("orders"))["data"]["status"] == "FILLED"
        print_ = (await stranger.told(f"trades:{BTC}"))["data"]
        assert set(print_) == {"price", "size", "executed_at"}
        assert await stranger.quiet()
        await stranger.__aexit__()


@on_the_loop
async def test_a_pause_of_the_venue_is_told_to_everybody(
    exchange: Exchange, django_capture_on_commit_callbacks: Any
) -> None:
    del exchange

    def pause() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            change_mode(PauseLevel.NEW_ORDERS_PAUSED, reason="a drill")

    async with Talk() as talk:
        await talk.do("subscribe", channels=["system:status", "system:maintenance"])
        assert (await talk.told("system:status"))["data"]["pause_level"] == 0
        await talk.told("system:maintenance")
        await sync_to_async(pause)()
        told = await talk.told("system:status")
        assert (told["type"], told["data"]["pause_level"]) == ("status", 1)
        assert told["data"]["reason"] == "a drill"
        assert (await talk.told("system:maintenance"))["data"]["is_under_maintenance"] is True


@on_the_loop
async def test_the_end_of_an_armed_socket_cancels_and_of_another_does_not(
    exchange: Exchange, trader: Callable[..., Signer]
) -> None:
    signer = await sync_to_async(trader)()
    for armed, status in ((False, "OPEN"), (True, "CANCELED")):
        async with Talk() as talk:
            await talk.log_in(signer)
            placed = await talk.do("order.place", data=order())
            for wanted in (True, armed):
                told = await talk.do("options", cancel_on_disconnect=wanted)
                assert told == {"cancel_on_disconnect": wanted}
        await sync_to_async(exchange.settle)()
        async with Talk() as talk:
            await talk.log_in(signer)
            cancel = await talk.ask("order.cancel", data={"id": placed["id"]})
            assert ("error" in cancel) is armed
            if armed:
                assert cancel["error"]["extra"]["order"]["status"] == status


@on_the_loop
async def test_sockets_of_a_web_process_that_says_nothing_more_are_fired_by_the_job(
    exchange: Exchange, trader: Callable[..., Signer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_switches, "LOST", socket_switches.LOST.replace("5 seconds", "0 s"))
    async with Talk() as talk:
        await logged_in(talk, trader)
        placed = await talk.do("order.place", data=order())
        await talk.do("options", cancel_on_disconnect=True)
        assert await sync_to_async(ArmedSocket.objects.count)() == 1
        assert await sync_to_async(socket_switches.fire_lost)() == 1
        assert await sync_to_async(socket_switches.fire_lost)() == 0
        await sync_to_async(exchange.settle)()
        again = await talk.refusal("order.cancel", data={"id": placed["id"]})
        assert again["extra"]["order"]["status"] == "CANCELED"
