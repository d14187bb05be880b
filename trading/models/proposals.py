"""Proposals: what one member of staff wants to change, and another approves or rejects (I77)."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from trading.models.markets import Market


class ProposalKind(models.TextChoices):
    """What is to change."""

    RISK_PARAMETERS = "RISK_PARAMETERS", "A market's limits, fees or margins"
    PAUSE_LEVEL = "PAUSE_LEVEL", "The venue's pause level, to or from a full stop"
    INSURANCE = "INSURANCE", "Venue money into an insurance fund"
    BACKSTOP = "BACKSTOP", "Money between the global fund and the backstop"


class ProposalState(models.TextChoices):
    """Where it stands."""

    OPEN = "OPEN", "Waits for another"
    APPROVED = "APPROVED", "Approved and done"
    REJECTED = "REJECTED", "Rejected or withdrawn"


class Proposal(models.Model):
    """One proposal; `changes` maps a column to [from, to], and it holds only while `from` does.

    A move of money has its amount there: from nothing to so many micro-USDT, below zero back.
    """

    kind = models.CharField(max_length=16, choices=ProposalKind.choices)
    market = models.ForeignKey(
        Market, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    changes = models.JSONField()
    reason = models.CharField(max_length=200)
    state = models.CharField(
        max_length=8, choices=ProposalState.choices, default=ProposalState.OPEN
    )
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        permissions: ClassVar = [("move_funds", "Can propose and approve moves of venue money")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind="RISK_PARAMETERS", market__isnull=False)
                | Q(kind__in=["PAUSE_LEVEL", "BACKSTOP"], market__isnull=True)
                | Q(kind="INSURANCE"),
                name="proposal_market_of_its_kind",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="proposal_has_a_reason"),
            models.CheckConstraint(
                condition=Q(state="OPEN", decided_by__isnull=True, decided_at__isnull=True)
                | Q(
                    state__in=["APPROVED", "REJECTED"],
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                ),
                name="proposal_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state="APPROVED") | ~Q(decided_by=F("proposed_by")),
                name="proposal_approved_by_another",
            ),
        ]

    def __str__(self) -> str:
        """Return which one it is."""
        return f"proposal {self.pk}"
