import msgspec
import pytest

from engine import codec
from engine.chain import GENESIS, link
from engine.codec import CodecError, decode_command, decode_event, encode
from engine.commands import CancelOrder
from engine.events import LiquidationWarned
from engine.exchange import apply
from engine.snapshot import UPGRADES, VERSION, SnapshotError, restore, snapshot
from engine.state import State
from tests.engine.world import RandomWorld

WARNED = LiquidationWarned(at_ms=1, account_id="a", market_id="BTC", mark_half_ticks=3)


def test_every_command_survives_the_codec() -> None:
    world = RandomWorld(seed=1)
    for command in world.opening() + [world.command() for _ in range(600)]:
        assert decode_command(encode(command)) == command


def test_equal_records_give_equal_bytes_and_different_ones_do_not() -> None:
    one = CancelOrder(at_ms=1, order_id="1", account_id="a")
    assert encode(one) == encode(CancelOrder(at_ms=1, account_id="a", order_id="1"))
    assert encode(one) != encode(CancelOrder(at_ms=2, account_id="a", order_id="1"))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        msgspec.msgpack.encode(("NoSuchEvent", 1, {})),
        msgspec.msgpack.encode(("LiquidationWarned", 1, {"at_ms": "never"})),
        encode(WARNED)[:-1],
        encode(WARNED).replace(b"account_id", b"account_\xff\xff"),
        b"\x93\xa1a\x01" + b"\x81\xa1a" * 5_000 + b"\x80",
        msgspec.msgpack.encode(("LiquidationWarned", 2, msgspec.to_builtins(WARNED))),
    ],
)
def test_bytes_that_are_no_event_are_refused(data: bytes) -> None:
    with pytest.raises(CodecError):
        decode_event(data)


def test_an_older_version_is_brought_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    old = msgspec.msgpack.encode(
        ("LiquidationWarned", 1, {"at_ms": 1, "account_id": "a", "market_id": "BTC", "mark": 3})
    )
    monkeypatch.setitem(codec.VERSIONS, "LiquidationWarned", 2)
    monkeypatch.setitem(
        codec.UPCASTS,
        ("LiquidationWarned", 1),
        lambda body: {**body, "mark_half_ticks": body.pop("mark")},
    )
    assert decode_event(old) == WARNED


def test_a_changed_byte_breaks_the_chain() -> None:
    data = encode(WARNED)
    changed = data[:-1] + bytes([data[-1] ^ 1])
    assert link(GENESIS, data) != link(GENESIS, changed)


def test_an_older_snapshot_is_upgraded(monkeypatch: pytest.MonkeyPatch) -> None:
    body = msgspec.msgpack.decode(snapshot(State()))
    body["version"] = 0
    del body["fees_micro"]
    monkeypatch.setitem(UPGRADES, 0, lambda old: {**old, "version": 1, "fees_micro": 7})
    assert restore(msgspec.msgpack.encode(body)).fees_micro == 7


def test_a_snapshot_of_the_first_version_gives_the_same_state() -> None:
    world, state = RandomWorld(seed=1), State()
    for command in world.opening() + [world.command() for _ in range(300)]:
        apply(state, command)
    body = msgspec.msgpack.decode(snapshot(state))
    assert body["version"] == VERSION == 2
    body["version"] = 1
    for market in body["markets"]:
        market["warned"] = []
    assert snapshot(restore(msgspec.msgpack.encode(body))) == snapshot(state)


def test_a_snapshot_of_a_newer_engine_is_refused() -> None:
    body = msgspec.msgpack.decode(snapshot(State())) | {"version": VERSION + 1}
    with pytest.raises(SnapshotError, match="version 3; this engine reads to 2"):
        restore(msgspec.msgpack.encode(body))
