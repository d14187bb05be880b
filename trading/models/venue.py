"""How far the venue as a whole is paused, as a list of changes of which the newest holds."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q


class PauseLevel(models.IntegerChoices):
    """What is stopped: the higher, the more."""

    OPERATING = 0, "Nothing is paused"
    NEW_ORDERS_PAUSED = 1, "No new orders"
    TRADING_PAUSED = 2, "No trading"
    CANCELS_AND_WITHDRAWALS_ONLY = 3, "Only cancels and withdrawal requests"
    STOPPED = 4, "Everything is stopped"


class VenueModeChange(models.Model):
    """One change of the venue's pause level; append-only, and before the first it operates."""

    level = models.PositiveSmallIntegerField(choices=PauseLevel.choices)
    reason = models.CharField(max_length=200, help_text="Told to everybody.")
    changed_at = models.DateTimeField()
    resumes_at = models.DateTimeField(
        null=True, blank=True, help_text="When it ends by itself; empty: by hand."
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(level__in=PauseLevel.values), name="venue_level_in_list"
            ),
            models.CheckConstraint(
                condition=Q(
                    level__in=[1, 2],
                    resumes_at__isnull=False,
                    resumes_at__gt=F("changed_at"),
                )
                | Q(level__in=[0, 3, 4], resumes_at__isnull=True),
                name="venue_resumes_by_itself_at_levels_1_and_2",
            ),
        ]

    def __str__(self) -> str:
        """Return the level in words."""
        return PauseLevel(self.level).label
