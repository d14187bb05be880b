"""The door between settlement and witness: one row asks for one signature.

What is not here: who writes what (`trading.cosigning`, `trading.witness`).
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from trading.models.chain import ChainTransaction


class RequestState(models.TextChoices):
    """What has become of a request."""

    ASKED = "ASKED", "Asked"
    SIGNED = "SIGNED", "Signed"
    REFUSED = "REFUSED", "Refused"


class Signed(models.TextChoices):
    """What a signature is asked for."""

    ROOT = "ROOT", "Root"
    CHECKPOINT = "CHECKPOINT", "Checkpoint"


class WitnessRequest(models.Model):
    """What settlement wants the witness's signature for; one that was used is deleted."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=10, choices=Signed.choices, default=Signed.ROOT)
    number = models.BigIntegerField(help_text="Of the root or checkpoint.")
    transaction = models.OneToOneField(ChainTransaction, on_delete=models.CASCADE)
    message = models.BinaryField(help_text="What is to be signed.")
    state = models.CharField(max_length=7, choices=RequestState.choices, default=RequestState.ASKED)
    signature = models.BinaryField(max_length=64, blank=True, default=b"")
    reason = models.CharField(max_length=20, blank=True, default="")
    due_at_ms = models.BigIntegerField(help_text="When it was first due.")
    asked_at_ms = models.BigIntegerField()
    answered_at_ms = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=RequestState.values), name="witness_request_state_in_list"
            ),
            models.CheckConstraint(
                condition=Q(state="REFUSED", reason__gt="") | ~Q(state="REFUSED"),
                name="witness_refusal_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=Signed.values), name="witness_request_kind_in_list"
            ),
            models.UniqueConstraint(
                fields=["kind"], condition=Q(state="ASKED"), name="witness_asked_for_one_of_a_kind"
            ),
        ]

    def __str__(self) -> str:
        """Return what it is for, and how it stands."""
        return f"{Signed(self.kind).label} {self.number}: {self.state}"
