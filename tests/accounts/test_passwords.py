"""How many hashes a process has under way, and what happens to whoever comes on top."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.hashers import get_hasher
from django.test import Client

from accounts import passwords
from accounts.passwords import BoundedArgon2, Gate
from godark.errors import Code, Failure
from tests.accounts.factories import PASSWORD
from tests.accounts.test_sign_up import sign_up


@pytest.fixture
def closed_gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """Let two hashes be under way already, and nobody be willing to wait."""
    gate = Gate(at_once=2, waiting=0, patience_seconds=3)
    monkeypatch.setattr(passwords, "hashing", gate)
    with gate.passed(), gate.passed():
        yield gate


def test_every_hash_of_the_site_passes_the_gate(settings: object) -> None:
    del settings
    assert isinstance(get_hasher("default"), BoundedArgon2)


def test_no_more_than_so_many_are_inside_at_once_and_the_others_wait_for_them() -> None:
    gate, inside, most, lock = (
        Gate(at_once=2, waiting=6, patience_seconds=30),
        0,
        0,
        threading.Lock(),
    )
    together = threading.Barrier(2)

    def come(_: int) -> None:
        nonlocal inside, most
        with gate.passed():
            with lock:
                inside += 1
                most = max(most, inside)
            together.wait(timeout=30)  # ends only for two at once
            with lock:
                inside -= 1

    with ThreadPoolExecutor(max_workers=8) as threads:
        assert list(threads.map(come, range(8))) == [None] * 8
    assert most == 2


def test_whoever_finds_no_seat_is_sent_away_at_once(closed_gate: Gate) -> None:
    with pytest.raises(Failure) as refused, closed_gate.passed():
        pass
    assert (refused.value.code, refused.value.retry_after_seconds) == (Code.UNAVAILABLE, 3)


def test_whoever_waited_in_vain_is_sent_away() -> None:
    gate = Gate(at_once=1, waiting=1, patience_seconds=0.01)
    with gate.passed(), pytest.raises(Failure), gate.passed():
        pass
    with gate.passed():
        pass  # both the place and the seat are free again


@pytest.mark.django_db
@pytest.mark.usefixtures("closed_gate")
def test_a_log_in_that_finds_the_gate_closed_is_told_to_come_again(client: Client) -> None:
    answer = client.post("/login", {"email": "anna@godark.example", "password": PASSWORD})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")
    assert sign_up(client).status_code == 503
