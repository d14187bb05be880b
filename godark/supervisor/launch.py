"""Become a child: die with the parent, leave root behind where told, then turn into a program.

The supervisor starts every process through this file, run by itself (`python -I -S launch.py`),
so it needs the standard library only. It exists because Linux forgets the parent-death signal
whenever a process changes its user, and because PostgreSQL refuses to run as root while the
folder of a clone (say /root, mode 0700) may be closed to everyone else.
"""

import argparse
import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# From <linux/prctl.h> and <linux/capability.h>.
PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_SET_SECUREBITS = 28
SECBIT_NO_SETUID_FIXUP = 1 << 2
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2
CAP_SETPCAP = 8
CAPABILITY_VERSION_3 = 0x20080522
REFUSED = 78  # EX_CONFIG of sysexits.h


@dataclass(frozen=True, kw_only=True)
class Owner:
    """A user that a server runs as when the supervisor itself is root."""

    uid: int
    gid: int


class CapabilityHeader(ctypes.Structure):
    """The kernel's `cap_user_header_t`."""

    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class CapabilityData(ctypes.Structure):
    """The kernel's `cap_user_data_t`: one bit per capability."""

    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def launched(
    argv: Sequence[str],
    *,
    end_signal: signal.Signals,
    owner: Owner | None = None,
    reach: Sequence[Path] = (),
) -> list[str]:
    """Return the command line that starts `argv` through this file.

    `end_signal` is what the child gets when the caller's thread dies. `owner` is the user to
    become, if any; `reach` are the folders that this user must be able to enter.
    """
    command = [sys.executable, "-I", "-S", __file__, f"--parent={os.getpid()}"]
    command += [f"--end-signal={end_signal.value}"]
    if owner is not None:
        command += [f"--owner={owner.uid}:{owner.gid}"]
        command += [f"--reach={path}" for path in reach]
    return [*command, "--", *argv]


def main() -> None:
    """Carry out the command line and never return."""
    options = read_options()
    # 1. The user, first: a change of user clears the parent-death signal.
    if options.owner:
        uid, _, gid = options.owner.partition(":")
        owner = Owner(uid=int(uid), gid=int(gid))
        leave_root(owner, program=options.argv[0], reach=options.reach)
    # 2. The parent: if it died before we could ask, nobody waits for us.
    end_with_parent(signal.Signals(options.end_signal))
    if os.getppid() != options.parent:
        sys.exit(REFUSED)
    # 3. The program.
    os.execvp(options.argv[0], options.argv)  # noqa: S606 - the supervisor's own table


def read_options() -> argparse.Namespace:
    """Return the command line, parsed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--end-signal", type=int, required=True)
    parser.add_argument("--owner", default="")
    parser.add_argument("--reach", action="append", default=[])
    parser.add_argument("argv", nargs="+")
    return parser.parse_args()


def leave_root(owner: Owner, *, program: str, reach: Sequence[str]) -> None:
    """Become `owner`; where a folder is closed to it, keep the right to pass through folders."""
    # From here on nothing can be imported: Python itself may lie in a folder that is now closed.
    permitted = permitted_capabilities()
    call_prctl(PR_SET_KEEPCAPS, 1)
    try:
        os.setgroups([])
        os.setresgid(owner.gid, owner.gid, owner.gid)
        os.setresuid(owner.uid, owner.uid, owner.uid)
    except OSError as error:
        sys.exit(
            "PostgreSQL does not run as root, and this machine does not let root become another"
            f" user ({error.strerror}): run as an ordinary user, or set DATABASE_URL and REDIS_URL."
        )
    is_open = os.access(program, os.R_OK | os.X_OK)
    if not is_open or not all(os.access(path, os.X_OK) for path in reach):
        keep_passage(permitted)


def keep_passage(permitted: int) -> None:
    """Carry the right to enter closed folders through the coming exec, and no other right.

    access(2) forgets all rights of a user that is not root; initdb looks for its files by it, so
    that is switched off too.
    """
    wanted = CAP_DAC_READ_SEARCH if permitted & 1 << CAP_DAC_READ_SEARCH else CAP_DAC_OVERRIDE
    try:
        set_capabilities(1 << wanted | 1 << CAP_SETPCAP)
        call_prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP)
        set_capabilities(1 << wanted)
        call_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, wanted)
    except OSError:
        sys.exit(
            "This folder is closed to the user that PostgreSQL has to run as under root: move the"
            " clone to an open folder, run as an ordinary user, or set DATABASE_URL and REDIS_URL."
        )


def set_capabilities(mask: int) -> None:
    """Hold the capabilities of the bit mask, and pass on as many; OSError where not permitted."""
    header = CapabilityHeader(CAPABILITY_VERSION_3, 0)
    data = (CapabilityData * 2)(CapabilityData(mask, mask, mask))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.capset(ctypes.byref(header), data) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), "capset")


def permitted_capabilities() -> int:
    """Return the permitted capabilities of this process as a bit mask."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name == "CapPrm":
            return int(value, 16)
    return 0


def end_with_parent(end_signal: signal.Signals) -> None:
    """Ask the kernel to send this process a signal when its parent dies."""
    call_prctl(PR_SET_PDEATHSIG, end_signal.value)


def call_prctl(option: int, *arguments: int) -> None:
    """Call prctl(2) and raise OSError where it fails."""
    libc = ctypes.CDLL(None, use_errno=True)
    padded = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    if libc.prctl(option, *padded) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), f"prctl({option})")


if __name__ == "__main__":
    main()
