"""What the tidy tests look at: the project's own files, without what is installed or built."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("accounts", "compliance", "staking", "trading")
CLIENTS = ("godark_client",)
ROOMS = (*APPS, "godark", "engine", "prices", "chain")


def files(suffix: str) -> Iterator[Path]:
    """Yield the project's files of one suffix, sorted."""
    return (path for path in tracked() if path.name.endswith(suffix))


@cache
def tracked() -> tuple[Path, ...]:
    """Return every file that git keeps or would keep: neither installed, nor built, nor ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - git from the path, as people call it
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    return tuple(sorted(ROOT / name for name in listed if name and (ROOT / name).is_file()))


def source_files() -> Iterator[Path]:
    """Yield every Python file that people wrote (migrations are generated)."""
    return (path for path in files(".py") if "migrations" not in path.parts)


def app_files() -> Iterator[Path]:
    """Yield the Python files of the Django apps and of the project package."""
    rooms = {*APPS, "godark"}
    return (path for path in source_files() if path.relative_to(ROOT).parts[0] in rooms)


def name_of(path: Path) -> str:
    """Return a path as people write it, from the top of the tree."""
    return path.relative_to(ROOT).as_posix()


@cache
def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(path.read_text(), filename=str(path))
