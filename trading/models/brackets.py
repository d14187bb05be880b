"""Margin by notional: a schedule of brackets that markets share.

The laws across rows (continuous, monotone, closed at the top) are held by a deferred
constraint trigger of the migrations; the arithmetic of margin stands in the engine.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import Combinable
from django.db.models.lookups import GreaterThanOrEqual, LessThan

from trading.models.units import PPB


def times_leverage(rate_ppb: Combinable) -> models.Expression:
    """Return a rate multiplied by the bracket's leverage, for a constraint."""
    return models.ExpressionWrapper(
        rate_ppb * F("max_leverage"), output_field=models.BigIntegerField()
    )


class BracketSchedule(models.Model):
    """A named list of brackets; it may not be empty."""

    name = models.CharField(max_length=40, unique=True)

    def __str__(self) -> str:
        """Return its name."""
        return self.name


class Bracket(models.Model):
    """What holds for notionals up to a border; without a border, for all above the last one.

    Maintenance margin = notional x rate - deduction, which is continuous at the borders.
    """

    schedule = models.ForeignKey(BracketSchedule, on_delete=models.PROTECT, related_name="brackets")
    notional_up_to_micro = models.BigIntegerField(null=True, blank=True)
    max_leverage = models.PositiveSmallIntegerField()
    initial_margin_ppb = models.BigIntegerField()
    maintenance_margin_ppb = models.BigIntegerField()
    deduction_micro = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["schedule", "notional_up_to_micro"],
                nulls_distinct=False,
                name="bracket_border_once_per_schedule",
            ),
            models.CheckConstraint(
                condition=Q(notional_up_to_micro__isnull=True) | Q(notional_up_to_micro__gt=0),
                name="bracket_border_positive",
            ),
            models.CheckConstraint(
                condition=Q(max_leverage__range=(1, 1_000)), name="bracket_leverage_in_range"
            ),
            models.CheckConstraint(
                condition=Q(GreaterThanOrEqual(times_leverage(F("initial_margin_ppb")), PPB))
                & Q(LessThan(times_leverage(F("initial_margin_ppb") - 1), PPB)),
                name="bracket_initial_margin_is_one_over_leverage",
            ),
            models.CheckConstraint(
                condition=Q(
                    maintenance_margin_ppb__gt=0,
                    maintenance_margin_ppb__lt=F("initial_margin_ppb"),
                ),
                name="bracket_maintenance_below_initial",
            ),
            models.CheckConstraint(
                condition=Q(deduction_micro__gte=0), name="bracket_deduction_not_negative"
            ),
        ]

    def __str__(self) -> str:
        """Return the leverage it allows, as traders write it."""
        return f"{self.max_leverage}x"
