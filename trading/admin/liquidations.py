"""Liquidations in the back office: those that were, who is next, and what another mark would do.

Neither page knows an order that rests (I24): the queue is made of positions and marks, the dry run
of the engine's own decision on an empty book.
"""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from accounts.long_lists import LongListAdmin
from accounts.staff_site import title_of
from engine.shape import LARGEST
from godark.errors import Failure
from trading.admin.asking import refuse
from trading.admin.typed import PERCENT_PPB, FigureField, price_of_typed
from trading.admin.words import in_percent, in_times, in_usdt, moment, price_of, size_of
from trading.models import Liquidation, Market, MarketState
from trading.models.units import PPB
from trading.selectors.liquidation_queue import SHOWN, Near, nearest
from trading.selectors.marks import marks_of
from trading.selectors.what_if import STANDING_STILL, Closed, WhatIf, what_if

SEES_POSITIONS = "trading.view_position"
SEES_FUNDS = "trading.view_marketfunds"
MOST_CHANGE_PPB = 100 * PPB


class QueueForm(forms.Form):
    """Of which market; none is all."""

    market = forms.ModelChoiceField(
        Market.objects.exclude(state=MarketState.DELISTED).order_by("rank"),
        required=False,
        to_field_name="symbol",
        empty_label="All markets",
    )


class WhatIfForm(forms.Form):
    """Which market, and which mark: a price, or a change of the mark that holds."""

    market = forms.ModelChoiceField(
        Market.objects.exclude(state=MarketState.DELISTED).order_by("rank"), to_field_name="symbol"
    )
    mark = forms.CharField(
        required=False, max_length=30, help_text="In USDT, on half ticks: either this ..."
    )
    change = FigureField(
        unit="%",
        step=PERCENT_PPB,
        least=1 - PPB,
        most=MOST_CHANGE_PPB,
        required=False,
        help_text="... or so much more or less (-5) than the mark now.",
    )

    def clean(self) -> dict[str, Any]:
        """Turn either into half ticks; refuse both and neither."""
        given = super().clean() or {}
        if self.errors:
            return given
        market, mark, change = given["market"], given["mark"].strip(), given["change"]
        if bool(mark) == (change is not None):
            raise forms.ValidationError("Give a mark or a change, one of the two.")
        if mark:
            given["half_ticks"] = price_of_typed(mark, market)
        else:
            now = marks_of([market.pk]).get(market.pk)
            if now is None:
                raise forms.ValidationError("This market has never had a mark: give one.")
            given["half_ticks"] = now * (PPB + change) // PPB
        if not 0 < given["half_ticks"] <= 2 * LARGEST:
            raise forms.ValidationError("No mark can be there.")
        return given


@admin.register(Liquidation)
class LiquidationAdmin(LongListAdmin):
    """Liquidations, and who bore them: the book, the backstop, deleveraging, the funds."""

    key = ("started_at_ms", "id")
    change_list_template = "admin/trading/liquidations.html"
    found_by = ("account_id", "id")
    search_help_text = "Whole id of an account or liquidation"
    list_display = (
        "started",
        "account_id",
        "market",
        "mark",
        "size",
        "by_book",
        "by_backstop",
        "by_deleveraging",
        "fee",
        "insurance",
        "debt",
        "is_pending",
    )
    list_filter = ("market", "is_pending")
    indexed = ("market",)
    list_select_related = ("market",)
    readonly_fields = (
        "started",
        "mark",
        "size",
        "by_book",
        "by_backstop",
        "by_deleveraging",
        "equity",
        "maintenance",
        "fee",
        "insurance",
        "global_insurance",
        "debt",
    )
    fields = ("id", "account_id", "market", "is_pending", *readonly_fields)

    @admin.display(description="started (UTC)")
    def started(self, row: Liquidation) -> str:
        """Return when it began."""
        return moment(row.started_at_ms)

    @admin.display
    def mark(self, row: Liquidation) -> str:
        """Return the mark at that moment."""
        return price_of(row.mark_half_ticks, row.market)

    @admin.display
    def size(self, row: Liquidation) -> str:
        """Return the position at the start."""
        return size_of(row.size_lots, row.market)

    @admin.display(description="by the book")
    def by_book(self, row: Liquidation) -> str:
        """Return what traded against orders."""
        return size_of(row.book_lots, row.market)

    @admin.display(description="by the backstop")
    def by_backstop(self, row: Liquidation) -> str:
        """Return what the backstop took over."""
        return size_of(row.backstop_lots, row.market)

    @admin.display(description="deleveraged")
    def by_deleveraging(self, row: Liquidation) -> str:
        """Return what others' positions gave."""
        return size_of(row.deleveraged_lots, row.market)

    @admin.display(description="equity (USDT)")
    def equity(self, row: Liquidation) -> str:
        """Return the equity at the start."""
        return in_usdt(row.equity_micro)

    @admin.display(description="maintenance margin (USDT)")
    def maintenance(self, row: Liquidation) -> str:
        """Return the maintenance margin at the start."""
        return in_usdt(row.maintenance_micro)

    @admin.display(description="fee (USDT)")
    def fee(self, row: Liquidation) -> str:
        """Return the fee."""
        return in_usdt(row.fee_micro)

    @admin.display(description="insurance paid")
    def insurance(self, row: Liquidation) -> str:
        """Return what the market's fund paid."""
        return in_usdt(row.insurance_micro)

    @admin.display(description="global insurance paid")
    def global_insurance(self, row: Liquidation) -> str:
        """Return what the global fund paid."""
        return in_usdt(row.global_insurance_micro)

    @admin.display(description="venue debt")
    def debt(self, row: Liquidation) -> str:
        """Return what the venue owes for it."""
        return in_usdt(row.debt_micro)

    def get_urls(self) -> list[URLPattern]:
        """Add the queue and the dry run."""
        view = self.admin_site.admin_view
        own = [
            path("queue", view(self.queue), name="trading_liquidation_queue"),
            path("what-if", view(self.what_if), name="trading_what_if"),
        ]
        return own + super().get_urls()

    def queue(self, request: HttpRequest) -> HttpResponse:
        """Show who is next."""
        form = QueueForm(request.GET)
        market = form.cleaned_data["market"] if form.is_valid() else None
        markets = {one.pk: one for one in Market.objects.exclude(state=MarketState.DELISTED)}
        chosen = [market.pk] if market else list(markets)
        marks = marks_of(chosen)
        context = self._page(
            request,
            (SEES_POSITIONS,),
            title="Who is next",
            form=form,
            rows=[queue_row(near, markets[near.market_id]) for near in nearest(marks)],
            shown=SHOWN,
            unpriced=[markets[pk] for pk in chosen if pk not in marks],
        )
        return TemplateResponse(request, "admin/trading/liquidation_queue.html", context)

    def what_if(self, request: HttpRequest) -> HttpResponse:
        """Show what another mark would do."""
        asked = "market" in request.GET
        form = WhatIfForm(request.GET if asked else None)
        context = self._page(
            request, (SEES_POSITIONS, SEES_FUNDS), title="What if the mark were ...", form=form
        )
        if form.is_valid():
            market = form.cleaned_data["market"]
            try:
                answer = what_if(market, mark_half_ticks=form.cleaned_data["half_ticks"])
            except Failure as failure:
                refuse(form, failure)
            else:
                context |= what_if_context(answer, market)
        return TemplateResponse(request, "admin/trading/what_if.html", context)

    def _page(self, request: HttpRequest, asks: tuple[str, ...], **own: Any) -> dict[str, Any]:
        """Return what the pages need; refuse whoever may not see what they show."""
        if not request.user.has_perms(asks):
            raise PermissionDenied
        base = {"opts": self.opts, "list_title": title_of(self.opts)}
        return self.admin_site.each_context(request) | base | own


