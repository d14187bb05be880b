"""A market: what is traded, in which steps, within which limits, in which state."""

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Cast, Concat, Mod
from django.db.models.lookups import Exact, LessThanOrEqual

from trading.models.brackets import BracketSchedule
from trading.models.hours import TradingCalendar
from trading.models.units import MICRO, PPB

CRYPTO_MAX_LEVERAGE = 1_000
FX_MAX_LEVERAGE = 50
LOT_AT_LISTING_USDT = 10
TICKS_AT_LISTING = 100_000  # a tenth of a basis point: so many ticks at least make the price
SYMBOL_PATTERN = r"^[A-Z0-9]{1,10}-USDT-PERP$"
PRODUCT = models.DecimalField(max_digits=48, decimal_places=24)


class MarketKind(models.TextChoices):
    """What kind of thing the base is."""

    CRYPTO = "CRYPTO", "Crypto"
    FX = "FX", "Foreign exchange"


class MarketState(models.TextChoices):
    """What a market lets happen now."""

    ACTIVE = "ACTIVE", "Active"
    POST_ONLY = "POST_ONLY", "Post only"
    REDUCE_ONLY = "REDUCE_ONLY", "Reduce only"
    CANCEL_ONLY = "CANCEL_ONLY", "Cancel only"
    HALTED = "HALTED", "Halted"
    DELISTED = "DELISTED", "Delisted"


class Pricing(models.TextChoices):
    """At which prices a market executes."""

    THREE_POINTS = "THREE_POINTS", "Reference mid, bid or ask"
    LIMIT_MIDPOINT = "LIMIT_MIDPOINT", "Average of the two limits"


def per_listing(*, size: str, times: int) -> models.Expression:
    """Return a column of sizes, multiplied, as an expression for a constraint."""
    return models.ExpressionWrapper(F(size) * Value(Decimal(times)), output_field=PRODUCT)


