"""What staff did: the audit log of the back office."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models.people import User


class StaffAction(models.Model):
    """One thing that a member of staff did, tried or looked at; append-only by a trigger (I75).

    Names are copied as they were at the time. A trader is named by `object_id` alone, so that
    erasing a person leaves nothing of them here.
    """

    class Outcome(models.TextChoices):
        """How it ended."""

        DONE = "DONE", "done"
        REFUSED = "REFUSED", "refused"

    happened_at = models.DateTimeField(default=timezone.now)
    actor = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="staff_actions"
    )
    actor_email = models.CharField(max_length=254, blank=True)
    actor_roles = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    action = models.CharField(max_length=64)
    outcome = models.CharField(max_length=16, choices=Outcome.choices, default=Outcome.DONE)
    object_type = models.CharField(max_length=100, blank=True)
    object_id = models.CharField(max_length=64, blank=True)
    object_name = models.CharField(max_length=200, blank=True)
    changes = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    reason = models.CharField(max_length=500, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        verbose_name = "staff action"
        indexes: ClassVar = [
            models.Index(fields=["-happened_at"], name="staff_action_by_time"),
            models.Index(fields=["object_type", "object_id"], name="staff_action_by_object"),
            models.Index(fields=["object_id", "-id"], name="staff_action_by_object_id"),
            models.Index(fields=["action", "-id"], name="staff_action_by_action"),
            models.Index(fields=["actor_email", "-id"], name="staff_action_by_actor"),
            models.Index(fields=["object_name", "-id"], name="staff_action_by_name"),
            models.Index(fields=["request_id"], name="staff_action_by_request"),
            models.Index(fields=["-id"], condition=Q(outcome="REFUSED"), name="staff_refusals"),
        ]

    def __str__(self) -> str:
        """Return who did what, as the list shows it."""
        return f"{self.actor_email or 'console'}: {self.action} {self.object_name}".strip()