def queue_row(near: Near, market: Market) -> dict[str, Any]:
    """Return a position of the queue in words."""
    return {
        "account": near.account_id,
        "market": market,
        "size": size_of(near.size_lots, market),
        "leverage": f"{near.leverage}x",
        "mark": price_of(near.mark_half_ticks, market),
        "liquidation": price_of(near.liquidation_half_ticks, market),
        "distance": in_percent(near.distance_ppb, places=2),
        "ratio": in_times(near.ratio_ppb),
        "equity": in_usdt(near.equity_micro),
        "maintenance": in_usdt(near.maintenance_micro),
        "stage": near.stage,
        "tone": near.stage.name.lower(),
    }


def closed_row(one: Closed, market: Market) -> dict[str, Any]:
    """Return a position that would be closed, in words."""
    return {
        "account": one.account_id,
        "size": size_of(one.size_lots, market),
        "equity": in_usdt(one.equity_micro),
        "maintenance": in_usdt(one.maintenance_micro),
        "offered": size_of(one.offered_lots, market) if one.offered_lots else "none",
        "bound": price_of(one.bound_half_ticks, market) if one.offered_lots else "",
        "backstop": size_of(one.backstop_lots, market),
        "deleveraged": size_of(one.deleveraged_lots, market),
        "insurance": in_usdt(one.insurance_micro + one.global_insurance_micro),
        "debt": in_usdt(one.debt_micro),
        "waits": one.is_pending,
    }


def what_if_context(answer: WhatIf, market: Market) -> dict[str, Any]:
    """Return what the page of a dry run shows."""
    return {
        "market": market,
        "mark": price_of(answer.mark_half_ticks, market),
        "now": price_of(marks_of([market.pk]).get(market.pk), market) or "none",
        "is_still": market.state in STANDING_STILL,
        "rows": [closed_row(one, market) for one in answer.closed[:SHOWN]],
        "count": len(answer.closed),
        "sums": sums_of(answer, market),
        "winners": [
            {"account": account, "size": size_of(lots, market)}
            for account, lots in list(answer.winners.items())[:SHOWN]
        ],
    }


def sums_of(answer: WhatIf, market: Market) -> list[tuple[str, str]]:
    """Return what all of them come to."""

    def lots(name: str) -> str:
        return f"{size_of(answer.total(name), market)} {market.base}"

    def usdt(name: str, of_micro: int | None = None) -> str:
        of = "" if of_micro is None else f" of {in_usdt(of_micro)}"
        return f"{in_usdt(answer.total(name))}{of} USDT"

    taken_at = f"{in_usdt(answer.backstop_value_micro)} USDT at the mark"
    return [
        ("Positions liquidated", f"{len(answer.closed)}, of {lots('size_lots')}"),
        ("Offered to the book first", lots("offered_lots")),
        ("Taken by the backstop", f"{lots('backstop_lots')}, {taken_at}"),
        ("Deleveraged", f"{lots('deleveraged_lots')}, of {len(answer.winners)} winners"),
        ("Liquidation fees", usdt("fee_micro")),
        ("Paid by the market's fund", usdt("insurance_micro", answer.fund_micro)),
        ("Paid by the global fund", usdt("global_insurance_micro", answer.global_fund_micro)),
        ("Moved from it to the backstop", f"{in_usdt(answer.topped_up_micro)} USDT"),
        ("Booked as venue debt", usdt("debt_micro")),
        ("Would wait, still open", str(sum(one.is_pending for one in answer.closed))),
    ]
