"""Breaking the glass: who was let at resting orders, whose, why, until when, and each look.

Both tables are append-only by a trigger; what was seen is not kept, only how many orders it was.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from trading.models.markets import Market


class BrokenGlass(models.Model):
    """One leave to look at the resting orders of an account or a market, for some minutes."""

    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    account_id = models.UUIDField(null=True, blank=True)
    market = models.ForeignKey(
        Market, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    reason = models.CharField(max_length=500)
    opened_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        verbose_name = "look at resting orders"
        verbose_name_plural = "looks at resting orders"
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(reason=""), name="broken_glass_has_a_reason"),
            models.CheckConstraint(
                condition=Q(account_id__isnull=False, market__isnull=True)
                | Q(account_id__isnull=True, market__isnull=False),
                name="broken_glass_account_or_market",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("opened_at")), name="broken_glass_ends"
            ),
        ]

    def __str__(self) -> str:
        """Return which one it is; not whose orders."""
        return f"break-glass {self.pk}"


class GlassLook(models.Model):
    """One look through it."""

    glass = models.ForeignKey(BrokenGlass, on_delete=models.PROTECT, related_name="looks")
    looked_at = models.DateTimeField(db_default=Now())
    orders = models.PositiveIntegerField(help_text="How many were seen.")

    def __str__(self) -> str:
        """Return through which glass."""
        return f"look through {self.glass_id}"
