import json
from pathlib import Path

import pytest

from godark.supervisor.greeting import greeting
from godark.supervisor.place import Place

DEMO = {
    "base_url": "http://127.0.0.1:8000",
    "staff": [{"email": "ada@example.org", "password": "S1", "totp_secret": "ABCDEFGH"}],
    "traders": [{"email": "bob@example.org", "password": "T1"}],
}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(root=tmp_path, var=tmp_path, host="127.0.0.1", port=8123)


def test_the_block_tells_the_address_the_log_ins_and_what_to_try(place: Place) -> None:
    (place.var / "demo.json").write_text(json.dumps(DEMO))
    block = greeting(place, seconds=2.34)
    for part in ("http://127.0.0.1:8123/ ", "2.3 s", "bob@example.org", "T1", "S1", "ABCDEFGH"):
        assert part in block


def test_without_demonstration_people_the_block_names_none(place: Place) -> None:
    block = greeting(place, seconds=1)
    assert "log in" not in block
    assert "http://127.0.0.1:8123/markets" in block


def test_in_production_the_block_tells_where_people_come_in(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GODARK_ENVIRONMENT", "production")
    monkeypatch.setenv("GODARK_BASE_URL", "https://godark.example")
    (place.var / "demo.json").write_text(json.dumps(DEMO))
    block = greeting(place, seconds=1)
    assert "https://godark.example/" in block
    for gone in ("bob@example.org", "make reset", "To try"):
        assert gone not in block
