"""Checkpoints: all claims at the committed marks, their two roots, and the nodes that prove them.

What is not here: how one is built and sent (`trading.checkpoints`).
"""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from trading.models.chain import Batch, BatchState, ChainTransaction


class Checkpoint(models.Model):
    """One checkpoint of all claims as of a state root; everything but its sending is made once."""

    number = models.BigIntegerField(primary_key=True)
    batch = models.ForeignKey(
        Batch, on_delete=models.PROTECT, related_name="checkpoints", verbose_name="state root"
    )
    at_ms = models.BigIntegerField(help_text="The moment of the root's last event.")
    plain_root = models.BinaryField(max_length=32)
    sum_root = models.BinaryField(max_length=32)
    users_micro = models.BigIntegerField(help_text="All claims of leaves that have an owner.")
    venue_micro = models.BigIntegerField(help_text="All claims of leaves without one.")
    deposits_micro = models.BigIntegerField(
        help_text="All that was ever credited, the venue's too."
    )
    released_micro = models.BigIntegerField(help_text="All that was ever released.")
    paid_micro = models.BigIntegerField(help_text="What the program had paid of that.")
    leaves = models.IntegerField()
    depth = models.PositiveSmallIntegerField()
    ids_depth = models.PositiveSmallIntegerField()
    marks_root = models.BinaryField(max_length=32)
    ids_root = models.BinaryField(max_length=32, help_text="Of the map of vaults with a claim.")
    file_head = models.BinaryField(help_text="The published file up to its leaf hashes.")
    file_digest = models.BinaryField(max_length=32, help_text="SHA-256 of the published file.")
    symbols = ArrayField(models.CharField(max_length=24), help_text="As the chain numbers them.")
    marks_half_ticks = ArrayField(models.BigIntegerField())
    units_micro = ArrayField(
        models.BigIntegerField(), help_text="What half a tick of one lot is worth."
    )
    sizes_lots = ArrayField(models.BigIntegerField(), help_text="The sum of each market: zero.")
    state = models.CharField(max_length=9, choices=BatchState.choices)
    transaction = models.ForeignKey(
        ChainTransaction, on_delete=models.PROTECT, related_name="checkpoints"
    )
    built_at_ms = models.BigIntegerField()
    confirmed_at_ms = models.BigIntegerField(null=True, blank=True)
    finalized_at_ms = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=BatchState.values), name="checkpoint_state_in_list"
            ),
            models.CheckConstraint(
                condition=Q(users_micro__gte=0, venue_micro__gte=0),
                name="checkpoint_claims_not_negative",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["number"], condition=~Q(state="FINALIZED"), name="checkpoint_not_final"
            ),
        ]

    def __str__(self) -> str:
        """Return its number."""
        return str(self.number)


class CheckpointLevel(models.Model):
    """All nodes of one level of both trees, from the leaves (0) up; kept for the newest few.

    `hashes` is 32 bytes a node, `sums` 40: the node of the tree with sums, then its sum (u64).
    """

    id = models.BigAutoField(primary_key=True)
    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.CASCADE, related_name="levels")
    level = models.PositiveSmallIntegerField()
    hashes = models.BinaryField()
    sums = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["checkpoint", "level"], name="checkpoint_level_once"),
        ]

    def __str__(self) -> str:
        """Return which."""
        return f"{self.checkpoint_id}, level {self.level}"
