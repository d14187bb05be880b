"""`godark-verify` tells what is as it was signed from what is not."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from godark_client import verify
from godark_client.proofs import FalseError
from tests.tidy.tree import ROOT

PAGE = (ROOT / "docs" / "PROOFS.md").read_text(encoding="utf-8")
Json = dict[str, Any]


@pytest.fixture
def vector() -> Json:
    """Return the receipt of the page, with its terms and opening."""
    found = re.findall(r"```json\n(.*?)```", PAGE[PAGE.index("## Receipts") :], re.DOTALL)
    told: Json = json.loads(found[0])
    return told


def run(folder: Path, capsys: pytest.CaptureFixture[str], *words: str, **files: Json) -> list[str]:
    """Return the exit code and what was said."""
    told = list(words)
    for name, content in files.items():
        path = folder / f"{name}.json"
        path.write_text(json.dumps(content))
        told += [str(path)] if name == "receipt" else [f"--{name}", str(path)]
    code = verify.main(told)
    said = capsys.readouterr()
    return [str(code), *(said.out + said.err).splitlines()]


def test_the_pages_receipt_is_signed_about_its_terms_and_at_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], vector: Json
) -> None:
    key = ("--key", vector["receipt"]["key"])
    said = run(tmp_path, capsys, *key, **vector)
    assert said[0] == "0"
    assert [line.split()[1] for line in said[1:]] == ["signed", "about", "committed"]
    order = {"id": "x", "receipt": vector["receipt"]}
    assert run(tmp_path, capsys, *key, receipt=order)[0] == "0"


@pytest.mark.parametrize("field", ["account_sequence", "digest", "issued_at", "signature", "key"])
def test_any_change_of_a_receipt_is_seen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], vector: Json, field: str
) -> None:
    receipt, value = vector["receipt"], vector["receipt"][field]
    changed = (
        value + 1 if isinstance(value, int) else value[:-1] + ("0" if value[-1] != "0" else "1")
    )
    said = run(tmp_path, capsys, "--key", receipt["key"], receipt={**receipt, field: changed})
    assert said[0] == "1"
    assert said[1].startswith("FALSE: ")


def test_another_key_other_terms_and_another_place_are_seen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], vector: Json
) -> None:
    receipt, key = vector["receipt"], ("--key", vector["receipt"]["key"])
    assert run(tmp_path, capsys, "--key", "00" * 32, receipt=receipt)[0] == "1"
    terms = vector["terms"] | {"size": "0.0016"}
    assert run(tmp_path, capsys, *key, receipt=receipt, terms=terms)[0] == "1"
    opening = vector["opening"] | {"sequence": vector["opening"]["sequence"] + 1}
    assert run(tmp_path, capsys, *key, receipt=receipt, opening=opening)[0] == "1"
    assert run(tmp_path, capsys, *key, receipt={"id": "x", "receipt": None})[0] == "1"


def test_an_opening_with_events_is_chained_from_a_known_head(vector: Json) -> None:
    events = [b"one", b"two", b"three"]
    heads = [bytes(32)]
    for event in events:
        heads.append(verify.link(heads[-1], event))
    whole: Json = {
        "since": {"sequence": 7, "head": heads[0].hex()},
        "events": [event.hex() for event in events],
        "sequence": 10,
        "head": heads[-1].hex(),
    }
    verify.check_chain(whole)
    for spoiled in (
        {"sequence": 11},
        {"head": heads[1].hex()},
        {"events": [b"one".hex(), b"tww".hex(), b"three".hex()]},
        {"since": {"sequence": 7, "head": heads[1].hex()}},
    ):
        with pytest.raises(FalseError):
            verify.check_chain(whole | spoiled)
    assert vector["opening"]["head"]


def test_events_begin_where_the_receipts_root_stands() -> None:
    beginning = {"sequence": 0, "head": verify.BEGINNING}
    verify.check_since({"root_number": None}, {"since": {"root_number": None, **beginning}})
    verify.check_since({"root_number": 7}, {"since": {"root_number": 7, **beginning}})
    for number, since in (
        (7, {"root_number": 6, **beginning}),
        (None, {"root_number": 7, **beginning}),
        (None, {"root_number": None, "sequence": 5, "head": verify.BEGINNING}),
        (None, {"root_number": None, "sequence": 0, "head": "11" * 32}),
    ):
        with pytest.raises(FalseError):
            verify.check_since({"root_number": number}, {"since": since})


def test_a_published_root_is_the_one_that_the_receipt_and_the_opening_name() -> None:
    receipt, opening = {"root": "aa"}, {"since": {"head": "bb"}}
    verify.check_root(receipt, opening, {"root": "aa", "chain_head": "bb"})
    for batch in ({"root": "ab", "chain_head": "bb"}, {"root": "aa", "chain_head": "ba"}):
        with pytest.raises(FalseError):
            verify.check_root(receipt, opening, batch)
