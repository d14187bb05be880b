"""What is kept of prices: the last good ones, candles, samples of the premium, alerts, lies.

The newest public figures stand in `MarketTicker`; how prices are made, in the room `prices`.
"""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from trading.models.markets import Market

SAMPLES_PER_MINUTE = 60


class LastGoodPrice(models.Model):
    """The last price of a market, or of the converting index, that stood on good sources.

    It survives a restart: the average premium goes on from it, and a lone source is held to it.
    """

    name = models.CharField(max_length=24, primary_key=True, help_text="A symbol, or USDT-USD.")
    index_pico = models.DecimalField(
        max_digits=24, decimal_places=0, help_text="In 1e-12 USDT, as the last better rung had it."
    )
    index_half_ticks = models.BigIntegerField()
    mark_half_ticks = models.BigIntegerField()
    premium_atto = models.BigIntegerField(help_text="The average premium in 1e-18.")
    averaged_at = models.DateTimeField()
    priced_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(index_pico__gt=0, index_half_ticks__gt=0, mark_half_ticks__gt=0),
                name="last_good_price_positive",
            ),
        ]

    def __str__(self) -> str:
        """Return whose it is."""
        return self.name


class IndexCandle(models.Model):
    """The index of one market in one minute; the volume is that of outside venues."""

    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="index_candles")
    opened_at = models.DateTimeField()
    open_half_ticks = models.BigIntegerField()
    high_half_ticks = models.BigIntegerField()
    low_half_ticks = models.BigIntegerField()
    close_half_ticks = models.BigIntegerField()
    volume_micro = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["market", "opened_at"], name="candle_once_per_minute"),
            models.CheckConstraint(
                condition=Q(
                    low_half_ticks__gt=0,
                    low_half_ticks__lte=F("open_half_ticks"),
                    high_half_ticks__gte=F("open_half_ticks"),
                )
                & Q(
                    low_half_ticks__lte=F("close_half_ticks"),
                    high_half_ticks__gte=F("close_half_ticks"),
                ),
                name="candle_within_its_extremes",
            ),
            models.CheckConstraint(
                condition=Q(volume_micro__gte=0), name="candle_volume_not_negative"
            ),
        ]

    def __str__(self) -> str:
        """Return whose minute it is."""
        return f"{self.market_id} {self.opened_at:%Y-%m-%d %H:%M}"


class PremiumMinute(models.Model):
    """Sixty samples of one market's premium, with what they were made of; append-only.

    The n-th of each list is that second's; null where the index was missing. `perpetuals` is
    how many outside perpetuals counted.
    """

    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="premium_minutes")
    minute_at = models.DateTimeField()
    premiums_ppb = ArrayField(models.BigIntegerField(null=True))
    index_half_ticks = ArrayField(models.BigIntegerField(null=True))
    mark_half_ticks = ArrayField(models.BigIntegerField(null=True))
    perpetuals = ArrayField(models.PositiveSmallIntegerField())

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["market", "minute_at"], name="premium_minute_once_per_market"
            ),
            models.CheckConstraint(
                condition=Q(
                    premiums_ppb__len=SAMPLES_PER_MINUTE,
                    index_half_ticks__len=SAMPLES_PER_MINUTE,
                    mark_half_ticks__len=SAMPLES_PER_MINUTE,
                    perpetuals__len=SAMPLES_PER_MINUTE,
                ),
                name="premium_minute_of_sixty",
            ),
        ]

    def __str__(self) -> str:
        """Return whose minute it is."""
        return f"{self.market_id} {self.minute_at:%Y-%m-%d %H:%M}"


class PriceAlert(models.Model):
    """Something odd about a price: an unusual move, venues that diverge, a breaker; append-only."""

    name = models.CharField(max_length=24, help_text="A symbol, or USDT-USD.")
    sign = models.CharField(max_length=24)
    detail = models.CharField(max_length=200)
    seen_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["-seen_at"], name="price_alert_newest"),
            models.Index(fields=["name", "-id"], name="price_alert_by_name"),
        ]

    def __str__(self) -> str:
        """Return what it is about."""
        return f"{self.name}: {self.sign}"


class ToldLie(models.Model):
    """What a simulated source was told to do wrong, by whom and until when; development only."""

    source = models.CharField(max_length=24)
    kind = models.CharField(max_length=24)
    name = models.CharField(
        max_length=24, blank=True, help_text="A symbol, or USDT-USD; empty: in all of them."
    )
    told_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    told_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_at__gte=F("told_at")), name="lie_ends_later"),
        ]
        indexes: ClassVar = [models.Index(fields=["ends_at"], name="lie_by_end")]

    def __str__(self) -> str:
        """Return who lies and how."""
        return f"{self.source}: {self.kind}"
