"""Which Python the Makefile takes, with pretended ones on the PATH."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from godark.supervisor.place import ROOT


def pretend(folder: Path, *, name: str, said: str, code: int) -> Path:
    """Put a program into `folder` that answers every question alike."""
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{said}'\nexit {code}\n")
    program.chmod(0o755)
    return program


def find_python(cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the finder in a folder without a .venv."""
    return subprocess.run(
        ["/bin/sh", str(ROOT / ".ci" / "find-python")],
        cwd=cwd,
        env={"HOME": str(cwd), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_shim_that_fails_is_passed_over(tmp_path: Path) -> None:
    pretend(tmp_path / "shims", name="python3.12", said="pyenv: python3.12: not found", code=127)
    pretend(tmp_path / "bin", name="python3.12", said="/bin/python3.12", code=0)
    found = find_python(tmp_path, PATH=f"{tmp_path / 'shims'}:{tmp_path / 'bin'}")
    assert found.stdout == "/bin/python3.12\n"


def test_a_python3_of_the_right_version_is_enough(tmp_path: Path) -> None:
    pretend(tmp_path / "bin", name="python3.11", said="3.9", code=2)
    pretend(tmp_path / "bin", name="python3", said="/bin/python3", code=0)
    assert find_python(tmp_path, PATH=str(tmp_path / "bin")).stdout == "/bin/python3\n"


def test_the_real_python_that_runs_the_tests_is_taken(tmp_path: Path) -> None:
    found = find_python(tmp_path, PATH="/nowhere", PYTHON=sys.executable)
    assert (found.stdout, found.stderr) == (f"{sys.executable}\n", "")


@pytest.mark.parametrize(
    ("said", "code", "sentence"),
    [
        ("", 0, "GoDark needs Python 3.11 or 3.12 and found none"),
        ("3.13", 2, "GoDark needs Python 3.11 or 3.12 and found none"),
        ("ensurepip", 3, "lacks ensurepip (on Debian and Ubuntu: apt-get install python3-venv)"),
    ],
)
def test_without_a_usable_python_there_is_one_sentence(
    tmp_path: Path, said: str, code: int, sentence: str
) -> None:
    pretend(tmp_path / "bin", name="python3", said=said, code=code)
    refused = find_python(tmp_path, PATH=str(tmp_path / "bin"))
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert sentence in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_python_that_is_named_is_the_only_one_asked(tmp_path: Path) -> None:
    old = pretend(tmp_path / "bin", name="python2", said="2.7", code=2)
    pretend(tmp_path / "bin", name="python3", said="/bin/python3", code=0)
    refused = find_python(tmp_path, PATH=str(tmp_path / "bin"), PYTHON=str(old))
    assert refused.returncode == 1
    assert "is 2.7" in refused.stderr
    assert os.linesep not in refused.stdout
