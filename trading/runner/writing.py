"""Writing: a decided step is committed, then told; beside the next step where there is a thread.

At most one step is being written. Whoever waits for it gets its failure, too: what was decided
meanwhile stands on sand then, is never written, and ends with the process. What is not here: what
is written (`trading.runner.committing`).
"""

import time
from collections.abc import Callable, Sequence
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
    """Commits and tells one step after the other."""

    def __init__(
        self, commit: Callable[[Recorded], None], teller: Teller | None, *, beside: bool
    ) -> None:
        self._commit, self._teller = commit, teller
        self._thread = ThreadPoolExecutor(1, "step-writer") if beside else None
        self._under_way: tuple[Finished, Future[None]] | None = None

    @property
    def taken(self) -> list[int]:
        """Return the numbers of the commands that are being written."""
        return [] if self._under_way is None else self._under_way[0].numbers

    def begin(self, step: Finished) -> None:
        """Write a step, the one before being written."""
        assert self._under_way is None  # noqa: S101 - one after the other
        if self._thread is not None:
            written = self._thread.submit(self._write, step)
        else:
            written = Future()
            try:
                self._write(step)
                written.set_result(None)
            except Exception as error:  # noqa: BLE001 - told to whoever waits for the step
                written.set_exception(error)
        self._under_way = (step, written)

    def finish(self) -> tuple[Finished, Exception | None] | None:
        """Wait for the step that is being written; return it, and why it was not."""
        if self._under_way is None:
            return None
        (step, written), self._under_way = self._under_way, None
        try:
            written.result()
        except Exception as error:  # noqa: BLE001 - judged by whoever waits
            return step, error
        return step, None

    def end(self) -> None:
        """Wait for what is being written, and take nothing more."""
        if self._thread is not None:
            self._thread.shutdown()

    def _write(self, step: Finished) -> None:
        self._commit(step.noted)
        step.marks.append(time.perf_counter())
        # What is told is durable (I44).
        if self._teller is not None:
            self._teller.tell(step.outcomes, news=step.news, sequence=step.sequence)
        step.marks.append(time.perf_counter())
