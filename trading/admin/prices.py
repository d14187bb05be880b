"""Prices in the back office: the board, its alerts, and in development the lies to test it.

What the page shows is what the price service told last; nothing here reckons a price.
"""

import re
from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from accounts.long_lists import LongListAdmin
from accounts.models import User
from accounts.services.audit import record_action
from accounts.staff_site import ReadOnlyAdmin
from godark.errors import Failure
from prices.adapters.lies import LIE_SENTENCES
from prices.breaker import Trip
from prices.watch import Sign
from trading.admin.price_board_rows import (
    board_row,
    board_rows,
    market_facts,
    source_rows,
)
from trading.models import LastGoodPrice, Market, PriceAlert, ToldLie
from trading.selectors.price_board import PriceBoardView, price_board
from trading.services.told_lies import active_lies, end_lies, may_simulate, source_names, tell_lie

TELL = "trading.add_toldlie"
NEWEST_ALERTS = 20
SECONDS: Final = re.compile(r"[0-9]{1,9}", re.ASCII)


@admin.register(LastGoodPrice)
class PriceBoardAdmin(ReadOnlyAdmin):
    """The price board: every market's index, mark and reference, and what its sources say."""

    ordering = ("name",)
    search_fields = ("name",)

    def get_urls(self) -> list[URLPattern]:
        """Add the two doors of the simulation."""
        own = [
            path("tell", self.admin_site.admin_view(self.tell), name="trading_prices_tell"),
            path("end", self.admin_site.admin_view(self.end), name="trading_prices_end"),
        ]
        return own + super().get_urls()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the board of all markets."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        board = price_board()
        context = self._context(request, board=board) | {
            "title": "Price board",
            "rows": board_rows(board, at=timezone.now()),
            "rungs": [(rung.value, count) for rung, count in board.count_rungs().items()],
            "alerts": PriceAlert.objects.order_by("-pk")[:NEWEST_ALERTS],
        }
        template = "admin/trading/price_board.html"
        return TemplateResponse(request, template, context | (extra_context or {}))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002 - Django's signature
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show one market's sources: ages, weights, deviations, and which are dropped and why."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        good = get_object_or_404(LastGoodPrice, pk=object_id)
        board = price_board()
        view = board.markets.get(good.name)
        market = Market.objects.filter(symbol=good.name).first()
        context = self._context(request, board=board, name=good.name) | {
            "title": good.name,
            "row": board_row(good, view=view, market=market, at=timezone.now()),
            "facts": market_facts(view, market=market) if view else [],
            "sources": source_rows(view, market=market) if view else [],
            "alerts": PriceAlert.objects.filter(name=good.name).order_by("-pk")[:NEWEST_ALERTS],
        }
        template = "admin/trading/price_market.html"
        return TemplateResponse(request, template, context | (extra_context or {}))

    def tell(self, request: HttpRequest) -> HttpResponse:
        """Tell a simulated source to lie."""
        back = self._checked(request)
        name, seconds = request.POST.get("market", ""), request.POST.get("seconds", "")
        try:
            with transaction.atomic():
                lie = tell_lie(
                    source=request.POST.get("source", ""),
                    kind=request.POST.get("kind", ""),
                    name=name,
                    seconds=int(seconds) if SECONDS.fullmatch(seconds) else 0,
                    told_by=self._member(request),
                )
                record_action(action="tell_lie", request=request, target=lie)
        except Failure as failure:
            messages.error(request, failure.detail)
            return back
        messages.success(request, f"{lie.source} {LIE_SENTENCES[kind_of(lie)]}.")
        return back

    def end(self, request: HttpRequest) -> HttpResponse:
        """Let every source be honest again."""
        back = self._checked(request)
        try:
            with transaction.atomic():
                count = end_lies()
                record_action(action="end_lies", request=request, changes={"ended": count})
        except Failure as failure:
            messages.error(request, failure.detail)
            return back
        messages.success(request, "Every source is honest again.")
        return back

    def _checked(self, request: HttpRequest) -> HttpResponse:
        """Return the way back to where the form stands; refuse who may not tell."""
        if request.method != "POST" or not request.user.has_perm(TELL):
            raise PermissionDenied
        good = LastGoodPrice.objects.filter(pk=request.POST.get("back", "")).first()
        if good is None:
            return HttpResponseRedirect(reverse("admin:trading_lastgoodprice_changelist"))
        return HttpResponseRedirect(reverse("admin:trading_lastgoodprice_change", args=[good.pk]))

    @staticmethod
    def _member(request: HttpRequest) -> User:
        if not isinstance(request.user, User):
            raise PermissionDenied
        return request.user

    def _context(
        self, request: HttpRequest, *, board: PriceBoardView, name: str = ""
    ) -> dict[str, Any]:
        can_tell = may_simulate() and request.user.has_perm(TELL)
        return self.admin_site.each_context(request) | {
            "opts": self.opts,
            "board": board,
            "connections": board.service.connections if board.service else [],
            "can_tell": can_tell,
            "source_names": source_names(name) if can_tell else [],
            "kinds": [(kind.value, sentence) for kind, sentence in LIE_SENTENCES.items()],
            "lies": active_lies(timezone.now()),
        }


class SignFilter(admin.SimpleListFilter):
    """What was odd."""

    title = "sign"
    parameter_name = "sign"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the signs that the watch and the breakers give."""
        del request, model_admin
        signs = (*Sign, *(f"BREAKER_{trip}" for trip in Trip))
        return [(sign, sign.replace("_", " ").lower()) for sign in signs]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[PriceAlert]
    ) -> QuerySet[PriceAlert]:
        """Keep one sign."""
        del request
        return queryset if self.value() is None else queryset.filter(sign=self.value())


@admin.register(PriceAlert)
class PriceAlertAdmin(LongListAdmin):
    """What the watch saw, and which breakers tripped."""

    list_display = ("seen_at", "name", "sign", "detail")
    list_filter = (SignFilter, "seen_at")
    found_by = ("name",)
    search_help_text = "Whole symbol, or USDT-USD"


@admin.register(ToldLie)
class ToldLieAdmin(ReadOnlyAdmin):
    """What simulated sources were told to do wrong, and by whom."""

    list_display = ("told_at", "source", "kind", "name", "told_by", "ends_at")
    list_filter = ("kind", "source")
    list_select_related = ("told_by",)
    search_fields = ("source", "name")
    ordering = ("-pk",)


def kind_of(lie: ToldLie) -> Any:
    """Return a lie's kind as the simulation names it."""
    return next(kind for kind in LIE_SENTENCES if kind.value == lie.kind)
