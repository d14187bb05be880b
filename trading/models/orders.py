"""What the log says of orders, fills and public trades. Written by `trading.projections` alone.

`account_id` is the person's id, or that of the venue's backstop; rows outlive the person. Every
index costs each order a few microseconds: there are those that a list or a lookup needs.
"""

from typing import ClassVar, Final

from django.db import models
from django.db.models import F, Q

from accounts.ledger.models import BACKSTOP_OWNER_ID
from trading.models.markets import Market

BACKSTOP_ACCOUNT_ID: Final = BACKSTOP_OWNER_ID
OPEN_STATUSES: Final = ("PENDING", "OPEN", "PARTIALLY_FILLED")


class OrderStatus(models.TextChoices):
    """Where an order stands in its life."""

    PENDING = "PENDING", "Pending"
    OPEN = "OPEN", "Open"
    PARTIALLY_FILLED = "PARTIALLY_FILLED", "Partially filled"
    FILLED = "FILLED", "Filled"
    CANCELED = "CANCELED", "Canceled"
    REJECTED = "REJECTED", "Rejected"
    EXPIRED = "EXPIRED", "Expired"


class Order(models.Model):
    """An order as it stands; `engine_id` is its name inside, equal to `id` for people's orders.

    `PENDING` here is an unfired trigger (or an order that waits for its deposit).
    """

    id = models.UUIDField(primary_key=True)
    engine_id = models.CharField(max_length=100)
    account_id = models.UUIDField()
    client_order_id = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001 - null: none given
    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="+", db_index=False)
    side = models.CharField(max_length=4)
    order_type = models.CharField(max_length=8)
    time_in_force = models.CharField(max_length=3)
    quantity_lots = models.BigIntegerField()
    filled_lots = models.BigIntegerField(default=0)
    canceled_lots = models.BigIntegerField(default=0)
    limit_ticks = models.BigIntegerField(null=True, blank=True)
    expires_at_ms = models.BigIntegerField(null=True, blank=True)
    leverage = models.PositiveSmallIntegerField(null=True, blank=True)
    all_or_none = models.BooleanField(default=False)
    min_quantity_lots = models.BigIntegerField(default=0)
    min_quantity_mode = models.CharField(max_length=5, default="EACH")
    nbbo_protection = models.BooleanField(default=False)
    post_only = models.BooleanField(default=False)
    reduce_only = models.BooleanField(default=False)
    self_trade = models.CharField(max_length=12, default="EXPIRE_TAKER")
    trigger = models.CharField(max_length=11, blank=True, default="")
    trigger_ticks = models.BigIntegerField(null=True, blank=True)
    take_profit_trigger_ticks = models.BigIntegerField(null=True, blank=True)
    take_profit_limit_ticks = models.BigIntegerField(null=True, blank=True)
    stop_loss_trigger_ticks = models.BigIntegerField(null=True, blank=True)
    stop_loss_limit_ticks = models.BigIntegerField(null=True, blank=True)
    body_digest = models.BinaryField(max_length=32, null=True, blank=True)

    status = models.CharField(max_length=16, choices=OrderStatus.choices)
    reason = models.CharField(max_length=40, blank=True, default="")
    numbers = models.JSONField(default=dict, blank=True)
    notional_micro = models.BigIntegerField(default=0, help_text="Of its fills.")
    fee_micro = models.BigIntegerField(default=0, help_text="Of its fills; negative: rebate.")
    created_at_ms = models.BigIntegerField()
    updated_at_ms = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status__in=OrderStatus.values), name="order_status_in_list"
            ),
            models.CheckConstraint(
                condition=Q(
                    filled_lots__gte=0,
                    canceled_lots__gte=0,
                    quantity_lots__gte=F("filled_lots") + F("canceled_lots"),
                )
                | Q(status="REJECTED"),
                name="order_filled_and_canceled_within_quantity",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[*OPEN_STATUSES, "REJECTED"])
                | Q(quantity_lots=F("filled_lots") + F("canceled_lots")),
                name="order_ended_has_no_leaves",
            ),
        ]
        indexes: ClassVar = [
            # Not unique: doors refuse a client id that was used before, and a breach of theirs
            # must not keep the runner from committing.
            models.Index(
                fields=["account_id", "client_order_id"],
                condition=Q(client_order_id__isnull=False),
                name="order_by_client_id",
            ),
            models.Index(fields=["account_id", "-created_at_ms", "-id"], name="order_by_account"),
            models.Index(fields=["-created_at_ms", "-id"], name="order_newest"),
            models.Index(
                fields=["account_id", "market"],
                condition=Q(status__in=OPEN_STATUSES),
                name="order_open_by_account",
            ),
        ]

    def __str__(self) -> str:
        """Return its id, which tells nothing."""
        return str(self.id)


