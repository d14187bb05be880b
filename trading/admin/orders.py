"""Orders that have ended, trades and fills in the back office: to be read, by key.

An order that rests, or waits for its trigger, is in none of these lists and behind no address of
theirs (I24): neither a row, nor a count, nor the id of an order beside a fill that left some of it
standing. Who has to see one breaks the glass (`trading.admin.break_glass`).
"""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.long_lists import LongListAdmin
from trading.admin.words import in_usdt, moment, price_of, size_of
from trading.models import OPEN_STATUSES, Fill, Order, OrderStatus, Trade

ENDED = [status for status in OrderStatus.values if status not in OPEN_STATUSES]


class EndedFilter(admin.SimpleListFilter):
    """How an order ended; what is open is no choice."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the statuses of orders that have ended."""
        del request, model_admin
        return [(status, OrderStatus(status).label) for status in ENDED]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        """Keep those that ended so."""
        del request
        return queryset if self.value() is None else queryset.filter(status=self.value())


@admin.register(Order)
class OrderAdmin(LongListAdmin):
    """Orders that have ended."""

    key = ("created_at_ms", "id")
    found_by = ("id", "account_id")
    search_help_text = "Whole id of an order or account"
    list_display = (
        "created",
        "account_id",
        "market",
        "side",
        "order_type",
        "time_in_force",
        "quantity",
        "filled",
        "status",
        "reason",
    )
    list_filter = (EndedFilter, "market")
    list_select_related = ("market",)
    readonly_fields = ("created", "quantity", "filled", "notional", "fee")
    fields = (
        "id",
        "account_id",
        "client_order_id",
        "market",
        "side",
        "order_type",
        "time_in_force",
        "leverage",
        "quantity",
        "filled",
        "notional",
        "fee",
        "status",
        "reason",
        "created",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return what does not stand any more."""
        return super().get_queryset(request).filter(status__in=ENDED)

    @admin.display(description="created (UTC)")
    def created(self, order: Order) -> str:
        """Return when it came."""
        return moment(order.created_at_ms)

    @admin.display
    def quantity(self, order: Order) -> str:
        """Return what was wanted."""
        return size_of(order.quantity_lots, order.market)

    @admin.display
    def filled(self, order: Order) -> str:
        """Return what of it was traded."""
        return size_of(order.filled_lots, order.market)

    @admin.display(description="notional (USDT)")
    def notional(self, order: Order) -> str:
        """Return the notional of its fills."""
        return in_usdt(order.notional_micro)

    @admin.display(description="fee (USDT)")
    def fee(self, order: Order) -> str:
        """Return the fees of its fills."""
        return in_usdt(order.fee_micro)


class ExecutionAdmin(LongListAdmin):
    """What trades and fills show alike."""

    key = ("executed_at_ms", "id")
    list_select_related = ("market",)

    @admin.display(description="executed (UTC)")
    def executed(self, row: Any) -> str:
        """Return when."""
        return moment(row.executed_at_ms)

    @admin.display
    def price(self, row: Any) -> str:
        """Return the price."""
        return price_of(row.price_half_ticks, row.market)

    @admin.display
    def size(self, row: Any) -> str:
        """Return the quantity."""
        return size_of(row.quantity_lots, row.market)

    @admin.display(description="notional (USDT)")
    def notional(self, row: Any) -> str:
        """Return the notional."""
        return in_usdt(row.notional_micro)


@admin.register(Trade)
class TradeAdmin(ExecutionAdmin):
    """Executions; where the reference stood at that moment tells whether the price was right."""

    found_by = ("id",)
    search_help_text = "Whole id of a trade"
    list_display = ("executed", "market", "price", "size", "notional", "bid", "ask", "kind")
    list_filter = ("market",)
    fields = ("id", *list_display, "is_public")
    readonly_fields = ("executed", "price", "size", "notional", "bid", "ask")

    @admin.display(description="reference bid")
    def bid(self, trade: Trade) -> str:
        """Return the bid at that moment."""
        return price_of(trade.bid_ticks and trade.bid_ticks * 2, trade.market)

    @admin.display(description="reference ask")
    def ask(self, trade: Trade) -> str:
        """Return the ask at that moment."""
        return price_of(trade.ask_ticks and trade.ask_ticks * 2, trade.market)


@admin.register(Fill)
class FillAdmin(ExecutionAdmin):
    """Both sides of executions; the orders behind them are not named, since one may still rest."""

    found_by = ("account_id", "trade")
    search_help_text = "Whole id of an account or trade"
    list_display = (
        "executed",
        "account_id",
        "market",
        "side",
        "price",
        "size",
        "fee",
        "realized",
        "kind",
    )
    list_filter = ("market",)
    fields = ("id", "trade", *list_display)
    readonly_fields = ("executed", "price", "size", "fee", "realized")

    @admin.display(description="fee (USDT)")
    def fee(self, fill: Fill) -> str:
        """Return the fee; negative: a rebate."""
        return in_usdt(fill.fee_micro)

    @admin.display(description="realized (USDT)")
    def realized(self, fill: Fill) -> str:
        """Return what it made the position gain or lose."""
        return in_usdt(fill.realized_pnl_micro)
