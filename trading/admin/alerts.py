"""Alerts in the back office: read only, newest first."""

from django.contrib import admin

from accounts.staff_site import ReadOnlyAdmin
from trading.models import Alert


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    """What the venue found wrong with itself."""

    list_display = ("raised_at", "kind", "detail")
    list_filter = ("kind", "raised_at")
    ordering = ("-pk",)
