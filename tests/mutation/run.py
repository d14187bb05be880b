"""`make mutants`: every small wrong change of the engine's formulas must be noticed.

Each mutant is made in a process of its own, in place, and met by the scenarios, the slow venue,
the laws and the tests of formulas, until one of them notices. Who survives is printed; those
that docs/MUTATION.md explains are known. MODULES=margin,health names the modules, SECONDS=400
stops after so long and goes on from there the next time (var/mutants.json); FRESH=1 forgets.
What is not here: the changes (`tests.mutation.mutants`).
"""

import importlib
import json
import os
import resource
import signal
import sys
import time
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from tests.engine.reference.compare import run as compare
from tests.engine.scenario import Scenario, load, outcome
from tests.mutation.mutants import Mutant, mutants_of, mutated
from tests.simulation.world import Figures, live

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
MODULES = (
    "margin",
    "health",
    "takeover",
    "waterfall",
    "auto_deleverage",
    "deleverage_queue",
    "liquidation",
    "backstop",
    "legs",
)
"""The rooms of margin and liquidation; MODULES names others, whose survivors nobody explained."""
FIRST = ("2", "8", "9", "3", "1")
"""Scenario files by the first letter of their names, those of margin and liquidation first."""
FORMULAS = (
    *("test_margin.py", "test_formulas.py", "test_takeover.py"),
    *("test_auto_deleverage.py", "test_liquidation.py", "test_edges.py"),
    "reference/test_formulas_by_search.py",
)
MOST_SECONDS = 30
KNOWN = ROOT / "docs" / "MUTATION.md"


def scenarios() -> list[Scenario]:
    """Load all scenarios, those that are likely to notice first."""
    paths = (ROOT / "tests" / "engine" / "scenarios").glob("*.txt")
    order = sorted(paths, key=lambda path: (*FIRST, path.name[0]).index(path.name[0]))
    return [scenario for path in order for scenario in load(path)]


def is_noticed(stories: list[Scenario]) -> str | None:
    """Return who notices that something is wrong, None if nobody does."""
    checks: list[tuple[str, int, Callable[[], bool]]] = [
        ("a scenario", 2, lambda: any(outcome(story).failure for story in stories)),
        ("a formula", 4, _fails_a_formula),
        ("the slow venue", 3, lambda: any(_differs(seed) for seed in range(1, 9))),
        ("a law", 1, _breaks_a_law),
    ]
    for name, seconds, check in checks:
        allow(seconds)
        try:
            if check():
                return name
        except Exception:  # noqa: BLE001 -- whatever it throws, it is noticed
            return name
    return None


def allow(seconds: int) -> None:
    """Let this process run for so many seconds of processor more; what never ends is noticed."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    until = int(spent.ru_utime + spent.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))


def _differs(seed: int) -> bool:
    return compare(seed=seed, length=250).difference is not None


def _breaks_a_law() -> bool:
    for seed in (1, 2, 4):
        live(seed=seed, length=150, figures=Figures())
    return False


def _fails_a_formula() -> bool:
    files = [str(ROOT / "tests" / "engine" / name) for name in FORMULAS]
    quiet = ["-q", "-x", "-c", os.devnull, "--noconftest", "-p", "no:cacheprovider"]
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    return pytest.main([*files, *quiet]) != 0


def become(mutant: Mutant) -> None:
    """Make the change in the module that everybody has imported already."""
    module = importlib.import_module(f"engine.{mutant.module}")
    path = ROOT / "engine" / f"{mutant.module}.py"
    scratch = ModuleType(module.__name__)
    scratch.__file__ = str(path)
    sys.modules["engine.scratch"] = scratch
    exec(compile(mutated(path, mutant), str(path), "exec"), scratch.__dict__)  # noqa: S102 -- our own source, changed
    for name, new in vars(scratch).items():
        old = vars(module).get(name)
        if old is None or getattr(new, "__module__", module.__name__) != module.__name__:
            continue
        if isinstance(old, int | tuple | bool) and old != new:
            _rebind(name, old, new)
        _exchange(old, new)


def _rebind(name: str, old: object, new: object) -> None:
    """Exchange a constant wherever it was imported to."""
    for module in [*sys.modules.values()]:
        if module.__name__.startswith("engine.") and vars(module).get(name) == old:
            setattr(module, name, new)


def _exchange(old: Any, new: Any) -> None:
    """Give a function, or the methods of a class, the changed code."""
    old, new = getattr(old, "__wrapped__", old), getattr(new, "__wrapped__", new)
    if isinstance(old, FunctionType) and isinstance(new, FunctionType):
        code: CodeType = new.__code__
        old.__code__, old.__defaults__ = code, new.__defaults__
        old.__kwdefaults__ = new.__kwdefaults__
    elif isinstance(old, type):
        for name, value in vars(new).items():
            was = vars(old).get(name)
            if isinstance(value, property) and isinstance(was, property):
                _exchange(was.fget, value.fget)
            elif isinstance(was, FunctionType):
                _exchange(was, value)
            elif isinstance(value, int) and was != value:
                setattr(old, name, value)


def judged(mutant: Mutant | None, stories: list[Scenario]) -> str | None:
    """Run one mutant, or none, in a process of its own; return who notices it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        allow(MOST_SECONDS)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        try:
            if mutant is not None:
                become(mutant)
            found = is_noticed(stories)
        except BaseException:  # noqa: BLE001 -- a module that cannot be made is noticed
            found = "the module itself"
        os.write(writer, (found or "").encode() or b"nobody")
        os._exit(0)
    os.close(writer)
    said = os.read(reader, 100).decode()
    os.close(reader)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL):
        return "the clock"
    return None if said == "nobody" else said or "a crash"


def main() -> int:
    """Run the mutants that have not been run and print who survives without an excuse."""
    begun, seconds = time.monotonic(), float(os.environ.get("SECONDS", "inf"))
    book = ROOT / "var" / "mutants.json"
    book.parent.mkdir(exist_ok=True)
    fresh = os.environ.get("FRESH") == "1" or not book.exists()
    known: dict[str, str | None] = {} if fresh else json.loads(book.read_text())
    stories, left = scenarios(), 0
    assert judged(None, stories) is None, "without a change there is nothing to notice"
    modules = os.environ.get("MODULES", ",".join(MODULES)).split(",")
    mutants = [each for m in modules for each in mutants_of(ROOT / "engine" / f"{m}.py")]
    for mutant in mutants:
        if mutant.key in known:
            continue
        if time.monotonic() - begun > seconds:
            left += 1
            continue
        known[mutant.key] = judged(mutant, stories)
        book.write_text(json.dumps(known, indent=1))
    return tell(mutants, known, left)


def tell(mutants: list[Mutant], known: dict[str, str | None], left: int) -> int:
    """Print the figures and the survivors; those that are not explained make it fail."""
    done = [each for each in mutants if each.key in known]
    survivors = [each.key for each in done if known[each.key] is None]
    explained = KNOWN.read_text() if KNOWN.exists() else ""
    new = [key for key in survivors if f"`{key}`" not in explained]
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    sys.stdout.write(
        f"{len(done)} of {len(mutants)} mutants, {left} left; {len(survivors)} survive,"
        f" {len(new)} of them unexplained; {spent.ru_utime + spent.ru_stime:.0f} s of processor\n"
    )
    sys.stdout.writelines(f"{key}\n" for key in new)
    return 1 if new else 0


if __name__ == "__main__":
    sys.exit(main())
