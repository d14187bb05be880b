"""Break-glass in the back office: ask with a reason, look, and the report of all looks."""

import uuid
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from accounts.long_lists import AFTER, BETWEEN
from trading.admin.asking import AskingAdmin
from trading.admin.markets import ReadOnlyInline
from trading.admin.words import moment, price_of, size_of
from trading.models import BrokenGlass, GlassLook, Market, Order
from trading.selectors.resting_orders import OrderPlace
from trading.services.break_glass import break_glass, look_through

BREAK = "trading.add_brokenglass"
LEAST_REASON = 10


class GlassForm(forms.Form):
    """Whose orders, and why."""

    account = forms.CharField(
        max_length=36, required=False, label="Account id", help_text="Either an account ..."
    )
    market = forms.ModelChoiceField(
        Market.objects.order_by("rank"), required=False, help_text="... or a market."
    )
    reason = forms.CharField(
        min_length=LEAST_REASON,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        help_text="Kept for ever and reported: name the case.",
    )

    def clean_account(self) -> uuid.UUID | None:
        """Return the account's id."""
        typed = str(self.cleaned_data["account"]).strip()
        if not typed:
            return None
        try:
            return uuid.UUID(typed)
        except ValueError:
            raise forms.ValidationError("This is no account's id.") from None

    def clean(self) -> dict[str, Any]:
        """Refuse both and neither."""
        given = super().clean() or {}
        if not self.errors and bool(given.get("account")) == bool(given.get("market")):
            raise forms.ValidationError("Name an account or a market, one of the two.")
        return given


class GlassLookInline(ReadOnlyInline):
    """When it was looked through."""

    model = GlassLook
    fields = ("looked_at", "orders")
    readonly_fields = ("looked_at", "orders")


@admin.register(BrokenGlass)
class BrokenGlassAdmin(AskingAdmin):
    """The report: every opening, the newest first, and each look through it."""

    asks = BREAK
    change_list_template = "admin/trading/broken_glasses.html"
    list_display = ("opened_at", "opened_by", "whose", "reason", "ends_at", "looked")
    list_filter = ("opened_at",)
    list_select_related = ("opened_by", "market")
    search_fields = ("reason", "opened_by__email")
    search_help_text = "Reason or e-mail of the member of staff"
    ordering = ("-pk",)
    readonly_fields = ("whose",)
    fields = ("opened_by", "whose", "reason", "opened_at", "ends_at")
    inlines = (GlassLookInline,)

    @admin.display(description="whose orders")
    def whose(self, glass: BrokenGlass) -> str:
        """Return the account or market."""
        return str(glass.market or glass.account_id)

    @admin.display
    def looked(self, glass: BrokenGlass) -> str:
        """Return how often it was looked through."""
        return f"{glass.looks.count()} times"

    def get_urls(self) -> list[URLPattern]:
        """Add asking and looking."""
        view = self.admin_site.admin_view
        own = [
            path("break", view(self.ask), name="trading_glass_break"),
            path("<int:number>/orders", view(self.orders), name="trading_glass_orders"),
        ]
        return own + super().get_urls()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the report, with the way to the question for those who may."""
        own = {"may_break": request.user.has_perm(self.asks)}
        return super().changelist_view(request, own | (extra_context or {}))

    def ask(self, request: HttpRequest) -> HttpResponse:
        """Ask whose orders and why, then open."""
        member = self.member(request)
        form = GlassForm(request.POST or None)
        if form.is_valid():
            glass = break_glass(
                by=member,
                reason=form.cleaned_data["reason"],
                account_id=form.cleaned_data["account"],
                market=form.cleaned_data["market"],
                request=request,
            )
            return HttpResponseRedirect(reverse("admin:trading_glass_orders", args=[glass.pk]))
        context = self.around(request, title="Break the glass", form=form)
        return TemplateResponse(request, "admin/trading/break_glass.html", context)

    def orders(self, request: HttpRequest, number: int) -> HttpResponse:
        """Show what rests, to who broke the glass and in its time; each look is kept."""
        member = self.member(request)
        glass = get_object_or_404(BrokenGlass, pk=number)
        if glass.opened_by_id == member.pk and glass.ends_at <= timezone.now():
            messages.error(request, "Its time is over. Break the glass again, with a reason.")
            return HttpResponseRedirect(reverse("admin:trading_brokenglass_changelist"))
        after = place_of(request.GET.get(AFTER, ""))
        page = look_through(glass, by=member, after=after, request=request)
        context = self.around(
            request,
            title="Resting orders",
            glass=glass,
            rows=[order_row(order) for order in page.orders],
            next_after=page.next_after and BETWEEN.join(map(str, page.next_after)),
            is_first_page=after is None,
        )
        answer = TemplateResponse(request, "admin/trading/resting_orders.html", context)
        answer["Cache-Control"] = "no-store"
        return answer


def place_of(typed: str) -> OrderPlace | None:
    """Return where a page begins; none, or nonsense, is the first."""
    created, _, order_id = typed.partition(BETWEEN)
    try:
        return OrderPlace(int(created), uuid.UUID(order_id))
    except ValueError:
        return None


def order_row(order: Order) -> dict[str, str]:
    """Return a resting order in words."""
    limit, trigger = (
        price_of(ticks and ticks * 2, order.market)
        for ticks in (order.limit_ticks, order.trigger_ticks)
    )
    return {
        "created": moment(order.created_at_ms),
        "id": str(order.id),
        "account": str(order.account_id),
        "market": order.market.symbol,
        "side": order.side,
        "type": f"{order.order_type} {order.time_in_force}",
        "quantity": size_of(order.quantity_lots, order.market),
        "filled": size_of(order.filled_lots, order.market),
        "limit": limit,
        "trigger": trigger,
        "status": order.status,
    }
