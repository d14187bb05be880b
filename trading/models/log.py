"""The log: everything that happened, hash-chained, and snapshots of the engine's state."""

from typing import ClassVar, Final

from django.db import models
from django.db.models import Q

SHOWN_KINDS: Final = (
    "BackstopFunded",
    "BreakerReleased",
    "BreakerTripped",
    "DelistingSettled",
    "DepositCredited",
    "DepositDropped",
    "DepositFinalized",
    "FundingPaid",
    "FundingRateSet",
    "FundingSettled",
    "InsuranceContributed",
    "InsurancePaid",
    "LiquidationDeferred",
    "LiquidationPended",
    "LiquidationStarted",
    "LiquidationWarned",
    "MarketLimitsChanged",
    "MarketListed",
    "MarketStateChanged",
    "OpenInterestPublished",
    "ShortfallCovered",
    "VenueDebtBooked",
    "VenueDebtRepaid",
    "WarningLifted",
    "WithdrawalConfirmed",
    "WithdrawalReserved",
    "WithdrawalReturned",
)
"""The events that tell of no order, and not of each price: those that staff may read (I24)."""


class Event(models.Model):
    """One event in its canonical encoding; append-only by a trigger.

    `head` is the chain's head after it: BLAKE2b-256(head before, payload).
    """

    sequence = models.BigIntegerField(primary_key=True)
    kind = models.CharField(max_length=32)
    at_ms = models.BigIntegerField()
    payload = models.BinaryField()
    head = models.BinaryField(max_length=32)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(sequence__gte=1), name="event_sequence_from_one"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["sequence"], condition=Q(kind__in=SHOWN_KINDS), name="event_shown"
            ),
        ]

    def __str__(self) -> str:
        """Return its place and what it is."""
        return f"{self.sequence} {self.kind}"


class Snapshot(models.Model):
    """The whole state after an event, from which a restore begins; the newest few are kept.

    `state` is packed with zlib; `digest` is that of the bytes before packing.
    """

    sequence = models.BigIntegerField(primary_key=True)
    head = models.BinaryField(max_length=32)
    digest = models.BinaryField(max_length=32)
    state = models.BinaryField()
    made_at_ms = models.BigIntegerField()

    def __str__(self) -> str:
        """Return after which event it was taken."""
        return f"after {self.sequence}"


class LogCheck(models.Model):
    """How far a walk through the log has proved it."""

    name = models.CharField(max_length=10, primary_key=True)
    sequence = models.BigIntegerField()
    head = models.BinaryField(max_length=32)
    checked_at = models.DateTimeField()

    def __str__(self) -> str:
        """Return how far it is."""
        return f"{self.name}: {self.sequence}"
