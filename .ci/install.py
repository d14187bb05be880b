"""Set up `.venv` from a lock file, with hashes, showing progress; do nothing when it is set up.

Run by any Python 3.11 or 3.12 before anything is installed, so it needs the standard library
only. What went wrong is said in one sentence; pip's own words are in `.venv/install.log`.
"""

import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
STAMP = ENVIRONMENT / "installed.json"
LOG = ENVIRONMENT / "install.log"
# The development lock holds everything that the other holds, at the same versions.
HELD_BY = {
    "requirements.txt": ["requirements.txt"],
    "requirements-dev.txt": ["requirements.txt", "requirements-dev.txt"],
}
LEAST_GLIBC = (2, 28)
EVERY = 10


def main() -> None:
    """Install the lock file that the command line names."""
    lock = sys.argv[1]
    refuse_other_machines()
    try:
        with one_at_a_time():
            if not is_installed(lock):
                make_environment()
                install(lock)
                write_stamp(lock)
    except PermissionError as error:
        sys.exit(f"GoDark cannot write {error.filename}: run in a folder that is yours.")
    except OSError as error:
        sys.exit(f"GoDark cannot set up .venv: {error}.")
    except KeyboardInterrupt:
        sys.exit(130)


def refuse_other_machines() -> None:
    """End with a sentence where the embedded servers do not run and no others are named."""
    if "DATABASE_URL" in os.environ and "REDIS_URL" in os.environ:
        return
    machine = f"{platform.system()} {platform.machine()}"
    library, version = platform.libc_ver()
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
    if machine != "Linux x86_64" or library != "glibc" or numbers < LEAST_GLIBC:
        sys.exit(
            "The embedded PostgreSQL and Redis need Linux on x86_64 with glibc 2.28 or newer, and"
            f" this is {machine} with {library or 'another C library'} {version}:"
            " set DATABASE_URL and REDIS_URL to servers of your own."
        )


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait for another installation in this folder to end."""
    with (ROOT / "pyproject.toml").open("rb") as door:
        fcntl.flock(door, fcntl.LOCK_EX)
        yield


def is_installed(lock: str) -> bool:
    """Tell whether `.venv` was made here, from this lock file as it stands."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    wanted = {"root": str(ROOT), "python": python_version(), lock: digest(lock)}
    return PYTHON.exists() and wanted.items() <= stamp.items()


def make_environment() -> None:
    """Make `.venv` unless it is whole; one that was moved here or lost its Python is made anew."""
    if ENVIRONMENT.exists() and is_whole():
        return
    python = Path(sys.executable).resolve()  # we may be running from the .venv that we remove
    say(f"Setting up .venv with Python {platform.python_version()} ({python})")
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    words = [str(python), "-I", "-m", "venv", str(ENVIRONMENT)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
        sys.exit(f"{python} could not make a virtual environment: {said[-1]}")


def is_whole() -> bool:
    """Tell whether `.venv` has our Python and a pip, and its scripts start this very one."""
    question = "import sys, pip; print('%d.%d' % sys.version_info[:2])"
    try:
        words = [str(PYTHON), "-I", "-c", question]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except OSError:
        return False
    return done.stdout.strip() == python_version() and str(ENVIRONMENT) in pip_script()


def python_version() -> str:
    """Return the version of the Python that runs this, without its last number."""
    return "{}.{}".format(*sys.version_info[:2])


def pip_script() -> str:
    """Return the text of `.venv/bin/pip`, whose first line names the Python it was made for."""
    try:
        return (ENVIRONMENT / "bin" / "pip").read_text(encoding="utf-8")
    except OSError:
        return ""


def install(lock: str) -> None:
    """Run pip on the lock file and show how far it is."""
    say(f"Installing {lock} (the first time takes a minute)")
    words = [str(PYTHON), "-I", "-m", "pip", "install", "--require-hashes", "--no-deps"]
    words += ["--only-binary=:all:", "--no-input", "--disable-pip-version-check"]
    words += ["--progress-bar=off", "--retries=2", "-r", lock]
    with LOG.open("w", encoding="utf-8") as log:
        pip = subprocess.Popen(
            words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        said = list(show_progress(pip.stdout or [], log=log, total=len(locked_names(lock))))
    if pip.wait() != 0:
        sys.exit(explain(said))
    if lock == "requirements-dev.txt":
        remove_strangers(lock)
    say("Installed.")


def show_progress(lines: Iterable[str], *, log: IO[str], total: int) -> Iterator[str]:
    """Yield pip's lines, write them to the log, and say which package it is at."""
    count = 0
    for line in lines:
        log.write(line)
        yield line
        if line.startswith("Ignoring "):
            total -= 1
        elif match := re.match(r"Collecting (\S+?)==(\S+)", line):
            count += 1
            show_step(f"[{count:3}/{total}] {match[1]} {match[2]}", count=count, total=total)
        elif line.startswith("Installing collected packages"):
            say("Unpacking them")


def show_step(step: str, *, count: int, total: int) -> None:
    """Show one step: over the last one on a terminal, else every tenth on its own line."""
    if sys.stdout.isatty():
        sys.stdout.write(f"\r\033[K  {step}" + ("\n" if count == total else ""))
        sys.stdout.flush()
    elif count % EVERY == 0 or count == total:
        say(f"  {step}")


def explain(said: list[str]) -> str:
    """Return one sentence for why pip failed."""
    text = "".join(said)
    if "Retrying (" in text or "connection broken" in text:
        return (
            "The package registry cannot be reached: connect this machine to the network (or set"
            " PIP_INDEX_URL or PIP_PROXY) and run the same command again."
        )
    errors = [line.strip() for line in said if line.startswith("ERROR:")] or ["it said nothing"]
    return f"pip could not install the locked packages ({errors[-1]}); see .venv/install.log."


def remove_strangers(lock: str) -> None:
    """Uninstall what an earlier lock file brought and this one no longer names."""
    words = [str(PYTHON), "-I", "-m", "pip", "--disable-pip-version-check"]
    listed = subprocess.run(
        [*words, "list", "--format=json"], capture_output=True, text=True, check=True
    )
    names = {plain(found["name"]) for found in json.loads(listed.stdout)}
    strangers = names - locked_names(lock) - {"pip", "setuptools"}
    if strangers:
        subprocess.run([*words, "uninstall", "--yes", "--quiet", *sorted(strangers)], check=True)


def locked_names(lock: str) -> set[str]:
    """Return the names of the packages in a lock file."""
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    return {plain(line.partition("==")[0]) for line in lines if re.match(r"[A-Za-z0-9]", line)}


def plain(name: str) -> str:
    """Return a package's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def write_stamp(lock: str) -> None:
    """Remember what is installed now, and where."""
    stamp = {"root": str(ROOT), "python": python_version()} | {
        held: digest(held) for held in HELD_BY[lock]
    }
    STAMP.write_text(json.dumps(stamp) + "\n", encoding="utf-8")


def digest(lock: str) -> str:
    """Return the SHA-256 of a lock file, hexadecimal."""
    return hashlib.sha256((ROOT / lock).read_bytes()).hexdigest()


def say(sentence: str) -> None:
    """Print a line at once."""
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
