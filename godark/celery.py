"""The clockwork: the Celery app and the whole beat table.

Every job of the venue is one line of `BEAT`. What the jobs do stands in the `tasks` module of
the app that they belong to, how one is run in `godark.jobs`.
"""

import os
import sys
from dataclasses import dataclass
from typing import Any

import structlog
from celery import Celery, Task, bootsteps
from celery.beat import PersistentScheduler
from celery.schedules import crontab
from celery.signals import setup_logging
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection

from godark import alive

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "godark.settings")
try:
    settings.ENVIRONMENT  # noqa: B018 - reads them all, before Celery's command line does
except ImproperlyConfigured as error:
    sys.exit(f"GoDark does not start: {error}")


@dataclass(frozen=True)
class Timing:
    """When a job runs: every so many seconds or by a crontab, UTC.

    A start not begun within `expires_seconds` is dropped; a job that has not succeeded for
    `late_after_seconds` turns the site's health to degraded.
    """

    every: float | crontab
    expires_seconds: int
    late_after_seconds: int


HOUR = 3600
DAY = 24 * HOUR
BEAT: dict[str, Timing] = {
    "heartbeat": Timing(every=10, expires_seconds=10, late_after_seconds=60),
    "halt_unpriced_markets": Timing(every=5, expires_seconds=5, late_after_seconds=60),
    "sample_funding": Timing(every=1, expires_seconds=5, late_after_seconds=30),
    "pay_funding": Timing(every=crontab(), expires_seconds=50, late_after_seconds=300),
    "audit_liquidations": Timing(every=1, expires_seconds=1, late_after_seconds=30),
    "publish_open_interest": Timing(every=crontab(), expires_seconds=50, late_after_seconds=300),
    "resume_pauses": Timing(every=1, expires_seconds=1, late_after_seconds=60),
    "fire_lost_sockets": Timing(every=1, expires_seconds=1, late_after_seconds=30),
    "settle_roots": Timing(every=1, expires_seconds=1, late_after_seconds=60),
    "commit_checkpoints": Timing(every=5, expires_seconds=5, late_after_seconds=300),
    "watch_chain": Timing(every=2, expires_seconds=2, late_after_seconds=60),
    "pay_withdrawals": Timing(every=2, expires_seconds=2, late_after_seconds=120),
    "serve_exits": Timing(every=15, expires_seconds=15, late_after_seconds=300),
    "sweep_chain": Timing(every=60, expires_seconds=30, late_after_seconds=300),
    "reconcile_chain": Timing(every=60, expires_seconds=30, late_after_seconds=300),
    "keep_disclosure": Timing(every=60, expires_seconds=30, late_after_seconds=600),
    "rank_positions": Timing(every=60, expires_seconds=30, late_after_seconds=300),
    "reconcile_books": Timing(
        every=crontab(hour=0, minute=47), expires_seconds=HOUR, late_after_seconds=26 * HOUR
    ),
    "verify_log": Timing(every=crontab(minute="*/5"), expires_seconds=240, late_after_seconds=HOUR),
    "clear_expired_sessions": Timing(
        every=crontab(minute=17), expires_seconds=HOUR, late_after_seconds=3 * HOUR
    ),
    "trim_log_in_records": Timing(
        every=crontab(hour=3, minute=7), expires_seconds=HOUR, late_after_seconds=26 * HOUR
    ),
    "trim_log_ins": Timing(
        every=crontab(hour=3, minute=17), expires_seconds=HOUR, late_after_seconds=26 * HOUR
    ),
    "trim_job_failures": Timing(
        every=crontab(hour=3, minute=27), expires_seconds=HOUR, late_after_seconds=26 * HOUR
    ),
}


class GodarkTask(Task):  # type: ignore[type-arg] # celery-types' parameters do not exist at run time
    """A task whose every line in the log carries its id, as a request's do."""

    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:  # noqa: ARG002 - Celery's signature
        """Name the task in every line that it causes."""
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=task_id, task=self.name)

    def after_return(self, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002 - Celery's signature
        """Forget the name."""
        structlog.contextvars.clear_contextvars()


app = Celery("godark", task_cls=GodarkTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = {
    name: {"task": name, "schedule": timing.every, "options": {"expires": timing.expires_seconds}}
    for name, timing in BEAT.items()
}
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """Leave logging as Django's settings have it: Celery sets up its own if nobody is here."""


class SignsOfLife(bootsteps.StartStopStep):
    """The worker's own timer, which runs whether or not there is work."""

    requires = ("celery.worker.components:Timer",)

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        self.ticking: Any = None

    def start(self, parent: Any) -> None:
        """Give the first sign, and one every few seconds."""
        alive.give_sign(alive.Part.WORKER)
        self.ticking = parent.timer.call_repeatedly(
            alive.EVERY_SECONDS, alive.give_sign, (alive.Part.WORKER,), priority=10
        )

    def stop(self, parent: Any) -> None:  # noqa: ARG002 - Celery's signature
        """Give no more."""
        if self.ticking is not None:
            self.ticking.cancel()


app.steps["worker"].add(SignsOfLife)


class Clockwork(PersistentScheduler):
    """Celery's beat, which enrolls the jobs when it begins and gives signs of life."""

    def setup_schedule(self) -> None:
        """Begin to keep time."""
        from godark.jobs.running import enroll  # noqa: PLC0415 - models exist only later

        super().setup_schedule()
        try:
            enroll({name: timing.late_after_seconds for name, timing in BEAT.items()})
        except DatabaseError as error:
            sys.exit(f"The database failed ({type(error).__name__}): the clockwork does not start.")
        connection.close()

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due; return the seconds until the next is."""
        alive.give_sign(alive.Part.BEAT)
        return float(super().tick(*args, **kwargs))
