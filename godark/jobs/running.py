"""Runs a job: not too late, alone, with a row before and after."""

import time
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import structlog
from django.db import connection, transaction
from django.utils import timezone

from godark.jobs.locks import alone
from godark.jobs.models import JobFailure, JobRun, Outcome
from godark.jobs.registry import JOBS
from godark.logs import redact_text

log = structlog.get_logger(__name__)
LONGEST_ERROR = 300


class Ended(StrEnum):
    """What became of one start of a job."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    BUSY = "left to the copy that runs already"
    EXPIRED = "dropped, since it came too late"


def run_alone(name: str, *, expires_at: datetime | None = None) -> Ended:
    """Run the job unless it comes too late or a copy runs; record it; never raise its error."""
    if expires_at is not None and timezone.now() > expires_at:
        log.warning("job_expired", job=name)
        return Ended.EXPIRED
    with alone(name) as held:
        if not held:
            log.warning("job_busy", job=name)
            return Ended.BUSY
        return _run(name)


def _run(name: str) -> Ended:
    """Run the job between its two records."""
    started_at, clock = timezone.now(), time.monotonic()
    JobRun.objects.update_or_create(
        name=name,
        defaults={
            "outcome": Outcome.RUNNING,
            "started_at": started_at,
            "ended_at": None,
            "duration_ms": None,
            "error": "",
        },
    )
    error = _error_of(name)
    _record_end(
        name,
        started_at=started_at,
        duration_ms=round((time.monotonic() - clock) * 1000),
        error=error,
    )
    return Ended.FAILED if error else Ended.SUCCEEDED


def _error_of(name: str) -> str:
    """Do the work; return the sentence of its failure, or nothing."""
    try:
        JOBS[name]()
    except Exception as error:
        log.exception("job_failed", job=name)
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        return redact_text(f"{type(error).__name__}: {error}")[:LONGEST_ERROR]
    return ""


def _record_end(name: str, *, started_at: datetime, duration_ms: int, error: str) -> None:
    """Write how the run ended."""
    ended_at = max(started_at, timezone.now())
    told = {"ended_at": ended_at, "duration_ms": duration_ms, "error": error}
    with transaction.atomic():
        if error:
            JobRun.objects.filter(name=name).update(outcome=Outcome.FAILED, **told)
            JobFailure.objects.create(
                job_name=name, started_at=started_at, ended_at=ended_at, error=error
            )
        else:
            JobRun.objects.filter(name=name).update(
                outcome=Outcome.SUCCEEDED, succeeded_at=ended_at, **told
            )


def enroll(late_after_seconds: Mapping[str, int]) -> None:
    """Begin to keep time of these jobs, and of no others.

    Each has its full time from now on: after a night without the clockwork nobody is late
    before he could run.
    """
    now = timezone.now()
    with transaction.atomic():
        JobRun.objects.exclude(name__in=late_after_seconds).update(
            enrolled_at=None, late_after_seconds=None
        )
        JobRun.objects.bulk_create(
            [
                JobRun(name=name, enrolled_at=now, late_after_seconds=seconds)
                for name, seconds in late_after_seconds.items()
            ],
            update_conflicts=True,
            unique_fields=["name"],
            update_fields=["enrolled_at", "late_after_seconds"],
        )


def is_late(run: JobRun, *, now: datetime) -> bool:
    """Tell whether a job has missed its time."""
    if run.enrolled_at is None or run.late_after_seconds is None:
        return False
    since = max(run.enrolled_at, run.succeeded_at or run.enrolled_at)
    return (now - since).total_seconds() > run.late_after_seconds
