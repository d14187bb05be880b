"""`godark-verify mirror`: what the chain bears out is kept, and nothing else."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import pytest
from django.test import Client

from godark_client import solana, verify
from godark_client.errors import NotFoundError
from godark_client.mirroring import check_file, kept_file, mirror
from godark_client.proofs import FalseError
from godark_client.solana import Program
from tests.chain.conftest import chain
from tests.trading.leaving import NODE, Verifier, verifier
from tests.trading.test_checkpoints import collect, landed, two_traders
from tests.trading.test_settlement import Venue, venue

__all__ = ["chain", "venue", "verifier"]


class Publisher:
    """The venue as a mirror sees it; `changed` is what it gives instead of what it published."""

    changed: Callable[[bytes], bytes] = staticmethod(bytes)
    asked = 0

    def __init__(self, _url: str = "") -> None:
        self.site = Client()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def read(self, path: str, _answer: type[bytes]) -> bytes:
        Publisher.asked += 1
        return Publisher.changed(collect(self.site.get(f"/api/v1{path}")))

    def fetch(self, number: int) -> bytes:
        return self.read(f"/settlement/checkpoints/{number}/leaves", bytes)


@pytest.fixture
def program(venue: Venue, verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> Program:
    two_traders(venue)
    landed(venue)
    monkeypatch.setattr(verify, "Client", Publisher)
    monkeypatch.setattr(Publisher, "asked", 0)
    node: solana.Node = verify.Node(NODE)  # type: ignore[attr-defined]  # the fixture's own node
    return Program(node, bytes(venue.door.addresses.program))


def test_a_mirror_gets_each_file_once_and_checks_what_it_has(
    venue: Venue, program: Program, verifier: Verifier, tmp_path: Path
) -> None:
    folder = tmp_path / "mirror"
    words = ("mirror", str(folder), "--url", "http://venue.example")
    address = str(venue.door.addresses.program)
    said = verifier(*words, "--program", address)
    assert said == ["0", "ok: checkpoint 1: 4 claims at state root 5", f"ok: 1 files in {folder}"]
    assert verifier(*words, "--program", address) == ["0", f"ok: 1 files in {folder}"]
    assert Publisher.asked == 1
    assert kept_file(folder, program).number == 1
    (place,) = folder.iterdir()
    place.write_bytes(place.read_bytes()[:-1] + b"\0")
    said = verifier(*words, "--program", address)
    assert said[0] == "1"
    assert said[-1].startswith("FALSE: checkpoint 1: The file is not that of checkpoint 1.")


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:-1] + bytes([data[-1] ^ 1]),
        lambda data: data[:-32],
        lambda _: b"",
    ],
    ids=["changed", "cut", "empty"],
)
def test_what_was_changed_on_the_way_is_not_kept(
    program: Program,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[bytes], bytes],
) -> None:
    monkeypatch.setattr(Publisher, "changed", staticmethod(change))
    with pytest.raises(FalseError, match="checkpoint 1: "):
        list(mirror(program, tmp_path / "mirror", Publisher().fetch))
    assert list((tmp_path / "mirror").iterdir()) == []


def test_what_the_venue_does_not_give_is_named(program: Program, tmp_path: Path) -> None:
    def refuse(_: int) -> bytes:
        raise NotFoundError("NOT_FOUND", "It is not kept.")

    with pytest.raises(FalseError, match=r"checkpoint 1: .*It is not kept"):
        list(mirror(program, tmp_path, refuse))


@pytest.mark.parametrize("name", ["number", "root_number", "leaves"])
def test_a_file_whose_hash_is_right_and_whose_numbers_are_not_is_refused(
    program: Program, name: str
) -> None:
    data, known = Publisher().fetch(1), program.checkpoints()[1]
    assert check_file(data, known).number == 1
    changed: dict[str, Any] = {name: getattr(known, name) + 1}
    with pytest.raises(FalseError):
        check_file(data, replace(known, **changed))


@pytest.mark.parametrize("name", ["plain_root", "ids_root", "marks_root"])
def test_a_file_whose_hash_is_right_and_whose_roots_are_not_is_refused(
    program: Program, name: str
) -> None:
    data, known = Publisher().fetch(1), program.checkpoints()[1]
    changed: dict[str, Any] = {name: bytes(32)}
    with pytest.raises(FalseError, match="make another root"):
        check_file(data, replace(known, **changed))
