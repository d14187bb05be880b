"""The launcher under root: another user, and a folder that is closed to it."""

import os
import pwd
import signal
import subprocess
from pathlib import Path

import pytest

from godark.supervisor.launch import CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, Owner, launched

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def status_as_nobody(reach: Path) -> dict[str, str]:
    """Return what the kernel says of a program that was started as nobody."""
    nobody = pwd.getpwnam("nobody")
    command = launched(
        ["/bin/cat", "/proc/self/status"],
        end_signal=signal.SIGTERM,
        owner=Owner(uid=nobody.pw_uid, gid=nobody.pw_gid),
        reach=[reach],
    )
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return dict(line.split(":\t", 1) for line in said.splitlines() if ":\t" in line)


def test_in_an_open_folder_nothing_of_root_is_kept() -> None:
    status = status_as_nobody(Path("/"))
    assert status["Uid"].split() == [str(pwd.getpwnam("nobody").pw_uid)] * 4
    assert status["Groups"].strip() == ""
    assert int(status["CapEff"], 16) == 0


def test_in_a_closed_folder_the_right_to_enter_folders_is_kept_and_no_other(
    tmp_path: Path,
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    status = status_as_nobody(closed / "inside")
    kept = int(status["CapEff"], 16)
    assert status["Uid"].split() == [str(pwd.getpwnam("nobody").pw_uid)] * 4
    assert kept in {1 << CAP_DAC_READ_SEARCH, 1 << CAP_DAC_OVERRIDE}
