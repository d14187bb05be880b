"""Positions, balances, liquidations and the venue's own money in the back office: to be read.

What an order that rests has reserved is in none of them (I24), nor a position's triggers, nor the
moment of a row's last change, which an order moves too.
"""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from accounts.long_lists import LongListAdmin
from accounts.staff_site import ReadOnlyAdmin
from trading.admin.words import in_usdt, moment, price_of, size_of
from trading.models import Balance, Liquidation, MarketFunds, Position, VenueFunds


@admin.register(Position)
class PositionAdmin(LongListAdmin):
    """Open positions."""

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


@admin.register(Liquidation)
class LiquidationAdmin(LongListAdmin):
    """Liquidations, and who bore them: the book, the backstop, deleveraging, the funds."""

    key = ("started_at_ms", "id")
    found_by = ("account_id", "id")
    search_help_text = "Whole id of an account or liquidation"
    list_display = (
        "started",
        "account_id",
        "market",
        "mark",
        "size",
        "by_book",
        "by_backstop",
        "by_deleveraging",
        "fee",
        "insurance",
        "debt",
        "is_pending",
    )
    list_filter = ("market", "is_pending")
    list_select_related = ("market",)
    readonly_fields = (
        "started",
        "mark",
        "size",
        "by_book",
        "by_backstop",
        "by_deleveraging",
        "equity",
        "maintenance",
        "fee",
        "insurance",
        "global_insurance",
        "debt",
    )
    fields = ("id", "account_id", "market", "is_pending", *readonly_fields)

    @admin.display(description="started (UTC)")
    def started(self, row: Liquidation) -> str:
        """Return when it began."""
        return moment(row.started_at_ms)

    @admin.display
    def mark(self, row: Liquidation) -> str:
        """Return the mark at that moment."""
        return price_of(row.mark_half_ticks, row.market)

    @admin.display
    def size(self, row: Liquidation) -> str:
        """Return the position at the start."""
        return size_of(row.size_lots, row.market)

    @admin.display(description="by the book")
    def by_book(self, row: Liquidation) -> str:
        """Return what traded against orders."""
        return size_of(row.book_lots, row.market)

    @admin.display(description="by the backstop")
    def by_backstop(self, row: Liquidation) -> str:
        """Return what the backstop took over."""
        return size_of(row.backstop_lots, row.market)

    @admin.display(description="deleveraged")
    def by_deleveraging(self, row: Liquidation) -> str:
        """Return what others' positions gave."""
        return size_of(row.deleveraged_lots, row.market)

    @admin.display(description="equity (USDT)")
    def equity(self, row: Liquidation) -> str:
        """Return the equity at the start."""
        return in_usdt(row.equity_micro)

    @admin.display(description="maintenance margin (USDT)")
    def maintenance(self, row: Liquidation) -> str:
        """Return the maintenance margin at the start."""
        return in_usdt(row.maintenance_micro)

    @admin.display(description="fee (USDT)")
    def fee(self, row: Liquidation) -> str:
        """Return the fee."""
        return in_usdt(row.fee_micro)

    @admin.display(description="insurance paid")
    def insurance(self, row: Liquidation) -> str:
        """Return what the market's fund paid."""
        return in_usdt(row.insurance_micro)

    @admin.display(description="global insurance paid")
    def global_insurance(self, row: Liquidation) -> str:
        """Return what the global fund paid."""
        return in_usdt(row.global_insurance_micro)

    @admin.display(description="venue debt")
    def debt(self, row: Liquidation) -> str:
        """Return what the venue owes for it."""
        return in_usdt(row.debt_micro)


@admin.register(MarketFunds)
class MarketFundsAdmin(ReadOnlyAdmin):
    """Each market's insurance fund, debt, funding on its way and open interest."""

    list_display = ("market", "insurance", "debt", "funding_pot", "open_interest", "published")
    list_select_related = ("market",)
    ordering = ("market__rank",)
    list_per_page = 100
    fields = list_display
    readonly_fields = ("insurance", "debt", "funding_pot", "open_interest", "published")

    @admin.display(description="insurance (USDT)", ordering="insurance_micro")
    def insurance(self, funds: MarketFunds) -> str:
        """Return the fund."""
        return in_usdt(funds.insurance_micro)

    @admin.display(description="venue debt (USDT)", ordering="debt_micro")
    def debt(self, funds: MarketFunds) -> str:
        """Return what the venue owes in this market."""
        return in_usdt(funds.debt_micro)

    @admin.display(description="funding pot (USDT)")
    def funding_pot(self, funds: MarketFunds) -> str:
        """Return the funding on its way."""
        return in_usdt(funds.funding_pot_micro)

    @admin.display(description="open interest")
    def open_interest(self, funds: MarketFunds) -> str:
        """Return the open interest now."""
        return size_of(funds.open_interest_lots, funds.market)

    @admin.display(description="as published")
    def published(self, funds: MarketFunds) -> str:
        """Return what the public is told."""
        return size_of(funds.published_lots, funds.market)


@admin.register(VenueFunds)
class VenueFundsAdmin(ReadOnlyAdmin):
    """The venue's own money: fees, the global insurance fund, what came from outside."""

    list_display = ("name", "fees", "global_insurance", "external")
    ordering = ("pk",)
    fields = list_display
    readonly_fields = list_display

    @admin.display(description="")
    def name(self, funds: VenueFunds) -> str:
        """Return what it is."""
        return str(funds)

    @admin.display(description="fees (USDT)")
    def fees(self, funds: VenueFunds) -> str:
        """Return the fees earned."""
        return in_usdt(funds.fees_micro)

    @admin.display(description="global insurance (USDT)")
    def global_insurance(self, funds: VenueFunds) -> str:
        """Return the global fund."""
        return in_usdt(funds.global_insurance_micro)

    @admin.display(description="from outside, net (USDT)")
    def external(self, funds: VenueFunds) -> str:
        """Return what came in from outside."""
        return in_usdt(funds.external_micro)
