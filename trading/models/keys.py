"""The key under which the engine's numbers become public ids."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class IdentifierKey(models.Model):
    """Drawn at the first start and never again: a new one would rename every trade. One row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    key = models.BinaryField(max_length=32)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(id=1), name="identifier_key_one_row"),
        ]

    def __str__(self) -> str:
        """Return what it is, not the key."""
        return "the key of public ids"
