"""Where a price comes from: outside venues and oracles, as the price service reads them."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from trading.models.markets import Market
from trading.models.units import PPB


class Venue(models.TextChoices):
    """Who publishes a price."""

    BINANCE = "BINANCE", "Binance"
    COINBASE = "COINBASE", "Coinbase"
    KRAKEN = "KRAKEN", "Kraken"
    BYBIT = "BYBIT", "Bybit"
    OKX = "OKX", "OKX"
    PYTH = "PYTH", "Pyth"
    SWITCHBOARD = "SWITCHBOARD", "Switchboard"


ORACLES = (Venue.PYTH, Venue.SWITCHBOARD)


class SourceRole(models.TextChoices):
    """What a price is used for."""

    INDEX = "INDEX", "Spot price, part of the index"
    PERP = "PERP", "Perpetual price, part of the premium"
    ORACLE = "ORACLE", "Oracle price, where venues are too few"
    CONVERSION = "CONVERSION", "USDT/USD, to convert quotes in USD"


WITHOUT_WEIGHT = Q(role__in=["PERP", "ORACLE"]) | Q(role="CONVERSION", venue__in=ORACLES)
"""Medians of perpetuals and answers of oracles are not weighed."""


class PriceSource(models.Model):
    """One instrument at one venue, in the venue's own spelling.

    The price of one unit of the base is the instrument's price, its reciprocal if it `is_inverted`
    (USD/JPY), divided by `base_per_unit` (1,000 for a contract on a thousand PEPE), and converted
    by the conversion sources if `quoted_in` is USD. Those belong to no market.
    """

    market = models.ForeignKey(
        Market, on_delete=models.PROTECT, related_name="sources", null=True, blank=True
    )
    role = models.CharField(max_length=10, choices=SourceRole.choices)
    venue = models.CharField(max_length=12, choices=Venue.choices)
    instrument = models.CharField(max_length=40)
    quoted_in = models.CharField(max_length=4)
    is_inverted = models.BooleanField(default=False)
    base_per_unit = models.PositiveIntegerField(default=1)
    weight_ppb = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["market", "role", "venue"],
                nulls_distinct=False,
                name="source_once_per_venue_and_role",
            ),
            models.CheckConstraint(
                condition=Q(role__in=SourceRole.values), name="source_role_in_list"
            ),
            models.CheckConstraint(
                condition=Q(venue__in=Venue.values), name="source_venue_in_list"
            ),
            models.CheckConstraint(
                condition=Q(role="CONVERSION", market__isnull=True)
                | (~Q(role="CONVERSION") & Q(market__isnull=False)),
                name="source_market_unless_conversion",
            ),
            models.CheckConstraint(
                condition=Q(role="ORACLE", venue__in=ORACLES)
                | (Q(role__in=["INDEX", "PERP"]) & ~Q(venue__in=ORACLES))
                | Q(role="CONVERSION"),
                name="source_oracles_are_oracles",
            ),
            models.CheckConstraint(
                condition=Q(WITHOUT_WEIGHT, weight_ppb__isnull=True)
                | Q(
                    ~WITHOUT_WEIGHT,
                    weight_ppb__isnull=False,
                    weight_ppb__gt=0,
                    weight_ppb__lte=PPB,
                ),
                name="source_weight_where_weighed",
            ),
            models.CheckConstraint(
                condition=Q(quoted_in__in=["USD", "USDT"]), name="source_quoted_in_dollars"
            ),
            models.CheckConstraint(
                condition=~Q(instrument="") & Q(base_per_unit__gte=1),
                name="source_instrument_named",
            ),
        ]

    def __str__(self) -> str:
        """Return venue and instrument."""
        return f"{self.get_venue_display()} {self.instrument}"
