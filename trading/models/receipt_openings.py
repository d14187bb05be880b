"""Openings of receipts: which auditor was told where in the log a receipt was committed, and why.

Append-only by a trigger; what the opening said is not kept, only how many events it held.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from trading.models.commands import Receipt


class ReceiptOpening(models.Model):
    """One opening of a receipt."""

    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="+")
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=500)
    events = models.PositiveIntegerField(help_text="How many were given with it.")
    opened_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "opening of a receipt"
        verbose_name_plural = "openings of receipts"
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(reason=""), name="opening_has_a_reason"),
        ]

    def __str__(self) -> str:
        """Return which one it is; not whose receipt."""
        return f"opening {self.pk}"
