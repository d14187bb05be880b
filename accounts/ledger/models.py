"""Rows of the ledger: accounts by owner and purpose, entries, postings.

A posting is never changed or deleted (trigger), and those of one entry sum to zero (trigger at
the end of each statement). Balances are kept beside them, so that each can be asked for at once;
reconciliation compares the two. What is not here: what an event means in money
(`trading.projections`).
"""

import uuid
from typing import ClassVar, Final

from django.db import models
from django.db.models import Q

BACKSTOP_OWNER_ID: Final = uuid.UUID("00000000-0000-4000-8000-00000000b5b5")
"""The venue's backstop: the one owner whose cash may be below zero, until the fund tops it up."""


class Purpose(models.TextChoices):
    """What a ledger account is for. Positive: the venue owes it, or holds it for the purpose."""

    CASH = "CASH", "A user's cash"
    HELD = "HELD", "A user's cash held for withdrawals"
    MARGIN = "MARGIN", "Collateral of a position"
    COST = "COST", "Cost of a position, negated"
    FEES = "FEES", "Fees earned"
    INSURANCE = "INSURANCE", "A market's insurance fund, or the global one"
    FUNDING_POT = "FUNDING_POT", "An hour's funding on its way"
    VENUE_DEBT = "VENUE_DEBT", "A market's debt of the venue, negated"
    OUTSIDE = "OUTSIDE", "Money outside of the venue, negated"
    ADJUSTMENTS = "ADJUSTMENTS", "Test money of development, negated"


class LedgerAccount(models.Model):
    """One account of the ledger; `owner_id` null is the venue, `market` a symbol or nothing."""

    owner_id = models.UUIDField(null=True, blank=True)
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    market = models.CharField(max_length=24, blank=True, default="")
    balance_micro = models.BigIntegerField(default=0)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["purpose", "-id"], name="ledger_account_by_purpose"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner_id", "purpose", "market"],
                nulls_distinct=False,
                name="ledger_account_once",
            ),
            models.CheckConstraint(
                condition=Q(purpose__in=Purpose.values), name="ledger_purpose_in_list"
            ),
            models.CheckConstraint(
                condition=~Q(purpose__in=["CASH", "HELD"])
                | Q(balance_micro__gte=0)
                | Q(owner_id=BACKSTOP_OWNER_ID, purpose="CASH"),
                name="ledger_cash_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(purpose__in=["CASH", "HELD", "MARGIN", "COST"], owner_id__isnull=False)
                | Q(
                    purpose__in=[
                        "FEES",
                        "INSURANCE",
                        "FUNDING_POT",
                        "VENUE_DEBT",
                        "OUTSIDE",
                        "ADJUSTMENTS",
                    ],
                    owner_id__isnull=True,
                ),
                name="ledger_purpose_of_owner",
            ),
        ]

    def __str__(self) -> str:
        """Return its purpose."""
        return f"{self.purpose} {self.market}".strip()


class Phase(models.TextChoices):
    """Whether an entry counts for good."""

    POSTED = "POSTED", "Posted"
    PENDING = "PENDING", "Pending: to be posted or voided by a later entry"
    POSTS = "POSTS", "Posts a pending entry"
    VOIDS = "VOIDS", "Voids a pending entry"


class LedgerEntry(models.Model):
    """One movement of money: the postings of one event; its id is the event's sequence.

    `kind` is the event's name, `market` its symbol or nothing, `subject_id` the transfer that it
    is about. Its postings come in one statement of the same transaction (trigger).
    """

    id = models.BigIntegerField(primary_key=True)
    kind = models.CharField(max_length=32)
    market = models.CharField(max_length=24, blank=True, default="")
    subject_id = models.CharField(max_length=100, blank=True, default="")
    phase = models.CharField(max_length=7, choices=Phase.choices, default=Phase.POSTED)
    resolves = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, db_index=False
    )
    posted_at_ms = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "ledger entries"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(phase__in=Phase.values), name="entry_phase_in_list"),
            models.UniqueConstraint(
                fields=["resolves"],
                condition=Q(resolves__isnull=False),
                name="entry_resolved_once",
            ),
            models.CheckConstraint(
                condition=Q(phase__in=["POSTS", "VOIDS"], resolves__isnull=False)
                | Q(phase__in=["POSTED", "PENDING"], resolves__isnull=True),
                name="entry_resolves_by_its_phase",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=Q(phase="PENDING"), name="entry_pending"),
            models.Index(
                fields=["subject_id"], condition=~Q(subject_id=""), name="entry_by_subject"
            ),
        ]

    def __str__(self) -> str:
        """Return what it is."""
        return f"{self.kind} {self.phase}"


class Posting(models.Model):
    """One line of an entry."""

    id = models.BigAutoField(primary_key=True)
    entry = models.ForeignKey(LedgerEntry, on_delete=models.PROTECT, related_name="postings")
    account = models.ForeignKey(
        LedgerAccount, on_delete=models.PROTECT, related_name="postings", db_index=False
    )
    amount_micro = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(amount_micro=0), name="posting_not_zero"),
        ]
        indexes: ClassVar = [models.Index(fields=["account", "-id"], name="posting_newest_of")]

    def __str__(self) -> str:
        """Return the amount."""
        return f"{self.amount_micro}"
