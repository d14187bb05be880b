import io
from pathlib import Path

import pytest

from godark.supervisor.place import Place, RefusedError, hold_place, open_var
from godark.supervisor.reset import reset


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(root=tmp_path, var=tmp_path / "var", host="127.0.0.1", port=8000)
    open_var(place)
    (place.var / "postgresql").mkdir()
    (place.var / "demo.json").write_text("{}")
    return place


def test_reset_empties_var_when_agreed(place: Place) -> None:
    assert reset(place, agreed=True) == f"{place.var} is empty."
    assert list(place.var.iterdir()) == []
    assert reset(place, agreed=True) == f"{place.var} is empty already."


@pytest.mark.parametrize(("answer", "agrees"), [("yes\n", True), ("no\n", False), ("", False)])
def test_reset_asks_a_person(
    place: Place, monkeypatch: pytest.MonkeyPatch, *, answer: str, agrees: bool
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    if agrees:
        reset(place, agreed=False)
    else:
        with pytest.raises(RefusedError, match="Nothing was removed"):
            reset(place, agreed=False)
    assert (place.var / "postgresql").exists() is not agrees


def test_reset_leaves_a_running_venue_alone(place: Place) -> None:
    with hold_place(place), pytest.raises(RefusedError, match="already running"):
        reset(place, agreed=True)
    assert (place.var / "demo.json").exists()


def test_reset_leaves_a_folder_alone_that_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    stranger = Place(root=tmp_path, var=tmp_path, host="127.0.0.1", port=8000)
    with pytest.raises(RefusedError, match="does not look like"):
        reset(stranger, agreed=True)
    assert (tmp_path / "letters").exists()
