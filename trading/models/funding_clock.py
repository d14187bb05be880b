"""How far premiums have been given to the engine; one row."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class FundingClock(models.Model):
    """The second before which everything is accounted for: sampled, missing, paid.

    It moves in the transaction of the commands that it stands for, so that none is given twice
    and none is left out, whoever dies.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    sampled_until = models.BigIntegerField(help_text="Seconds since 1970.")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(id=1), name="funding_clock_one_row"),
        ]

    def __str__(self) -> str:
        """Return the second."""
        return f"until {self.sampled_until}"
