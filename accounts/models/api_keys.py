"""API keys: with what programs sign, and what they may do."""

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models.people import User

MOST_KEYS = 5
LONGEST_NETWORK = 43


class Permission(models.TextChoices):
    """What an API key may do; each is given by itself, none includes another."""

    READ = "READ", "read the account"
    TRADE = "TRADE", "place, amend and cancel orders"
    WITHDRAW = "WITHDRAW", "withdraw to the linked wallet"


class ApiKey(models.Model):
    """One key. What signs is encrypted; the passphrase is a hash, encrypted as well.

    `slot` numbers an account's living keys, so that the database itself holds their number to
    five. A deleted key keeps its row, for the history, and loses what it could sign with.
    """

    class Kind(models.TextChoices):
        """How it signs."""

        HMAC = "HMAC", "HMAC-SHA256 with a secret"
        ED25519 = "ED25519", "Ed25519 with a private key that only the owner has"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    slot = models.PositiveSmallIntegerField()
    api_key = models.CharField(max_length=35, unique=True)
    name = models.CharField(max_length=50)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    permissions = ArrayField(models.CharField(max_length=8, choices=Permission.choices))
    ip_allow_list = ArrayField(
        models.CharField(max_length=LONGEST_NETWORK), default=list, blank=True
    )
    secret_sealed = models.BinaryField(null=True, blank=True)
    public_key = models.BinaryField(null=True, blank=True)
    passphrase_sealed = models.BinaryField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API key"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "slot"],
                condition=Q(deleted_at__isnull=True),
                name="api_key_slot_once",
            ),
            models.CheckConstraint(
                condition=Q(slot__gte=1, slot__lte=MOST_KEYS), name="api_key_slots"
            ),
            models.CheckConstraint(
                condition=Q(api_key__regex=r"^gq_[0-9a-f]{32}$"), name="api_key_shape"
            ),
            models.CheckConstraint(
                condition=Q(permissions__contained_by=["READ", "TRADE", "WITHDRAW"])
                & Q(permissions__len__gte=1),
                name="api_key_permissions_in_list",
            ),
            models.CheckConstraint(
                condition=Q(
                    deleted_at__isnull=False,
                    secret_sealed__isnull=True,
                    public_key__isnull=True,
                    passphrase_sealed__isnull=True,
                )
                | Q(
                    deleted_at__isnull=True,
                    kind="HMAC",
                    secret_sealed__isnull=False,
                    public_key__isnull=True,
                    passphrase_sealed__isnull=False,
                )
                | Q(
                    deleted_at__isnull=True,
                    kind="ED25519",
                    secret_sealed__isnull=True,
                    public_key__isnull=False,
                    passphrase_sealed__isnull=False,
                ),
                name="api_key_signs_by_its_kind",
            ),
        ]

    def __str__(self) -> str:
        """Return the owner's name for it."""
        return self.name
