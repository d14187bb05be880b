"""The inbox: what somebody wants of the exchange, one row each, and how it was answered."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class CommandStatus(models.TextChoices):
    """Where a command stands."""

    WAITING = "WAITING", "Waiting"
    DONE = "DONE", "Done"
    CONFLATED = "CONFLATED", "Prices that newer ones replaced"
    SET_ASIDE = "SET_ASIDE", "Set aside: its own assertion failed twice"


class Command(models.Model):
    """One command; `payload` is its canonical encoding, whose moment is `decided_at_ms`.

    Whoever writes it leaves the second half empty; the runner alone fills it, in the transaction
    of the events that the command led to. `id` is the order of arrival and never leaves the venue.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.CharField(
        max_length=100,
        null=True,
        blank=True,
        unique=True,
        help_text="Makes a job's command act once however often the job writes it.",
    )
    kind = models.CharField(max_length=32)
    account_id = models.UUIDField(null=True, blank=True)
    payload = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now())

    status = models.CharField(
        max_length=10, choices=CommandStatus.choices, default=CommandStatus.WAITING
    )
    failures = models.PositiveSmallIntegerField(default=0)
    decided_at_ms = models.BigIntegerField(null=True, blank=True)
    first_event = models.BigIntegerField(null=True, blank=True)
    event_count = models.IntegerField(default=0)
    account_sequence = models.BigIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=40, blank=True, default="")
    numbers = models.JSONField(default=dict, blank=True)
    subject_id = models.CharField(
        max_length=100, blank=True, default="", help_text="The order or transfer that answers it."
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status__in=CommandStatus.values), name="command_status_in_list"
            ),
            models.CheckConstraint(
                condition=Q(status="DONE", decided_at_ms__isnull=False) | ~Q(status="DONE"),
                name="command_done_has_its_moment",
            ),
            models.UniqueConstraint(
                fields=["account_id", "account_sequence"],
                condition=Q(account_sequence__isnull=False),
                name="command_account_sequence_once",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=Q(status="WAITING"), name="command_waiting"),
            models.Index(fields=["created_at"], condition=Q(failures__gt=0), name="command_failed"),
            models.Index(fields=["-id"], condition=Q(status="SET_ASIDE"), name="command_set_aside"),
            models.Index(
                fields=["first_event"],
                condition=Q(first_event__isnull=False),
                name="command_by_first_event",
            ),
        ]

    def __str__(self) -> str:
        """Return what is wanted and how far it is."""
        return f"{self.kind} ({self.status})"


class VenueKey(models.Model):
    """A key that signs receipts, by its public half; earlier ones stay, so old receipts verify."""

    public_key = models.BinaryField(max_length=32, unique=True)
    first_used_at_ms = models.BigIntegerField()

    def __str__(self) -> str:
        """Return its first bytes."""
        return bytes(self.public_key).hex()[:16]


class Receipt(models.Model):
    """What the venue signed about one accepted command of an account; append-only.

    `digest` is of the command's terms, `commitment` of salt, global sequence and chain head;
    salt and opening are for auditors, the rest for the account's owner (docs/PROOFS.md).
    """

    id = models.BigAutoField(primary_key=True)
    account_id = models.UUIDField()
    account_sequence = models.BigIntegerField()
    kind = models.CharField(max_length=32)
    subject_id = models.CharField(max_length=100)
    digest = models.BinaryField(max_length=32)
    commitment = models.BinaryField(max_length=32)
    root_number = models.BigIntegerField(null=True)
    root = models.BinaryField(max_length=32, null=True)
    issued_at_ms = models.BigIntegerField()
    key = models.ForeignKey(VenueKey, on_delete=models.PROTECT, related_name="+", db_index=False)
    signature = models.BinaryField(max_length=64)
    salt = models.BinaryField(max_length=32)
    event_sequence = models.BigIntegerField()
    head = models.BinaryField(max_length=32)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account_id", "account_sequence"], name="receipt_account_sequence_once"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["subject_id"], name="receipt_by_subject")]

    def __str__(self) -> str:
        """Return which of the account's commands it is of."""
        return f"{self.kind} {self.account_sequence}"
