"""States of markets and pauses of the venue in the back office: what holds, and setting it.

Either is a command to the engine, with a reason in the audit log; a full stop takes two superadmins
(`trading.admin.proposals`).
"""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from engine.vocabulary import MarketState as EngineState
from godark.errors import Failure
from trading.admin.asking import AskingAdmin, ReasonField, refuse
from trading.models import Market, MarketState, PauseLevel, StateWish, VenueModeChange
from trading.services.staff_commands import pause, set_states

STATES = [
    ("ACTIVE", "Active: staff asks for nothing stricter"),
    *((state, MarketState(state).label) for state in ("POST_ONLY", "REDUCE_ONLY")),
    *((state, MarketState(state).label) for state in ("CANCEL_ONLY", "HALTED")),
]


class StatesForm(forms.Form):
    """Which markets, which state, why."""

    markets = forms.ModelMultipleChoiceField(
        Market.objects.exclude(state=MarketState.DELISTED).order_by("rank"),
        widget=forms.SelectMultiple(attrs={"size": 12}),
    )
    state = forms.ChoiceField(choices=STATES)
    reason = ReasonField(help_text="Kept for ever in the audit log.")


class PauseForm(forms.Form):
    """How far, and why."""

    level = forms.TypedChoiceField(
        choices=[(level.value, f"{level.value}: {level.label}") for level in list(PauseLevel)[:-1]],
        coerce=int,
        help_text="1 ends by itself after 5 minutes, 2 after 15; 3 ends by hand."
        " The full stop is proposed under Proposals, by two superadmins.",
    )
    reason = ReasonField(help_text="Told to everybody at once, and kept.")


@admin.register(StateWish)
class StateWishAdmin(AskingAdmin):
    """Who wants which market stricter than open; the strictest wish holds."""

    asks = "trading.add_statewish"
    change_list_template = "admin/trading/state_wishes.html"
    list_display = ("market", "wisher", "state", "hours_closed", "wished_at")
    list_filter = ("wisher", "state")
    list_select_related = ("market",)
    search_fields = ("market__symbol",)
    ordering = ("market__rank", "wisher")
    list_per_page = 100

    def get_urls(self) -> list[URLPattern]:
        """Add the page that sets states."""
        page = self.admin_site.admin_view(self.set)
        return [path("set", page, name="trading_states_set"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list, with the way to the page for those who may."""
        own = {"may_set": request.user.has_perm(self.asks)}
        return super().changelist_view(request, own | (extra_context or {}))

    def set(self, request: HttpRequest) -> HttpResponse:
        """Set the state that staff wants of markets."""
        member = self.member(request)
        form = StatesForm(request.POST or None)
        if form.is_valid():
            changed = set_states(
                list(form.cleaned_data["markets"]),
                state=EngineState(form.cleaned_data["state"]),
                reason=form.cleaned_data["reason"],
                by=member,
                request=request,
            )
            messages.success(request, f"Done: {changed} states change with the engine's next step.")
            return HttpResponseRedirect(reverse("admin:trading_statewish_changelist"))
        context = self.around(request, title="Set states of markets", form=form)
        return TemplateResponse(request, "admin/trading/set_states.html", context)


@admin.register(VenueModeChange)
class VenueModeChangeAdmin(AskingAdmin):
    """When the venue was paused, how far, and why."""

    asks = "trading.add_venuemodechange"
    change_list_template = "admin/trading/pauses.html"
    list_display = ("changed_at", "level", "reason", "resumes_at")
    list_filter = ("level", "changed_at")
    search_fields = ("reason",)
    ordering = ("-id",)

    def get_urls(self) -> list[URLPattern]:
        """Add the page that pauses and resumes."""
        page = self.admin_site.admin_view(self.pause)
        return [path("pause", page, name="trading_pause"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list, with the way to the page for those who may."""
        own = {"may_pause": request.user.has_perm(self.asks)}
        return super().changelist_view(request, own | (extra_context or {}))

    def pause(self, request: HttpRequest) -> HttpResponse:
        """Pause the venue, or let it operate again."""
        member = self.member(request)
        form = PauseForm(request.POST or None)
        if form.is_valid():
            level = PauseLevel(form.cleaned_data["level"])
            try:
                pause(level, reason=form.cleaned_data["reason"], by=member, request=request)
            except Failure as failure:
                refuse(form, failure)
            else:
                messages.success(request, f"Done: {level.label.lower()}. Everybody is told.")
                return HttpResponseRedirect(reverse("admin:trading_venuemodechange_changelist"))
        context = self.around(request, title="Pause or resume the venue", form=form)
        return TemplateResponse(request, "admin/trading/pause.html", context)
