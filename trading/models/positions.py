"""What the log says of positions, balances, funding, liquidations and the venue's own money.

Written by `trading.projections` alone, in the runner's transaction.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from trading.models.markets import Market


class Balance(models.Model):
    """An account's cash as the engine has it, and how many commands it has given."""

    account_id = models.UUIDField(primary_key=True)
    cash_micro = models.BigIntegerField(default=0)
    reserved_micro = models.BigIntegerField(default=0)
    held_micro = models.BigIntegerField(default=0, help_text="For withdrawals.")
    unfinal_micro = models.BigIntegerField(default=0, help_text="Deposits not final yet.")
    deposited_micro = models.BigIntegerField(default=0)
    withdrawn_micro = models.BigIntegerField(default=0)
    switch_at_ms = models.BigIntegerField(null=True, blank=True)
    updated_at_ms = models.BigIntegerField()

    def __str__(self) -> str:
        """Return whose it is."""
        return str(self.account_id)


class Position(models.Model):
    """An account in a market: setting, net position, reservation and triggers."""

    account_id = models.UUIDField()
    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="+", db_index=False)
    leverage = models.PositiveSmallIntegerField()
    size_lots = models.BigIntegerField(default=0)
    cost_micro = models.BigIntegerField(default=0)
    collateral_micro = models.BigIntegerField(default=0)
    buy_reserve_micro = models.BigIntegerField(default=0)
    sell_reserve_micro = models.BigIntegerField(default=0)
    realized_pnl_micro = models.BigIntegerField(default=0)
    funding_micro = models.BigIntegerField(default=0)
    liquidation_half_ticks = models.BigIntegerField(null=True, blank=True)
    is_warned = models.BooleanField(default=False)
    is_pending = models.BooleanField(default=False)
    take_profit_trigger_ticks = models.BigIntegerField(null=True, blank=True)
    take_profit_limit_ticks = models.BigIntegerField(null=True, blank=True)
    stop_loss_trigger_ticks = models.BigIntegerField(null=True, blank=True)
    stop_loss_limit_ticks = models.BigIntegerField(null=True, blank=True)
    updated_at_ms = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account_id", "market"], name="position_one_a_market"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["market"], condition=~Q(size_lots=0), name="position_open"),
            models.Index(
                fields=["market", "-liquidation_half_ticks"],
                condition=Q(size_lots__gt=0),
                name="position_next_long",
            ),
            models.Index(
                fields=["market", "liquidation_half_ticks"],
                condition=Q(size_lots__lt=0),
                name="position_next_short",
            ),
        ]

    def __str__(self) -> str:
        """Return whose it is, and where."""
        return f"{self.account_id} in {self.market_id}"


class FundingRate(models.Model):
    """The rate of a market's hour; null where it accrued nothing."""

    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="+", db_index=False)
    hour = models.BigIntegerField(help_text="Hours since 1970.")
    rate_ppb = models.BigIntegerField(null=True)
    index_half_ticks = models.BigIntegerField(null=True)
    residue_micro = models.BigIntegerField(default=0)
    paid_at_ms = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["market", "hour"], name="funding_rate_once"),
        ]

    def __str__(self) -> str:
        """Return which hour."""
        return f"{self.market_id} {self.hour}"


class FundingPayment(models.Model):
    """What one account paid (negative) or received for an hour; append-only."""

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="+", db_index=False)
    hour = models.BigIntegerField()
    amount_micro = models.BigIntegerField()
    paid_at_ms = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account_id", "market", "hour"], name="funding_payment_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["account_id", "-paid_at_ms", "-id"], name="funding_payment_by_account"
            ),
        ]

    def __str__(self) -> str:
        """Return its id."""
        return str(self.id)


class Liquidation(models.Model):
    """One liquidation of a position, from its start until the position is well or gone."""

    id = models.UUIDField(primary_key=True)
    event_sequence = models.BigIntegerField(unique=True, help_text="Internal; never shown.")
    account_id = models.UUIDField()
    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="+", db_index=False)
    mark_half_ticks = models.BigIntegerField()
    equity_micro = models.BigIntegerField()
    maintenance_micro = models.BigIntegerField()
    size_lots = models.BigIntegerField(help_text="Of the position at the start, signed.")
    book_lots = models.BigIntegerField(default=0)
    backstop_lots = models.BigIntegerField(default=0)
    deleveraged_lots = models.BigIntegerField(default=0)
    notional_micro = models.BigIntegerField(default=0)
    fee_micro = models.BigIntegerField(default=0)
    insurance_micro = models.BigIntegerField(default=0)
    global_insurance_micro = models.BigIntegerField(default=0)
    debt_micro = models.BigIntegerField(default=0)
    is_pending = models.BooleanField(default=False)
    started_at_ms = models.BigIntegerField()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["account_id", "-started_at_ms", "-id"], name="liquidation_by_account"
            ),
            models.Index(fields=["market", "-started_at_ms", "-id"], name="liquidation_by_market"),
            models.Index(fields=["-started_at_ms", "-id"], name="liquidation_newest"),
        ]

    def __str__(self) -> str:
        """Return its id."""
        return str(self.id)


class MarketFunds(models.Model):
    """A market's money, open interest and mode as the engine has them."""

    market = models.OneToOneField(
        Market, on_delete=models.PROTECT, primary_key=True, related_name="funds"
    )
    insurance_micro = models.BigIntegerField(default=0)
    debt_micro = models.BigIntegerField(default=0)
    funding_pot_micro = models.BigIntegerField(default=0)
    open_interest_lots = models.BigIntegerField(default=0, help_text="Now; not published.")
    published_lots = models.BigIntegerField(default=0, help_text="What the public is told.")
    breaker_until_ms = models.BigIntegerField(null=True, blank=True)
    paid_hour = models.BigIntegerField(default=0)
    updated_at_ms = models.BigIntegerField()

    def __str__(self) -> str:
        """Return whose they are."""
        return f"funds of {self.market_id}"


class VenueFunds(models.Model):
    """The venue's own money; one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    fees_micro = models.BigIntegerField(default=0)
    global_insurance_micro = models.BigIntegerField(default=0)
    external_micro = models.BigIntegerField(default=0, help_text="Came in from outside, net.")
    updated_at_ms = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(id=1), name="venue_funds_one_row"),
        ]

    def __str__(self) -> str:
        """Return what it is."""
        return "the venue's funds"
