import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from godark.supervisor.leftovers import MARK, clear_leftovers, processes_of
from godark.supervisor.place import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(root=tmp_path, var=tmp_path, host="127.0.0.1", port=8000)


@pytest.fixture
def leftover(place: Place) -> Iterator[subprocess.Popen[bytes]]:
    environment = os.environ | {MARK: str(place.var)}
    with subprocess.Popen(["/bin/sleep", "60"], env=environment) as process:
        yield process
        process.kill()


def test_what_an_earlier_run_left_is_ended(place: Place, leftover: subprocess.Popen[bytes]) -> None:
    assert clear_leftovers(place, patience=0.1) == 1
    assert leftover.wait(timeout=30) == -signal.SIGTERM


def test_a_server_that_works_in_our_folder_is_one_of_ours(place: Place) -> None:
    folder = place.var / "postgresql"
    folder.mkdir()
    with subprocess.Popen(["/bin/sleep", "60"], cwd=folder) as process:
        assert list(processes_of(place)) == [process.pid]
        process.kill()


def test_what_belongs_to_another_place_is_left_alone(
    place: Place, leftover: subprocess.Popen[bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    var = tmp_path_factory.mktemp("other")
    other = Place(root=var, var=var, host="127.0.0.1", port=8000)
    assert clear_leftovers(other, patience=0.1) == 0
    assert leftover.poll() is None


def test_a_note_of_a_process_id_that_is_somebody_elses_by_now_is_removed(place: Place) -> None:
    note = place.var / "postgresql" / "postmaster.pid"
    note.parent.mkdir()
    note.write_text(f"{os.getpid()}\n")
    clear_leftovers(place, patience=0.1)
    assert not note.exists()
