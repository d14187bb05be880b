"""Solana wallets that people have linked, and the challenges by which they prove them.

One wallet per account and one account per wallet, at a time: a link that ended stays as a row.
What is not here: what lies in a wallet or its vault (the chain, `trading`).
"""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models.people import User

ADDRESS_PATTERN = r"^[1-9A-HJ-NP-Za-km-z]{32,44}$"


class Wallet(models.Model):
    """A wallet linked to an account, from one moment to another; null: it is linked now."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="wallets")
    address = models.CharField(max_length=44, help_text="Base58, as Solana writes it.")
    linked_at = models.DateTimeField(default=timezone.now)
    unlinked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(unlinked_at__isnull=True), name="wallet_one_an_account"
            ),
            models.UniqueConstraint(
                fields=["address"],
                condition=Q(unlinked_at__isnull=True),
                name="wallet_one_account_each",
            ),
            models.CheckConstraint(
                condition=Q(address__regex=ADDRESS_PATTERN), name="wallet_address_base58"
            ),
            models.CheckConstraint(
                condition=Q(unlinked_at__isnull=True) | Q(unlinked_at__gte=F("linked_at")),
                name="wallet_unlinked_after_linked",
            ),
        ]

    def __str__(self) -> str:
        """Return the address."""
        return self.address


class WalletChallenge(models.Model):
    """The newest sentence that an account was asked to sign; signed once, then it is gone."""

    user = models.OneToOneField(
        User, on_delete=models.CASCADE, primary_key=True, related_name="wallet_challenge"
    )
    address = models.CharField(max_length=44)
    message = models.TextField()
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        """Return for which wallet."""
        return f"challenge for {self.address}"
