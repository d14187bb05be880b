"""Rows of compliance: who was restricted, when, by whom and why."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class AccountRestriction(models.Model):
    """One freeze or unfreeze of an account; append-only by a trigger. The newest one holds.

    `by` is empty where the venue did it by itself (a sanctioned wallet). The account is kept by
    its id alone, so that erasing a person leaves nothing of them here.
    """

    class Action(models.TextChoices):
        """What was done."""

        FREEZE = "FREEZE", "freeze"
        UNFREEZE = "UNFREEZE", "unfreeze"

    account_id = models.UUIDField()
    action = models.CharField(max_length=8, choices=Action.choices)
    reason = models.CharField(max_length=500)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="restrictions_made",
    )
    happened_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(action__in=["FREEZE", "UNFREEZE"]), name="restriction_action_in_list"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="restriction_has_a_reason"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["account_id", "-id"], name="restriction_of_account"),
        ]

    def __str__(self) -> str:
        """Return what was done to whom."""
        return f"{self.action} {self.account_id}"
