"""The log checked by a job, a piece at a time: whatever is broken is found and alerted once."""

import msgspec
import pytest

from engine.snapshot import snapshot
from tests.exchange import Exchange
from tests.trading.runner.test_snapshots import ALICE, forged, keep_now, same
from trading.log import KeptSnapshot, digest_of, keep_snapshot
from trading.models import Alert, LogCheck
from trading.runner.checking import AGAIN, NEWEST, check_log


@pytest.fixture
def last(exchange: Exchange) -> int:
    """Return how many events an exchange with a little life has."""
    exchange.fund(ALICE)
    return exchange.runner.place.sequence


def walked(name: str) -> int:
    return LogCheck.objects.get(name=name).sequence


def test_one_walk_goes_on_with_what_is_new_and_one_begins_again(
    exchange: Exchange, last: int
) -> None:
    assert check_log(same(), at_once=100) == []
    assert (walked(NEWEST), walked(AGAIN)) == (100, 100)
    assert check_log(same(), at_once=last) == []
    assert (walked(NEWEST), walked(AGAIN)) == (last, 0)
    exchange.fund(ALICE)
    assert check_log(same(), at_once=50) == []
    assert (walked(NEWEST), walked(AGAIN)) == (exchange.runner.place.sequence, 50)
    assert not Alert.objects.exists()


def test_a_byte_changed_behind_the_walk_is_found_by_the_one_that_begins_again(last: int) -> None:
    check_log(same(), at_once=last + 1)
    broken = forged(7, payload=b"another")
    for _ in range(3):
        assert check_log(broken) == ["event 7 is not what its hash says"]
    assert (walked(NEWEST), walked(AGAIN)) == (last, 6)
    alert = Alert.objects.get()
    assert (alert.kind, alert.detail) == ("LOG_BROKEN", "event 7 is not what its hash says")


def test_a_missing_event_is_found_when_it_is_new(last: int) -> None:
    found = check_log(forged(last - 1))
    assert f"after event {last - 2} comes event {last}" in found
    assert walked(NEWEST) == last - 2


def test_a_snapshot_that_is_not_what_replay_gives_is_found(exchange: Exchange, last: int) -> None:
    keep_now(exchange)
    exchange.fund(ALICE)
    keep_now(exchange)
    assert check_log(same()) == []
    told = exchange.runner.state
    told.fees_micro += 1
    exchange.fund(ALICE)
    keep_now(exchange)
    place = exchange.runner.place.sequence
    assert check_log(same()) == [f"the snapshot after event {place} is not what replay gives"]
    assert Alert.objects.filter(kind="LOG_BROKEN").count() == 1


def test_a_snapshot_of_an_older_format_is_compared_by_what_it_restores_to(
    exchange: Exchange, last: int
) -> None:
    assert last
    keep_now(exchange)
    exchange.fund(ALICE)
    keep_in_format_one(exchange)
    assert check_log(same()) == []
    exchange.runner.state.fees_micro += 1
    exchange.fund(ALICE)
    keep_in_format_one(exchange)
    assert len(check_log(same())) == 1


def keep_in_format_one(exchange: Exchange) -> None:
    """Keep a snapshot as an engine of before wrote it, with the lists that it still had."""
    body = msgspec.msgpack.decode(snapshot(exchange.runner.state))
    body["version"] = 1
    for market in body["markets"]:
        market["warned"] = []
    state = msgspec.msgpack.encode(body)
    kept = KeptSnapshot(*exchange.runner.place, digest_of(state), state)
    keep_snapshot(same(), kept, at_ms=exchange.now_ms)
