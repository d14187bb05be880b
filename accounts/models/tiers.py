"""Which limits an account has."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from accounts.models.people import User


class AccountTier(models.Model):
    """The tier that an account was given; without a row it is FREE.

    MARKET_MAKER is approved by staff, LOAD exists in development only; BASIC and PRO will come
    by stake.
    """

    class Name(models.TextChoices):
        """The tiers of PRODUCT; their figures stand in `godark.limits.TIERS`."""

        FREE = "FREE", "free"
        BASIC = "BASIC", "basic"
        PRO = "PRO", "pro"
        MARKET_MAKER = "MARKET_MAKER", "market maker"
        LOAD = "LOAD", "load (development only)"

    user = models.OneToOneField(
        User, on_delete=models.CASCADE, primary_key=True, related_name="account_tier"
    )
    tier = models.CharField(max_length=16, choices=Name.choices, default=Name.FREE)
    given_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(tier__in=["FREE", "BASIC", "PRO", "MARKET_MAKER", "LOAD"]),
                name="account_tier_in_list",
            ),
        ]

    def __str__(self) -> str:
        """Return the tier."""
        return self.tier
