"""What the supervisor says, in one sentence, when it cannot start: really started, each time."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from godark.supervisor.place import ROOT, VAR_VERSION
from tests.live_site import free_port

COMMAND = [sys.executable, "-m", "godark.supervisor"]
INHERITED = ("PATH", "HOME", "LANG", "TMPDIR")


@pytest.fixture
def var(tmp_path: Path) -> Path:
    var = tmp_path / "var"
    (var / "log").mkdir(parents=True)
    (var / "VERSION").write_text(VAR_VERSION)
    return var


def refused(var: Path, **environment: str) -> str:
    """Start the venue, which has to refuse, and return its one sentence."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    given = {"GODARK_VAR": str(var), "GODARK_PORT": str(free_port()), "GODARK_ENVIRONMENT": "test"}
    done = subprocess.run(
        COMMAND,
        cwd=ROOT,
        env=inherited | given | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert not (var / "postgresql").exists()
    return done.stderr


def put_a_binary_version(var: Path) -> None:
    (var / "VERSION").write_bytes(b"\xff\xfe\x00\x1b[31m\nmore")


def put_a_folder_for_the_version(var: Path) -> None:
    (var / "VERSION").unlink()
    (var / "VERSION").mkdir()


def put_a_folder_for_the_log(var: Path) -> None:
    (var / "log" / "venue.log").mkdir()


def put_a_file_for_the_folder_of_logs(var: Path) -> None:
    (var / "log").rmdir()
    (var / "log").write_text("")


def put_a_folder_for_the_lock(var: Path) -> None:
    (var / "supervisor.lock").mkdir()


def put_a_folder_for_the_addresses(var: Path) -> None:
    (var / "environment").mkdir()


@pytest.mark.parametrize(
    ("damage", "names"),
    [
        (put_a_binary_version, "another version of GoDark (unreadable, and"),
        (put_a_folder_for_the_version, "VERSION"),
        (put_a_folder_for_the_log, "venue.log"),
        (put_a_file_for_the_folder_of_logs, "log"),
        (put_a_folder_for_the_lock, "supervisor.lock"),
        (put_a_folder_for_the_addresses, "environment"),
    ],
)
def test_a_damaged_var_is_named_in_one_sentence(
    var: Path, damage: Callable[[Path], None], names: str
) -> None:
    damage(var)
    # Servers of its own are named, so that nothing is made before the damage is met.
    sentence = refused(var, DATABASE_URL="postgres://x@127.0.0.1:1/x", REDIS_URL="redis://[::1]:1")
    assert names in sentence
    assert sentence.removesuffix("\n").isprintable()


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "mysql://godark:sesame@127.0.0.1/godark"),
        ("DATABASE_URL", "postgres://godark:sesame@127.0.0.1:port/godark"),
        ("DATABASE_URL", "postgres://"),
        ("DATABASE_OWNER_URL", "postgres//godark:sesame@127.0.0.1/godark"),
        ("REDIS_URL", "http://sesame@127.0.0.1:6379"),
        ("REDIS_URL", "redis://[::1"),
        ("SOLANA_RPC_URL", "sesame.example"),
        ("GODARK_BASE_URL", "127.0.0.1:8000"),
    ],
)
def test_an_address_that_is_none_is_named_and_not_told_back(
    var: Path, name: str, given: str
) -> None:
    sentence = refused(var, **{name: given})
    assert sentence.startswith(f"{name} is no address that GoDark can use")
    assert "sesame" not in sentence


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, "DATABASE_URL and REDIS_URL must"),
        ({"DATABASE_URL": "postgres://godark@127.0.0.1/godark"}, "REDIS_URL must"),
        ({"REDIS_URL": "redis://127.0.0.1:6379/0"}, "DATABASE_URL must"),
    ],
)
def test_production_does_not_start_on_embedded_servers(
    var: Path, given: Mapping[str, str], missing: str
) -> None:
    assert refused(var, GODARK_ENVIRONMENT="production", **given).startswith(missing)


def test_a_venue_that_cannot_write_its_log_any_more_says_so_and_goes_on(
    tmp_path: Path,
) -> None:
    code = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from godark.supervisor.log import VenueLog\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"log = VenueLog(Path({str(tmp_path / 'venue.log')!r}))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
        "log.say('one')\n"
        "log.say('two')\n"
        "log.close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "two" in done.stdout
    assert done.stderr.count("cannot be written") == 1
    assert "Traceback" not in done.stderr
