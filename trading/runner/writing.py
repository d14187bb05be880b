"""Writing: a decided step is committed, then told; beside the next step where there are threads.

At most one step is being written, and at most one that is written is being told. Whoever waits for
a step gets its failure, too: what was decided meanwhile stands on sand then, is never written, and
ends with the process. What is not here: what is written (`trading.runner.committing`).
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from trading.inbox.outcomes import Outcome
from trading.recording import Recorded
from trading.rings import Message
from trading.runner.deciding import DecidedStep
from trading.runner.telling import Teller


@dataclass(kw_only=True, slots=True)
class Finished:
    """A step that is decided, with all that is to be written and told of it.

    `numbers` are the commands that it takes; `marks` the moments at which its parts were done.
    """

    whole: DecidedStep
    numbers: list[int]
    noted: Recorded
    outcomes: list[Outcome]
    news: Sequence[Message]
    sequence: int
    marks: list[float] = field(default_factory=list)


class Writer:
    """Commits and tells one step after the other; the next is committed while one is told."""

    def __init__(
        self, commit: Callable[[Recorded], None], teller: Teller | None, *, beside: bool
    ) -> None:
        self._commit, self._teller = commit, teller
        self._writing = ThreadPoolExecutor(1, "step-writer") if beside else None
        self._telling = ThreadPoolExecutor(1, "step-teller") if beside else None
        self._under_way: tuple[Finished, Future[None]] | None = None
        self._told: Future[None] = Future()
        self._told.set_result(None)
        self._told_s: deque[float] = deque()

    @property
    def taken(self) -> list[int]:
        """Return the numbers of the commands that are being written."""
        return [] if self._under_way is None else self._under_way[0].numbers

    def begin(self, step: Finished) -> None:
        """Write a step, the one before being written."""
        assert self._under_way is None  # noqa: S101 - one after the other
        self._under_way = (step, _done_by(self._writing, self._write, step))

    def finish(self) -> tuple[Finished, Exception | None] | None:
        """Wait for the step that is being written; return it, and why it was not.

        Where none is, wait for the one that is being told; its failure is raised.
        """
        if self._under_way is None:
            self._told.result()
            return None
        (step, written), self._under_way = self._under_way, None
        try:
            written.result()
        except Exception as error:  # noqa: BLE001 - judged by whoever waits
            return step, error
        return step, None

    def told_s(self) -> Iterator[float]:
        """Yield, once, how long each step took to tell."""
        while self._told_s:
            yield self._told_s.popleft()

    def end(self) -> None:
        """Wait for what is being written and told, and take nothing more."""
        for threads in (self._writing, self._telling):
            if threads is not None:
                threads.shutdown()

    def _write(self, step: Finished) -> None:
        self._commit(step.noted)
        step.marks.append(time.perf_counter())
        # What is told is durable (I44), in the order of the log, and never far behind it.
        self._told.result()
        self._told = _done_by(self._telling, self._tell, step)
        if self._telling is None:
            self._told.result()

    def _tell(self, step: Finished) -> None:
        began = time.perf_counter()
        if self._teller is not None:
            self._teller.tell(step.outcomes, news=step.news, sequence=step.sequence)
        self._told_s.append(time.perf_counter() - began)


def _done_by(
    threads: ThreadPoolExecutor | None, do: Callable[[Finished], None], step: Finished
) -> Future[None]:
    """Do something with a step, by a thread where there is one; what fails waits in the future."""
    if threads is not None:
        return threads.submit(do, step)
    done: Future[None] = Future()
    try:
        do(step)
        done.set_result(None)
    except Exception as error:  # noqa: BLE001 - told to whoever waits for the step
        done.set_exception(error)
    return done
