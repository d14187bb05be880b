"""Runs of the reconciliation: engine, projections and ledger compared, and what differed."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class ReconciliationOutcome(models.TextChoices):
    """How a run ended."""

    AGREES = "AGREES", "Everything agrees"
    DIFFERS = "DIFFERS", "Differences were found"


class Reconciliation(models.Model):
    """One run: after which event it looked, and each difference in words and figures."""

    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    event_sequence = models.BigIntegerField(help_text="The newest event that was compared.")
    outcome = models.CharField(max_length=8, choices=ReconciliationOutcome.choices)
    difference_count = models.IntegerField(default=0)
    differences = models.JSONField(
        default=list, blank=True, help_text="The first hundred: kind, account, market, figures."
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(outcome="AGREES", difference_count=0)
                | Q(outcome="DIFFERS", difference_count__gt=0),
                name="reconciliation_outcome_by_count",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["-started_at"], name="reconciliation_newest")]

    def __str__(self) -> str:
        """Return how it ended."""
        return f"{self.outcome} at event {self.event_sequence}"
