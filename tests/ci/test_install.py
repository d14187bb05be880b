"""What the installer says, and when it installs at all; pip itself is not run."""

import importlib.util
import json
import platform
from pathlib import Path
from types import ModuleType

import pytest

from godark.supervisor.place import ROOT


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the installer, working in a folder of its own with a lock file of two packages."""
    spec = importlib.util.spec_from_file_location("install", ROOT / ".ci" / "install.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    environment = tmp_path / ".venv"
    (environment / "bin").mkdir(parents=True)
    (environment / "bin" / "python").touch()
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "ENVIRONMENT", environment)
    monkeypatch.setattr(module, "PYTHON", environment / "bin" / "python")
    monkeypatch.setattr(module, "STAMP", environment / "installed.json")
    for lock in module.HELD_BY:
        (tmp_path / lock).write_text("# made\ndjango==5.2 \\\n    --hash=sha256:00\nUJSON_x==1\n")
    return module


def test_nothing_is_installed_twice_and_a_changed_lock_is(install: ModuleType) -> None:
    assert not install.is_installed("requirements.txt")
    install.write_stamp("requirements.txt")
    assert install.is_installed("requirements.txt")
    assert not install.is_installed("requirements-dev.txt")
    (install.ROOT / "requirements.txt").write_text("django==5.3\n")
    assert not install.is_installed("requirements.txt")


def test_the_development_packages_hold_the_others(install: ModuleType) -> None:
    install.write_stamp("requirements-dev.txt")
    assert install.is_installed("requirements.txt")


@pytest.mark.parametrize("changed", [{"root": "/elsewhere"}, {"python": "3.10"}])
def test_a_clone_that_was_moved_or_lost_its_python_is_installed_anew(
    install: ModuleType, changed: dict[str, str]
) -> None:
    install.write_stamp("requirements.txt")
    stamp = json.loads(install.STAMP.read_text())
    install.STAMP.write_text(json.dumps(stamp | changed))
    assert not install.is_installed("requirements.txt")


def test_names_are_read_from_the_lock_as_registries_compare_them(install: ModuleType) -> None:
    assert install.locked_names("requirements.txt") == {"django", "ujson-x"}


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            ["WARNING: Retrying (Retry(total=1)) after connection broken by x\n"],
            "cannot be reached",
        ),
        (["Collecting x\n", "ERROR: No space left on device\n"], "No space left on device"),
        (["nothing useful\n"], "see .venv/install.log"),
    ],
)
def test_a_failure_of_pip_is_one_sentence(
    install: ModuleType, said: list[str], sentence: str
) -> None:
    assert sentence in install.explain(said)
    assert "\n" not in install.explain(said)


@pytest.mark.parametrize(
    ("machine", "library"),
    [("aarch64", ("glibc", "2.36")), ("x86_64", ("", "")), ("x86_64", ("glibc", "2.27"))],
)
def test_a_machine_without_embedded_servers_is_refused_unless_others_are_named(
    install: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    machine: str,
    library: tuple[str, str],
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(platform, "libc_ver", lambda: library)
    monkeypatch.delenv("DATABASE_URL")
    with pytest.raises(SystemExit, match="set DATABASE_URL and REDIS_URL"):
        install.refuse_other_machines()
    monkeypatch.setenv("DATABASE_URL", "postgres://elsewhere/godark")
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere")
    install.refuse_other_machines()
