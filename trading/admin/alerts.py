"""Alerts in the back office, and whom the audit of liquidations suspects: read only."""

from django.contrib import admin

from accounts.long_lists import LongListAdmin
from accounts.staff_site import ReadOnlyAdmin
from trading.admin.words import in_usdt
from trading.models import Alert, LiquidationSuspect


@admin.register(Alert)
class AlertAdmin(LongListAdmin):
    """What the venue found wrong with itself."""

    list_display = ("raised_at", "kind", "detail")
    list_filter = ("kind", "raised_at")


@admin.register(LiquidationSuspect)
class LiquidationSuspectAdmin(ReadOnlyAdmin):
    """Positions that the engine should have touched, by the audit."""

    list_display = (
        "first_seen_at",
        "market",
        "account_id",
        "equity",
        "maintenance",
        "alerted_at",
        "ended_at",
    )
    list_select_related = ("market",)
    ordering = ("-pk",)
    fields = list_display
    readonly_fields = ("equity", "maintenance")

    @admin.display(description="equity (USDT)")
    def equity(self, suspect: LiquidationSuspect) -> str:
        """Return the equity by the audit."""
        return in_usdt(suspect.equity_micro)

    @admin.display(description="maintenance margin (USDT)")
    def maintenance(self, suspect: LiquidationSuspect) -> str:
        """Return the maintenance margin by the audit."""
        return in_usdt(suspect.maintenance_micro)
