"""What is known of each job's runs. Rows are written by `godark.jobs.running` only."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q


class Outcome(models.TextChoices):
    """How a run stands."""

    NEVER_RAN = "NEVER_RAN", "never ran"
    RUNNING = "RUNNING", "running"
    SUCCEEDED = "SUCCEEDED", "succeeded"
    FAILED = "FAILED", "failed"


class JobRun(models.Model):
    """The last run of one job. Late is whoever has not succeeded for `late_after_seconds`."""

    name = models.CharField(max_length=100, primary_key=True)
    outcome = models.CharField(max_length=12, choices=Outcome, default=Outcome.NEVER_RAN)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    duration_ms = models.PositiveBigIntegerField(null=True)
    succeeded_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)
    enrolled_at = models.DateTimeField(
        null=True, help_text="When the clockwork last began to keep time; empty: it does not."
    )
    late_after_seconds = models.PositiveIntegerField(null=True)

    class Meta:
        verbose_name = "job"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(outcome__in=Outcome.values), name="job_run_outcome_known"
            ),
            models.CheckConstraint(
                condition=Q(enrolled_at__isnull=True, late_after_seconds__isnull=True)
                | Q(enrolled_at__isnull=False, late_after_seconds__isnull=False),
                name="job_run_enrolled_whole",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
                name="job_run_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        """Return the job's name."""
        return self.name


class JobFailure(models.Model):
    """One run that failed, kept for a month."""

    job_name = models.CharField(max_length=100)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(db_index=True)
    error = models.CharField(max_length=300)

    class Meta:
        verbose_name = "failed run"

    def __str__(self) -> str:
        """Return the job and the moment."""
        return f"{self.job_name} at {self.ended_at:%Y-%m-%d %H:%M:%S}"
