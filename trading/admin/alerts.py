"""Alerts in the back office, and whom the audit of liquidations suspects: read only."""

from django.contrib import admin

from accounts.staff_site import ReadOnlyAdmin
from trading.models import Alert, LiquidationSuspect


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    """What the venue found wrong with itself."""

    list_display = ("raised_at", "kind", "detail")
    list_filter = ("kind", "raised_at")
    ordering = ("-pk",)


@admin.register(LiquidationSuspect)
class LiquidationSuspectAdmin(ReadOnlyAdmin):
    """Positions that the engine should have touched, by the audit."""

    list_display = (
        "first_seen_at",
        "market",
        "account_id",
        "equity_micro",
        "maintenance_micro",
        "alerted_at",
        "ended_at",
    )
    list_select_related = ("market",)
    ordering = ("-pk",)
