"""Positions and balances in the back office: to be read.

What an order that rests has reserved is in none of them (I24), nor a position's triggers, nor the
moment of a row's last change, which an order moves too.
"""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from accounts.long_lists import LongListAdmin
from trading.admin.words import in_usdt, price_of, size_of
from trading.models import Balance, Position


@admin.register(Position)
class PositionAdmin(LongListAdmin):
    """Open positions."""

    change_list_template = "admin/trading/liquidations.html"
    key = ("pk",)
    found_by = ("account_id",)
    search_help_text = "Whole id of an account"
    list_display = (
        "account_id",
        "market",
        "size",
        "leverage",
        "entry_notional",
        "collateral",
        "realized",
        "funding",
        "liquidation_price",
        "is_warned",
        "is_pending",
    )
    list_filter = ("market", "is_warned", "is_pending")
    list_select_related = ("market",)
    fields = list_display
    readonly_fields = (
        "size",
        "entry_notional",
        "collateral",
        "realized",
        "funding",
        "liquidation_price",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return what is open; an empty row would tell of a reservation."""
        return super().get_queryset(request).exclude(size_lots=0)

    @admin.display
    def size(self, position: Position) -> str:
        """Return the net size, short below zero."""
        return size_of(position.size_lots, position.market)

    @admin.display(description="cost (USDT)")
    def entry_notional(self, position: Position) -> str:
        """Return what it cost."""
        return in_usdt(position.cost_micro)

    @admin.display(description="collateral (USDT)")
    def collateral(self, position: Position) -> str:
        """Return its collateral."""
        return in_usdt(position.collateral_micro)

    @admin.display(description="realized (USDT)")
    def realized(self, position: Position) -> str:
        """Return what it has realized."""
        return in_usdt(position.realized_pnl_micro)

    @admin.display(description="funding (USDT)")
    def funding(self, position: Position) -> str:
        """Return the funding that it got or paid."""
        return in_usdt(position.funding_micro)

    @admin.display(description="liquidated at")
    def liquidation_price(self, position: Position) -> str:
        """Return the mark at which its liquidation begins."""
        return price_of(position.liquidation_half_ticks, position.market)


@admin.register(Balance)
class BalanceAdmin(LongListAdmin):
    """Cash of accounts; what orders reserve of it is not shown."""

    key = ("account_id",)
    found_by = ("account_id",)
    search_help_text = "Whole id of an account"
    list_display = ("account_id", "cash", "held", "unfinal", "deposited", "withdrawn")
    fields = list_display
    readonly_fields = ("cash", "held", "unfinal", "deposited", "withdrawn")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the accounts that ever had money."""
        return super().get_queryset(request).filter(~Q(cash_micro=0) | Q(deposited_micro__gt=0))

    @admin.display(description="cash (USDT)")
    def cash(self, balance: Balance) -> str:
        """Return the cash, reserved or not."""
        return in_usdt(balance.cash_micro)

    @admin.display(description="held for withdrawals")
    def held(self, balance: Balance) -> str:
        """Return what waits to be withdrawn."""
        return in_usdt(balance.held_micro)

    @admin.display(description="not final yet")
    def unfinal(self, balance: Balance) -> str:
        """Return the deposits that are not final."""
        return in_usdt(balance.unfinal_micro)

    @admin.display
    def deposited(self, balance: Balance) -> str:
        """Return what came in."""
        return in_usdt(balance.deposited_micro)

    @admin.display
    def withdrawn(self, balance: Balance) -> str:
        """Return what went out."""
        return in_usdt(balance.withdrawn_micro)
