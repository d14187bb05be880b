"""Log-ins of API clients: the families of refresh tokens, one family per log-in."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models.people import User


class TokenFamily(models.Model):
    """All tokens that descend from one log-in; once ended, none of them opens anything.

    `session_key` names the browser session that the same log-in opened; both end together.
    """

    class End(models.TextChoices):
        """Why it ended before its time."""

        LOGGED_OUT = "LOGGED_OUT", "logged out"
        LOGGED_OUT_EVERYWHERE = "LOGGED_OUT_EVERYWHERE", "logged out everywhere"
        REUSED = "REUSED", "a refresh token came twice"
        PASSWORD_CHANGED = "PASSWORD_CHANGED", "the password was changed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="token_families")
    started_at = models.DateTimeField(default=timezone.now)
    session_key = models.CharField(max_length=40, blank=True, default="")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_because = models.CharField(max_length=24, choices=End.choices, blank=True, default="")

    class Meta:
        verbose_name_plural = "token families"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_because="")
                | (Q(ended_at__isnull=False) & ~Q(ended_because="")),
                name="token_family_end_has_its_reason",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["session_key"], condition=~Q(session_key=""), name="family_by_session"
            ),
        ]

    def __str__(self) -> str:
        """Return when it began."""
        return f"log-in of {self.started_at:%Y-%m-%d %H:%M}"


class RefreshToken(models.Model):
    """One refresh token, known by its SHA-256. It serves once; the next one takes its place."""

    family = models.ForeignKey(TokenFamily, on_delete=models.CASCADE, related_name="tokens")
    digest = models.BinaryField(max_length=32, unique=True)
    issued_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["family"], condition=Q(used_at__isnull=True), name="one_unused_per_family"
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=models.F("issued_at")), name="refresh_token_lives"
            ),
        ]

    def __str__(self) -> str:
        """Return when it ends."""
        return f"until {self.expires_at:%Y-%m-%d %H:%M}"
