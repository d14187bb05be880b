"""Alerts: what the venue found wrong with itself. Somebody must look at each."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class AlertKind(models.TextChoices):
    """What is wrong."""

    COMMAND_FAILED = "COMMAND_FAILED", "A command broke an invariant; it will be taken alone"
    COMMAND_SET_ASIDE = "COMMAND_SET_ASIDE", "A command failed twice and was set aside"
    STEP_REFUSED = "STEP_REFUSED", "The database refused a step; its commands are taken alone"
    SNAPSHOT_BROKEN = "SNAPSHOT_BROKEN", "A snapshot is not what it says; an older one was used"
    LOG_BROKEN = "LOG_BROKEN", "The log is not what was written"
    LIQUIDATION_MISSED = "LIQUIDATION_MISSED", "A position is below maintenance and untouched"
    LIQUIDATION_DISPUTED = "LIQUIDATION_DISPUTED", "Audit and engine differ on who is liquidatable"
    BOOKS_DIFFER = "BOOKS_DIFFER", "Engine, projections and ledger differ"
    GLASS_BROKEN = "GLASS_BROKEN", "A member of staff looks at resting orders"
    RECEIPT_OPENED = "RECEIPT_OPENED", "A receipt was opened for an auditor"
    WITNESS_REFUSES = "WITNESS_REFUSES", "The witness finds another state root than settlement"
    WITNESS_SILENT = "WITNESS_SILENT", "The witness does not answer"
    CHAIN_FAILING = "CHAIN_FAILING", "State roots or payouts fail on the chain again and again"
    FORCED_EXIT = "FORCED_EXIT", "A forced exit is asked for on the chain"
    FUNDING_LATE = "FUNDING_LATE", "An hour of funding has not been paid"


class Alert(models.Model):
    """One alert; `detail` names commands by their number and never what an order says."""

    kind = models.CharField(max_length=20, choices=AlertKind.choices)
    detail = models.CharField(max_length=300)
    raised_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(kind__in=AlertKind.values), name="alert_kind_known"),
        ]
        indexes: ClassVar = [models.Index(fields=["-raised_at"], name="alert_newest")]

    def __str__(self) -> str:
        """Return what is wrong."""
        return AlertKind(self.kind).label