class Market(models.Model):
    """A perpetual future on `base`, quoted and settled in USDT.

    `symbol`, `base`, `quote`, `kind`, `tick_size` and `lot_size` never change after listing and
    no row is deleted (a trigger holds both): a market that ends is `DELISTED`.
    """

    symbol = models.CharField(max_length=24, unique=True)
    base = models.CharField(max_length=10)
    quote = models.CharField(max_length=4, default="USDT")
    kind = models.CharField(max_length=8, choices=MarketKind.choices)
    rank = models.PositiveSmallIntegerField(help_text="Place in lists, from 1.")

    state = models.CharField(max_length=12, choices=MarketState.choices, default=MarketState.HALTED)
    state_reason = models.CharField(max_length=120, blank=True, default="")
    state_changed_at = models.DateTimeField()
    pricing = models.CharField(max_length=16, choices=Pricing.choices, default=Pricing.THREE_POINTS)

    tick_size = models.DecimalField(max_digits=24, decimal_places=12, help_text="USDT")
    lot_size = models.DecimalField(max_digits=24, decimal_places=12, help_text="Units of the base")
    tick_lot_micro = models.GeneratedField(
        expression=Cast(F("tick_size") * F("lot_size") * Value(MICRO), models.BigIntegerField()),
        output_field=models.BigIntegerField(),
        db_persist=True,
        help_text="What one lot gains when the price rises by one tick, in micro-USDT.",
    )
    min_quantity_lots = models.BigIntegerField(default=1)
    max_quantity_lots = models.BigIntegerField(help_text="The largest order.")

    max_leverage = models.PositiveSmallIntegerField()
    bracket_schedule = models.ForeignKey(
        BracketSchedule, on_delete=models.PROTECT, related_name="markets"
    )
    position_limit_lots = models.BigIntegerField(help_text="Per account.")
    open_interest_limit_lots = models.BigIntegerField(help_text="All longs together.")
    stress_gap_ppb = models.BigIntegerField()
    insurance_seed_micro = models.BigIntegerField(help_text="Paid in by the venue at listing.")

    maker_rebate_ppb = models.BigIntegerField()
    taker_fee_ppb = models.BigIntegerField()
    collar_ppb = models.BigIntegerField(help_text="Only used by LIMIT_MIDPOINT.")

    least_sources = models.PositiveSmallIntegerField(
        help_text="So many venues at least make the index; with fewer the oracles join in."
    )
    calendar = models.ForeignKey(
        TradingCalendar, on_delete=models.PROTECT, related_name="markets", null=True, blank=True
    )
    listing_price = models.DecimalField(max_digits=24, decimal_places=12, help_text="USDT")
    listing_priced_on = models.DateField(help_text="The day of the listing price.")
    listed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(symbol__regex=SYMBOL_PATTERN), name="market_symbol_format"
            ),
            models.CheckConstraint(
                condition=Q(symbol=Concat("base", Value("-"), "quote", Value("-PERP"))),
                name="market_symbol_is_base_and_quote",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=MarketKind.values), name="market_kind_in_list"
            ),
            models.CheckConstraint(
                condition=Q(state__in=MarketState.values), name="market_state_in_list"
            ),
            models.CheckConstraint(
                condition=Q(pricing__in=Pricing.values), name="market_pricing_in_list"
            ),
            models.CheckConstraint(
                condition=Q(tick_size__gt=0, lot_size__gt=0, listing_price__gt=0),
                name="market_steps_positive",
            ),
            models.CheckConstraint(
                condition=Exact(
                    Mod(
                        models.ExpressionWrapper(
                            F("tick_size") * F("lot_size") * Value(Decimal(MICRO)),
                            output_field=PRODUCT,
                        ),
                        Value(Decimal(2)),
                    ),
                    Value(Decimal(0)),
                ),
                name="market_tick_lot_whole_even_micro",
            ),
            models.CheckConstraint(
                condition=LessThanOrEqual(
                    per_listing(size="tick_size", times=TICKS_AT_LISTING), F("listing_price")
                ),
                name="market_tick_fine_at_listing",
            ),
            models.CheckConstraint(
                condition=LessThanOrEqual(
                    models.ExpressionWrapper(
                        F("lot_size") * F("listing_price"), output_field=PRODUCT
                    ),
                    Value(Decimal(LOT_AT_LISTING_USDT)),
                ),
                name="market_lot_small_at_listing",
            ),
            models.CheckConstraint(
                condition=Q(
                    min_quantity_lots__gte=1,
                    max_quantity_lots__gte=F("min_quantity_lots"),
                    position_limit_lots__gte=F("max_quantity_lots"),
                    open_interest_limit_lots__gte=F("position_limit_lots"),
                ),
                name="market_sizes_ordered",
            ),
            models.CheckConstraint(
                condition=Q(kind="CRYPTO", max_leverage__range=(1, CRYPTO_MAX_LEVERAGE))
                | Q(kind="FX", max_leverage__range=(1, FX_MAX_LEVERAGE)),
                name="market_leverage_of_its_kind",
            ),
            models.CheckConstraint(
                condition=Q(kind="CRYPTO", calendar__isnull=True)
                | Q(kind="FX", calendar__isnull=False),
                name="market_hours_of_its_kind",
            ),
            models.CheckConstraint(
                condition=Q(maker_rebate_ppb__gte=0)
                & Q(taker_fee_ppb__gte=F("maker_rebate_ppb"), taker_fee_ppb__lt=PPB),
                name="market_rebate_within_taker_fee",
            ),
            models.CheckConstraint(
                condition=Q(
                    collar_ppb__gt=0,
                    collar_ppb__lt=PPB,
                    stress_gap_ppb__gt=0,
                    stress_gap_ppb__lt=PPB,
                    insurance_seed_micro__gte=0,
                ),
                name="market_risk_numbers_in_range",
            ),
            models.CheckConstraint(
                condition=Q(least_sources__gte=1), name="market_least_sources_positive"
            ),
        ]

    def __str__(self) -> str:
        """Return the symbol, which is what everybody calls it."""
        return self.symbol
