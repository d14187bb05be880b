"""Which functions are jobs: the decorator, and the list of what it has seen."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from celery import shared_task

Work = Callable[[], None]
GRACE_SECONDS = 5

JOBS: dict[str, Work] = {}
"""Name of the job -> its work, for all modules `tasks` that have been imported."""


def job(*, at_most_seconds: int = 60) -> Callable[[Work], Work]:
    """Make a function of no arguments a job by its own name, ended after `at_most_seconds`.

    The function itself is returned: called plainly it just works; the lock, the row and the
    expiry belong to the runs that the clockwork or `manage.py run_job` starts.
    """

    def register(work: Work) -> Work:
        name = work.__name__
        if name in JOBS:
            raise ValueError(f"Two jobs are called {name}.")
        JOBS[name] = work
        shared_task(
            name=name,
            bind=True,
            soft_time_limit=at_most_seconds,
            time_limit=at_most_seconds + GRACE_SECONDS,
        )(_task_of(name))
        return work

    return register


def _task_of(name: str) -> Callable[[Any], None]:
    """Return the Celery task of a job."""

    def task(self: Any) -> None:
        from godark.jobs.running import run_alone  # noqa: PLC0415 - models exist only later

        expires = self.request.expires
        run_alone(name, expires_at=datetime.fromisoformat(expires) if expires else None)

    task.__name__ = name
    return task
