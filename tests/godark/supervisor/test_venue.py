"""The whole venue, as `make run` starts it, in a var/ of its own: one life from start to end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from godark.supervisor.leftovers import processes_of
from godark.supervisor.place import ROOT, Place
from tests.live_site import free_port

SECONDS = 90
COMMAND = [sys.executable, "-m", "godark.supervisor"]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(root=ROOT, var=tmp_path / "var", host="127.0.0.1", port=free_port())


@pytest.fixture
def environment(place: Place) -> dict[str, str]:
    theirs = {
        "DATABASE_URL",
        "DATABASE_OWNER_URL",
        "REDIS_URL",
        "DJANGO_SETTINGS_MODULE",
        "GODARK_BASE_URL",
    }
    ours = {name: value for name, value in os.environ.items() if name not in theirs}
    return ours | {
        "GODARK_ENVIRONMENT": "development",
        "GODARK_VAR": str(place.var),
        "GODARK_PORT": str(place.port),
    }


@pytest.fixture
def venue(place: Place, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(COMMAND, cwd=ROOT, env=environment) as venue:
        yield venue
        venue.kill()


def wait_for(is_true: Callable[[], bool], *, venue: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_true():
        assert venue.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)


def pid_of(place: Place, *, words: bytes) -> int:
    commands = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in processes_of(place)}
    return min(pid for pid, command in commands.items() if words in command)


def open_to_others(var: Path) -> list[Path]:
    """Return what anybody but its owner might read or enter below var/."""
    return [path for path in var.rglob("*") if path.lstat().st_mode & 0o077]


def test_the_venue_opens_mends_itself_refuses_a_second_and_stops_whole(
    place: Place, environment: dict[str, str], venue: subprocess.Popen[bytes]
) -> None:
    def log() -> str:
        return place.log.read_text() if place.log.exists() else ""

    # 1. It opens: the page, the log-ins for programs, the addresses for manage.py.
    wait_for(lambda: "The venue is open" in log(), venue=venue)
    assert (place.var / "demo.json").stat().st_mode & 0o777 == 0o600
    assert (place.var / "environment").stat().st_mode & 0o777 == 0o600
    assert open_to_others(place.var) == []
    # 2. It mends itself.
    for words in (b"godark.web", b"bin/postgres"):
        os.kill(pid_of(place, words=words), signal.SIGKILL)
    for name in ("postgres", "web"):
        wait_for(lambda name=name: f"{name} is back." in log(), venue=venue)  # type: ignore[misc] # mypy cannot type a default
    # 3. It refuses a second one in one sentence.
    second = subprocess.run(
        COMMAND, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert second.returncode == 1
    assert second.stderr.startswith("GoDark is already running from this folder (process ")
    assert second.stderr.count("\n") == 1
    # 4. It stops whole.
    venue.send_signal(signal.SIGTERM)
    assert venue.wait(timeout=SECONDS) == 0
    assert list(processes_of(place)) == []
    assert not (place.var / "environment").exists()
