"""What happened to an account at its doors, for its owner to read."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone

from accounts.models.people import User


class AccountActivity(models.Model):
    """One thing that happened: when, from which address, on which device.

    Address and device are personal: they go when the person asks for erasure, so this table is
    not append-only. What staff did is in the audit log.
    """

    class Kind(models.TextChoices):
        """What happened."""

        SIGNED_UP = "SIGNED_UP", "signed up"
        SIGN_UP_REPEATED = "SIGN_UP_REPEATED", "somebody signed up with this e-mail again"
        LOGGED_IN = "LOGGED_IN", "logged in"
        LOGGED_OUT = "LOGGED_OUT", "logged out"
        LOGGED_OUT_EVERYWHERE = "LOGGED_OUT_EVERYWHERE", "logged out everywhere"
        TOKEN_REUSED = "TOKEN_REUSED", "a used refresh token came again; that log-in was ended"
        PASSWORD_CHANGED = "PASSWORD_CHANGED", "password changed"
        API_KEY_CREATED = "API_KEY_CREATED", "API key made"
        API_KEY_CHANGED = "API_KEY_CHANGED", "API key changed"
        API_KEY_DELETED = "API_KEY_DELETED", "API key deleted"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="activity")
    kind = models.CharField(max_length=24, choices=Kind.choices)
    happened_at = models.DateTimeField(default=timezone.now)
    address = models.GenericIPAddressField(null=True, blank=True)
    device = models.CharField(max_length=200, blank=True, default="")
    detail = models.CharField(max_length=100, blank=True, default="")

    class Meta:
        verbose_name_plural = "account activity"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(
                    kind__in=[
                        "SIGNED_UP",
                        "SIGN_UP_REPEATED",
                        "LOGGED_IN",
                        "LOGGED_OUT",
                        "LOGGED_OUT_EVERYWHERE",
                        "TOKEN_REUSED",
                        "PASSWORD_CHANGED",
                        "API_KEY_CREATED",
                        "API_KEY_CHANGED",
                        "API_KEY_DELETED",
                    ]
                ),
                name="activity_kind_in_list",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["user", "-happened_at", "-id"], name="activity_of_account"),
        ]

    def __str__(self) -> str:
        """Return what happened."""
        return self.get_kind_display()
