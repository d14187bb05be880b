"""How near each position is to being auto-deleveraged: written once a minute by a job."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from trading.models.markets import Market

LAST_IN_LINE = 1
FIRST_IN_LINE = 5


class AdlRank(models.Model):
    """A position's place in its side's queue, in fifths: 5 is closed first.

    It tells its owner of no order, and of other positions no more than where its own stands.
    """

    account_id = models.UUIDField()
    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="+")
    rank = models.PositiveSmallIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account_id", "market"], name="adl_rank_once"),
            models.CheckConstraint(
                condition=Q(rank__range=(LAST_IN_LINE, FIRST_IN_LINE)), name="adl_rank_in_fifths"
            ),
        ]

    def __str__(self) -> str:
        """Return the rank."""
        return f"{self.rank} of {FIRST_IN_LINE}"
