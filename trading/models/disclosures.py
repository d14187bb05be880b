"""Every version of the disclosure, as it was shown."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class DisclosureVersion(models.Model):
    """One version, in its order; append-only by a trigger."""

    number = models.PositiveIntegerField(primary_key=True)
    parts = models.JSONField(help_text="[part, [[name, what held], ...]] each.")
    made_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(number__gte=1), name="disclosure_number_from_one"),
        ]

    def __str__(self) -> str:
        """Return its number."""
        return f"version {self.number}"
