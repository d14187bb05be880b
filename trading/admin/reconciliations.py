"""Reconciliations in the back office: each run, and what differed, told without hidden orders."""

from django.contrib import admin

from accounts.staff_site import ReadOnlyAdmin
from trading.models import Reconciliation


@admin.register(Reconciliation)
class ReconciliationAdmin(ReadOnlyAdmin):
    """The runs, newest first."""

    list_display = ("started_at", "ended_at", "outcome", "difference_count")
    exclude = ("event_sequence",)  # how many events there are tells how much rests in the dark
    list_filter = ("outcome",)
    ordering = ("-started_at",)