class RepeatedOrder(models.Model):
    """An order that was asked for again before its first was answered: its id means the first's.

    Whoever was told this id with a 202 finds the order that stands by it.
    """

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    order_id = models.UUIDField(help_text="The order that stands.")
    repeated_at_ms = models.BigIntegerField()

    def __str__(self) -> str:
        """Return its id, which tells nothing."""
        return str(self.id)


class Trade(models.Model):
    """One execution; append-only. The tape shows price, size and time of those in the book."""

    id = models.UUIDField(primary_key=True)
    number = models.BigIntegerField(help_text="Internal; never shown outside.")
    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=11)
    is_public = models.BooleanField()
    price_half_ticks = models.BigIntegerField()
    quantity_lots = models.BigIntegerField()
    notional_micro = models.BigIntegerField()
    bid_ticks = models.BigIntegerField(null=True, help_text="The reference at that moment.")
    ask_ticks = models.BigIntegerField(null=True, help_text="The reference at that moment.")
    executed_at_ms = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(price_half_ticks__gt=0, quantity_lots__gt=0),
                name="trade_amounts_positive",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["market", "-executed_at_ms", "-id"],
                condition=Q(is_public=True),
                name="trade_tape",
            ),
            models.Index(fields=["-executed_at_ms", "-id"], name="trade_newest"),
        ]

    def __str__(self) -> str:
        """Return its id."""
        return str(self.id)


class Fill(models.Model):
    """One side of a trade; append-only. `order_id` is null where no order stood (takeovers)."""

    id = models.UUIDField(primary_key=True)
    trade = models.ForeignKey(Trade, on_delete=models.PROTECT, related_name="fills", db_index=False)
    order_id = models.UUIDField(null=True)
    account_id = models.UUIDField()
    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="+", db_index=False)
    side = models.CharField(max_length=4)
    liquidity = models.CharField(max_length=5)
    kind = models.CharField(max_length=11)
    price_half_ticks = models.BigIntegerField()
    quantity_lots = models.BigIntegerField()
    notional_micro = models.BigIntegerField()
    fee_micro = models.BigIntegerField(help_text="Negative: rebate.")
    realized_pnl_micro = models.BigIntegerField()
    executed_at_ms = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["trade", "liquidity"], name="fill_one_per_side"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["account_id", "-executed_at_ms", "-id"], name="fill_by_account"),
            models.Index(fields=["order_id"], name="fill_by_order"),
            models.Index(fields=["-executed_at_ms", "-id"], name="fill_newest"),
        ]

    def __str__(self) -> str:
        """Return its id."""
        return str(self.id)


class TradeCandle(models.Model):
    """One minute of a market's public trades."""

    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="+", db_index=False)
    minute = models.BigIntegerField(help_text="Minutes since 1970.")
    open_half_ticks = models.BigIntegerField()
    high_half_ticks = models.BigIntegerField()
    low_half_ticks = models.BigIntegerField()
    close_half_ticks = models.BigIntegerField()
    volume_lots = models.BigIntegerField()
    notional_micro = models.BigIntegerField()
    trades = models.IntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["market", "minute"], name="trade_candle_once"),
        ]

    def __str__(self) -> str:
        """Return which minute."""
        return f"{self.market_id} {self.minute}"
