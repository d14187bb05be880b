"""What the audit of liquidations suspects: positions that the engine should have touched."""

from typing import ClassVar

from django.db import models

from trading.models.markets import Market


class LiquidationSuspect(models.Model):
    """A position that the audit found below maintenance and untouched; gone when it is not.

    One that was alerted stays, with the moment at which it was well again.
    """

    account_id = models.UUIDField()
    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="+", db_index=False)
    mark_half_ticks = models.BigIntegerField()
    equity_micro = models.BigIntegerField()
    maintenance_micro = models.BigIntegerField()
    first_seen_at = models.DateTimeField()
    alerted_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account_id", "market"],
                condition=models.Q(ended_at__isnull=True),
                name="liquidation_suspect_once",
            ),
        ]

    def __str__(self) -> str:
        """Return which market it is in."""
        return f"in {self.market_id} since {self.first_seen_at:%H:%M:%S}"
