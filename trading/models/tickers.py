"""What the outside may know of a market's prices now: one row per market, rewritten in place."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from trading.models.markets import Market


class MarketTicker(models.Model):
    """The newest public figures of a market; null is what nobody has published yet.

    The price service writes it. A figure that is missing is null, never the last one known.
    """

    market = models.OneToOneField(
        Market, on_delete=models.PROTECT, primary_key=True, related_name="ticker"
    )
    index_half_ticks = models.BigIntegerField(null=True)
    mark_half_ticks = models.BigIntegerField(null=True)
    bid_ticks = models.BigIntegerField(null=True)
    ask_ticks = models.BigIntegerField(null=True)
    funding_rate_ppb = models.BigIntegerField(null=True, help_text="Per hour.")
    premium_ppb = models.BigIntegerField(null=True, help_text="The newest second's sample.")
    sampled_at = models.DateTimeField(null=True, help_text="The second of that sample.")
    updated_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(index_half_ticks__isnull=True) | Q(index_half_ticks__gt=0),
                name="ticker_index_positive",
            ),
            models.CheckConstraint(
                condition=Q(mark_half_ticks__isnull=True) | Q(mark_half_ticks__gt=0),
                name="ticker_mark_positive",
            ),
            models.CheckConstraint(
                condition=Q(bid_ticks__isnull=True, ask_ticks__isnull=True)
                | Q(
                    bid_ticks__isnull=False,
                    ask_ticks__isnull=False,
                    bid_ticks__gt=0,
                    ask_ticks__gt=F("bid_ticks"),
                ),
                name="ticker_ask_above_bid",
            ),
        ]

    def __str__(self) -> str:
        """Return what it is of and when."""
        return f"{self.market_id} at {self.updated_at:%H:%M:%S}"
