"""The site's own housekeeping. What the venue does for its users stands in the apps."""

from datetime import timedelta

from axes.handlers.proxy import AxesProxyHandler
from django.core.management import call_command
from django.utils import timezone

from godark.jobs import job
from godark.jobs.models import JobFailure

LOG_IN_RECORDS_DAYS = 90
FAILURES_DAYS = 30


@job(at_most_seconds=10)
def heartbeat() -> None:
    """Do nothing: that the row is fresh proves the clockwork, the broker and a worker."""


@job(at_most_seconds=300)
def clear_expired_sessions() -> None:
    """Delete the sessions that nobody can use any more."""
    call_command("clearsessions")


@job(at_most_seconds=300)
def trim_log_in_records() -> None:
    """Delete what is older than 90 days of who logged in and who guessed."""
    AxesProxyHandler.reset_logs(age_days=LOG_IN_RECORDS_DAYS)
    AxesProxyHandler.reset_failure_logs(age_days=LOG_IN_RECORDS_DAYS)


@job(at_most_seconds=300)
def trim_job_failures() -> None:
    """Delete the failed runs older than 30 days."""
    JobFailure.objects.filter(ended_at__lt=timezone.now() - timedelta(days=FAILURES_DAYS)).delete()
