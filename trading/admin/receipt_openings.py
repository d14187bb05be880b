"""Opening receipts in the back office: an auditor gives a reason and gets a file; all are kept."""

import json
import uuid
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from godark.errors import Failure
from trading.admin.asking import AskingAdmin, ReasonField, refuse
from trading.models import ReceiptOpening
from trading.services.receipt_openings import find_receipt, open_receipt

LONGEST = 20_000


class OpeningForm(forms.Form):
    """Which receipt, and why."""

    receipt = forms.CharField(
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 8, "cols": 60, "spellcheck": "false"}),
        help_text="As its owner has it, an order that holds one, or the order's id.",
    )
    reason = ReasonField(help_text="Kept for ever and reported: name the case.", max_length=500)

    def clean_receipt(self) -> Any:
        """Return an id, or what the JSON says."""
        typed = str(self.cleaned_data["receipt"]).strip()
        try:
            return uuid.UUID(typed)
        except ValueError:
            pass
        try:
            return json.loads(typed)
        except (ValueError, RecursionError):
            raise forms.ValidationError("This is neither JSON nor an order's id.") from None


@admin.register(ReceiptOpening)
class ReceiptOpeningAdmin(AskingAdmin):
    """The report: every opening, the newest first."""

    asks = "trading.view_receipt"
    change_list_template = "admin/trading/receipt_openings.html"
    list_display = ("opened_at", "opened_by", "account", "reason", "events")
    list_filter = ("opened_at",)
    list_select_related = ("opened_by", "receipt")
    ordering = ("-pk",)
    fields = list_display
    readonly_fields = ("account",)

    @admin.display(description="whose receipt")
    def account(self, opening: ReceiptOpening) -> str:
        """Return the account; not what was receipted."""
        return str(opening.receipt.account_id)

    def get_urls(self) -> list[URLPattern]:
        """Add the page that opens."""
        page = self.admin_site.admin_view(self.open)
        return [path("open", page, name="trading_receipt_open"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the report, with the way to the page for those who may."""
        own = {"may_open": request.user.has_perm(self.asks)}
        return super().changelist_view(request, own | (extra_context or {}))

    def open(self, request: HttpRequest) -> HttpResponse:
        """Ask which receipt and why, then give the opening as a file."""
        member = self.member(request)
        form = OpeningForm(request.POST or None)
        if form.is_valid():
            try:
                receipt = find_receipt(form.cleaned_data["receipt"])
            except Failure as failure:
                refuse(form, failure)
            else:
                told = open_receipt(
                    receipt, reason=form.cleaned_data["reason"], by=member, request=request
                )
                answer = JsonResponse(told)
                answer["Content-Disposition"] = 'attachment; filename="opening.json"'
                answer["Cache-Control"] = "no-store"
                return answer
        context = self.around(request, title="Open a receipt", form=form)
        return TemplateResponse(request, "admin/trading/open_receipt.html", context)
