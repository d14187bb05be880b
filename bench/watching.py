"""Where the time goes inside a process of the venue: stage times of the engine, samples of the web.

Run as `python bench/watching.py engine FILE` or `python bench/watching.py web FILE ARGUMENTS`: the
process as it always runs, but on SIGUSR1 it writes to FILE what it has seen since the last time.
"""

import json
import os
import signal
import sys
import threading
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

ROOT = str(Path(__file__).resolve().parents[1])
EVERY_S = 0.002


class Stages:
    """Seconds by stage, on the clock and of the processor; what is within counts for itself."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.worked: dict[str, float] = defaultdict(float)
        self._here = threading.local()

    @property
    def _inner(self) -> list[tuple[float, float]]:
        """Return what this thread's calls have spent within one another."""
        if not hasattr(self._here, "inner"):
            self._here.inner = [(0.0, 0.0)]
        inner: list[tuple[float, float]] = self._here.inner
        return inner

    def wrap(self, owner: Any, name: str, stage: str) -> None:
        """Measure a function of a module or a method of a class."""
        inside: Callable[..., Any] = getattr(owner, name)

        def measured(*args: Any, **kwargs: Any) -> Any:
            self._inner.append((0.0, 0.0))
            began, worked = time.perf_counter(), time.thread_time()
            try:
                return inside(*args, **kwargs)
            finally:
                took, worked = time.perf_counter() - began, time.thread_time() - worked
                of_others, others_worked = self._inner.pop()
                self.seconds[stage] += took - of_others
                self.worked[stage] += worked - others_worked
                of_others, others_worked = self._inner[-1]
                self._inner[-1] = (of_others + took, others_worked + worked)

        setattr(owner, name, measured)

    def write(self, path: Path) -> None:
        """Write what was measured since the last time."""
        written = {"seconds": dict(self.seconds), "worked": dict(self.worked)}
        self.seconds.clear()
        self.worked.clear()
        put(path, written)


def watch_engine(path: Path) -> None:
    """Be the engine, measured."""
    import django  # noqa: PLC0415 - the path comes first

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415 - after the set-up

    from accounts.ledger.posting import Books  # noqa: PLC0415 - the same
    from trading import log  # noqa: PLC0415 - the same
    from trading.projections import Projector  # noqa: PLC0415 - the same
    from trading.runner import committing, deciding, process, runner  # noqa: PLC0415 - the same
    from trading.runner.news import News  # noqa: PLC0415 - the same
    from trading.runner.notary import Notary  # noqa: PLC0415 - the same
    from trading.runner.telling import Teller  # noqa: PLC0415 - the same
    from trading.runner.writing import Writer  # noqa: PLC0415 - the same

    stages = Stages()
    for owner, name, stage in (
        (process, "wait_for_commands", "waiting for commands"),
        (runner, "take", "take: read the inbox"),
        (runner, "arrange", "take: decode and order"),
        (runner, "decide_step", "decide: encode, chain"),
        (deciding, "apply", "decide: the engine"),
        (Projector, "observe", "rows: observe"),
        (Projector, "write", "rows: orders, trades, positions"),
        (Books, "post", "written beside: the ledger"),
        (log, "append", "log: note events"),
        (Notary, "sign", "receipts: sign"),
        (committing, "_mark", "commands: note outcomes"),
        (runner, "commit", "written beside: all but the ledger"),
        (News, "of", "news: make it"),
        (Teller, "tell", "written beside: tell Redis"),
        (Writer, "finish", "wait for the step before"),
    ):
        stages.wrap(owner, name, stage)
    signal.signal(signal.SIGUSR1, lambda *_: stages.write(path))
    call_command("run_engine")


class Sampler(threading.Thread):
    """Looks at every thread's stack now and then."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self._path = path
        self._seen: Counter[str] = Counter()
        self._lines: Counter[str] = Counter()
        self._is_due = False

    def run(self) -> None:
        """Sample for ever."""
        own = threading.get_ident()
        while True:
            time.sleep(EVERY_S)
            for name, frame in sys._current_frames().items():  # noqa: SLF001 - the one way to look
                if name != own:
                    self._note(frame)
            if self._is_due:
                self._is_due = False
                put(self._path, {"packages": self._seen, "lines": self._lines.most_common(60),
                                 "cpu": time.process_time()})  # fmt: skip
                self._seen, self._lines = Counter(), Counter()

    def tell(self) -> None:
        """Write at the next sample what was seen."""
        self._is_due = True

    def _note(self, frame: Any) -> None:
        if frame.f_code.co_name in {"wait", "select", "poll", "_worker", "epoll"}:
            return
        if frame.f_code.co_filename.endswith(("selectors.py", "threading.py", "queue.py")):
            return
        self._seen[package_of(frame)] += 1
        code = frame.f_code
        self._lines[f"{code.co_filename.rsplit('site-packages/')[-1]}:{code.co_name}"] += 1


def package_of(frame: Any) -> str:
    """Return whose code a stack stands in: a library's name, or a room of the house."""
    name = frame.f_code.co_filename
    if "site-packages/" in name:
        return str(name.rsplit("site-packages/", maxsplit=1)[1].split("/")[0])
    if name.startswith(ROOT):
        return str(name[len(ROOT) + 1 :].rsplit("/", maxsplit=1)[0])
    return "python"


def watch_web(path: Path, arguments: list[str]) -> None:
    """Be the web server, sampled."""
    import django  # noqa: PLC0415 - the path comes first

    django.setup()
    from daphne.cli import CommandLineInterface  # noqa: PLC0415 - after the set-up

    sampler = Sampler(path)
    signal.signal(signal.SIGUSR1, lambda *_: sampler.tell())
    sampler.start()
    CommandLineInterface().run(arguments)


def put(path: Path, written: Any) -> None:
    """Write a file at once or not at all."""
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(written), encoding="utf-8")
    unfinished.rename(path)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "godark.settings")
    kind, file, *rest = sys.argv[1:]
    if kind == "engine":
        watch_engine(Path(file))
    else:
        watch_web(Path(file), rest)
