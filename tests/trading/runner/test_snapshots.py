"""Snapshots and restore: short ways to the same state, and what happens when one is broken."""

import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from engine import codec
from engine import commands as c
from engine.chain import digest
from engine.vocabulary import OrderType, Side
from tests.exchange import Exchange, SameConnection
from trading import log as event_log
from trading.models import Alert, Snapshot
from trading.runner.restore import restore
from trading.runner.snapshots import keep
from trading.runner.verifying import verify

ALICE = str(uuid.uuid4())


def same() -> Any:
    return SameConnection()


def keep_now(exchange: Exchange) -> None:
    runner = exchange.runner
    keep(same(), runner.state, runner.place, at_ms=runner.at_ms)


def rest_an_order(exchange: Exchange) -> None:
    exchange.give(
        c.SubmitOrder(
            at_ms=0,
            order_id=str(uuid.uuid4()),
            account_id=ALICE,
            market_id="BTC-USDT-PERP",
            side=Side.BUY,
            order_type=OrderType.PEG_BID,
            quantity_lots=3,
        )
    )


def test_a_restore_begins_at_the_newest_snapshot(exchange: Exchange) -> None:
    exchange.fund(ALICE)
    keep_now(exchange)
    rest_an_order(exchange)
    restored = restore(same())
    assert digest(restored.state) == digest(exchange.runner.state)
    assert restored.place == exchange.runner.place


def test_only_the_newest_snapshots_are_kept(exchange: Exchange) -> None:
    exchange.fund(ALICE)
    for _ in range(event_log.SNAPSHOTS_KEPT + 2):
        rest_an_order(exchange)
        keep_now(exchange)
    kept = event_log.snapshot_places(same())
    assert len(kept) == event_log.SNAPSHOTS_KEPT
    assert kept[0] == exchange.runner.place.sequence


@pytest.mark.parametrize("column", ["state", "digest", "head"])
def test_a_broken_snapshot_is_passed_over_with_an_alert(exchange: Exchange, column: str) -> None:
    exchange.fund(ALICE)
    keep_now(exchange)
    rest_an_order(exchange)
    keep_now(exchange)
    newest = Snapshot.objects.order_by("-sequence")[0]
    broken = bytearray(getattr(newest, column))
    broken[len(broken) // 2] ^= 1
    Snapshot.objects.filter(sequence=newest.sequence).update(**{column: bytes(broken)})
    restored = restore(same())
    assert digest(restored.state) == digest(exchange.runner.state)
    assert Alert.objects.get().kind == "SNAPSHOT_BROKEN"


def test_without_any_snapshot_the_whole_log_gives_the_same(exchange: Exchange) -> None:
    exchange.fund(ALICE)
    rest_an_order(exchange)
    assert not Snapshot.objects.exists()
    assert digest(restore(same()).state) == digest(exchange.runner.state)


class ForgedLog(SameConnection):
    """The test's connection, through which one event of the log reads otherwise, or not at all.

    PostgreSQL itself lets nobody of the site rewrite one; a disk or a superuser might.
    """

    def __init__(self, sequence: int, **columns: Any) -> None:
        super().__init__()
        self._sequence = sequence
        self._columns = columns

    def execute(self, query: Any, params: Any = None) -> Any:
        """Execute a statement; forge what a reader of the log gets."""
        cursor = super().execute(query, params)
        if query != event_log.READ:
            return cursor
        rows = [event_log.LogRow(*row) for row in cursor.fetchall()]
        return SimpleNamespace(fetchall=lambda: [one for row in rows for one in self._forge(row)])

    def _forge(self, row: event_log.LogRow) -> list[event_log.LogRow]:
        if row.sequence != self._sequence:
            return [row]
        return [row._replace(**self._columns)] if self._columns else []


def forged(sequence: int, **columns: Any) -> Any:
    return ForgedLog(sequence, **columns)


def test_a_changed_byte_anywhere_is_found(exchange: Exchange) -> None:
    exchange.fund(ALICE)
    rest_an_order(exchange)
    assert verify(same()).differences == []
    for row in list(event_log.read_after(same(), event_log.BEGINNING))[::7]:
        for name in ("payload", "head"):
            changed = bytearray(getattr(row, name))
            changed[row.sequence % len(changed)] ^= 1 << (row.sequence % 8)
            reading = forged(row.sequence, **{name: bytes(changed)})
            assert verify(reading).differences, (row.sequence, name)
            with pytest.raises(event_log.LogBrokenError):
                restore(reading)


def test_a_missing_event_is_found(exchange: Exchange) -> None:
    exchange.fund(ALICE)
    assert verify(forged(30)).differences == ["after event 29 comes event 31"]
    with pytest.raises(event_log.LogBrokenError):
        restore(forged(30))


def test_verifying_compares_snapshots_and_decides_every_command_anew(exchange: Exchange) -> None:
    exchange.fund(ALICE)
    rest_an_order(exchange)
    keep_now(exchange)
    exchange.wait(3 * 3_600_000)
    report = verify(same(), decides=True)
    assert report.differences == []
    assert report.snapshots == 1
    assert report.place == exchange.runner.place


def test_an_event_whose_command_was_changed_is_found(exchange: Exchange) -> None:
    exchange.fund(ALICE)
    rest_an_order(exchange)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE trading_command SET payload = %s WHERE kind = 'CreditDeposit'",
            [
                codec.encode(
                    c.CreditDeposit(at_ms=0, deposit_id="x", account_id=ALICE, amount_micro=1)
                )
            ],
        )
    assert verify(same()).differences == []
    assert "is not what the engine decides today" in verify(same(), decides=True).differences[0]


def test_events_of_an_older_version_are_brought_up_to_date(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange.fund(ALICE)
    rest_an_order(exchange)
    was = digest(exchange.runner.state)

    # Tomorrow's code: DepositCredited is of version 2, and its field had another name in version 1.
    def rename(body: dict[str, Any]) -> dict[str, Any]:
        upcast.append(body["deposit_id"])
        return body

    upcast: list[str] = []
    monkeypatch.setitem(codec.VERSIONS, "DepositCredited", 2)
    monkeypatch.setitem(codec.UPCASTS, ("DepositCredited", 1), rename)
    restored = restore(same())
    assert digest(restored.state) == was
    assert len(upcast) == 1
    exchange.restart()
    exchange.fund(ALICE)
    assert len(upcast) == 2, "the one of version 2 needs none"
    assert verify(same()).differences == []
