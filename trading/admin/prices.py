"""Prices in the back office: the board, its alerts, and in development the lies to test it.

What the page shows is what the price service told last; nothing here reckons a price.
"""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from accounts.models import User
from accounts.services.audit import record_action
from accounts.staff_site import ReadOnlyAdmin
from godark.errors import Failure
from prices.adapters.lies import LIE_SENTENCES
from prices.records import DROP_SENTENCES, Drop
from trading.models import LastGoodPrice, Market, PriceAlert, ToldLie
from trading.selectors.price_board import PriceBoardView, price_board
from trading.services.price_feed import MarketBoardView, SourceView
from trading.services.told_lies import active_lies, end_lies, may_simulate, source_names, tell_lie
from trading.templatetags.market_numbers import basis_points

TELL = "trading.add_toldlie"
SPARK_WIDTH = 180
SPARK_HEIGHT = 36
NEWEST_ALERTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """A source of a market, in words."""

    view: SourceView
    weight: str
    deviation: str
    age: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRow:
    """A market of the board, in words, with the lines of its sparkline."""

    symbol: str
    good: LastGoodPrice
    view: MarketBoardView | None
    counted: int
    dropped: list[SourceRow]
    age: str
    index_line: str
    mark_line: str


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
            "rows": board_rows(board),
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
        context = self._context(request, board=board) | {
            "title": good.name,
            "row": board_row(good, view=view),
            "sources": [source_row(source, of=view) for source in view.sources] if view else [],
            "alerts": PriceAlert.objects.filter(name=good.name).order_by("-pk")[:NEWEST_ALERTS],
        }
        template = "admin/trading/price_market.html"
        return TemplateResponse(request, template, context | (extra_context or {}))

    def tell(self, request: HttpRequest) -> HttpResponse:
        """Tell a simulated source to lie."""
        back = self._checked(request)
        market = Market.objects.filter(symbol=request.POST.get("market", "")).first()
        seconds = request.POST.get("seconds", "")
        try:
            with transaction.atomic():
                lie = tell_lie(
                    source=request.POST.get("source", ""),
                    kind=request.POST.get("kind", ""),
                    market=market,
                    seconds=int(seconds) if seconds.isascii() and seconds.isdigit() else 0,
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

    def _context(self, request: HttpRequest, *, board: PriceBoardView) -> dict[str, Any]:
        can_tell = may_simulate() and request.user.has_perm(TELL)
        return self.admin_site.each_context(request) | {
            "opts": self.opts,
            "board": board,
            "connections": board.service.connections if board.service else [],
            "can_tell": can_tell,
            "source_names": source_names() if can_tell else [],
            "kinds": [(kind.value, sentence) for kind, sentence in LIE_SENTENCES.items()],
            "lies": active_lies(timezone.now()),
        }


@admin.register(PriceAlert)
class PriceAlertAdmin(ReadOnlyAdmin):
    """What the watch saw, and which breakers tripped."""

    list_display = ("seen_at", "name", "sign", "detail")
    list_filter = ("sign", "seen_at")
    search_fields = ("name", "detail")
    ordering = ("-pk",)


@admin.register(ToldLie)
class ToldLieAdmin(ReadOnlyAdmin):
    """What simulated sources were told to do wrong, and by whom."""

    list_display = ("told_at", "source", "kind", "market", "told_by", "ends_at")
    list_filter = ("kind", "source")
    list_select_related = ("market", "told_by")
    search_fields = ("source",)
    ordering = ("-pk",)


def kind_of(lie: ToldLie) -> Any:
    """Return a lie's kind as the simulation names it."""
    return next(kind for kind in LIE_SENTENCES if kind.value == lie.kind)


def board_rows(board: PriceBoardView) -> list[BoardRow]:
    """Return all markets that ever had a price, in the order of the catalogue."""
    ranks = dict(Market.objects.values_list("symbol", "rank"))
    goods = sorted(LastGoodPrice.objects.all(), key=lambda good: ranks.get(good.name, 0))
    return [board_row(good, view=board.markets.get(good.name)) for good in goods]


def board_row(good: LastGoodPrice, *, view: MarketBoardView | None) -> BoardRow:
    """Return a market of the board in words."""
    sources = view.sources if view else []
    return BoardRow(
        symbol=good.name,
        good=good,
        view=view,
        counted=sum(not source.drop for source in sources),
        dropped=[source_row(source, of=view) for source in sources if source.drop and view],
        age=f"{(timezone.now() - good.priced_at).total_seconds():.0f} s",
        index_line=spark_line([index for index, _ in view.spark], of=view) if view else "",
        mark_line=spark_line([mark for _, mark in view.spark], of=view) if view else "",
    )


def source_row(source: SourceView, *, of: MarketBoardView) -> SourceRow:
    """Return a source in words; its weight is its share among the venues that pass."""
    spot = [other for other in of.sources if other.kind == "SPOT" and not other.drop]
    total = sum(other.weight for other in spot)
    share = source.weight * 100 / total if source in spot and total else None
    return SourceRow(
        view=source,
        weight="" if share is None else f"{share:.1f}%",
        deviation=basis_points(source.deviation_ppb),
        age="" if source.age_ms is None else f"{source.age_ms / 1_000:.1f} s",
        why=DROP_SENTENCES[Drop(source.drop)] if source.drop else "",
    )


def spark_line(values: list[int | None], *, of: MarketBoardView) -> str:
    """Return the points of a polyline; index and mark of a market share one scale."""
    known = [value for pair in of.spark for value in pair if value is not None]
    if not known:
        return ""
    low, span = min(known), max(1, max(known) - min(known))
    first = SPARK_WIDTH - len(values)
    return " ".join(
        f"{first + place},{SPARK_HEIGHT - (value - low) * SPARK_HEIGHT / span:.1f}"
        for place, value in enumerate(values)
        if value is not None
    )
