"""Markets in the back office: to be read, filtered and searched.

Nothing here can be edited: changes of markets are proposed by one member of staff and approved
by another.
"""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.staff_site import ReadOnlyAdmin
from trading.admin.words import in_percent, in_usdt
from trading.engine_words import plain
from trading.models import (
    Bracket,
    BracketSchedule,
    Holiday,
    Market,
    MarketTicker,
    PriceSource,
    TradingCalendar,
)

if TYPE_CHECKING:
    TabularInline = admin.TabularInline[Any, Any]
else:
    TabularInline = admin.TabularInline


class ReadOnlyInline(TabularInline):
    """Rows of another table under the one that they belong to, to be read."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - the same
        """Refuse."""
        return False


class PriceSourceInline(ReadOnlyInline):
    """A market's price sources."""

    model = PriceSource


class MarketTickerInline(ReadOnlyInline):
    """A market's newest figures."""

    model = MarketTicker


class BracketInline(ReadOnlyInline):
    """A schedule's brackets."""

    model = Bracket


class HolidayInline(ReadOnlyInline):
    """A calendar's holidays."""

    model = Holiday


@admin.register(Market)
class MarketAdmin(ReadOnlyAdmin):
    """The markets, in the order of public lists."""

    list_display = (
        "symbol",
        "kind",
        "state",
        "state_reason",
        "pricing",
        "tick",
        "lot",
        "max_leverage",
        "taker_fee",
        "least_sources",
        "listed_at",
    )
    list_filter = ("kind", "state", "pricing", "max_leverage", "least_sources", "calendar")
    search_fields = ("symbol", "base")
    ordering = ("rank", "id")
    list_per_page = 100
    inlines = (MarketTickerInline, PriceSourceInline)

    @admin.display(description="tick (USDT)", ordering="tick_size")
    def tick(self, market: Market) -> str:
        """Return the least step of prices."""
        return plain(market.tick_size)

    @admin.display(description="lot (base)", ordering="lot_size")
    def lot(self, market: Market) -> str:
        """Return the least step of quantities."""
        return plain(market.lot_size)

    @admin.display(description="taker fee", ordering="taker_fee_ppb")
    def taker_fee(self, market: Market) -> str:
        """Return the fee in per cent."""
        return in_percent(market.taker_fee_ppb)


@admin.register(PriceSource)
class PriceSourceAdmin(ReadOnlyAdmin):
    """All price sources, those that convert USD included."""

    list_display = (
        "market",
        "role",
        "venue",
        "instrument",
        "quoted_in",
        "weight",
        "is_inverted",
        "base_per_unit",
    )
    list_filter = ("role", "venue", "quoted_in", "is_inverted")
    list_select_related = ("market",)
    search_fields = ("market__symbol", "instrument")
    ordering = ("market__rank", "role", "id")
    list_per_page = 100

    @admin.display(description="weight", ordering="weight_ppb")
    def weight(self, source: PriceSource) -> str:
        """Return the weight in per cent."""
        return "" if source.weight_ppb is None else in_percent(source.weight_ppb)


@admin.register(BracketSchedule)
class BracketScheduleAdmin(ReadOnlyAdmin):
    """The bracket schedules."""

    list_display = ("name",)
    search_fields = ("name",)
    ordering = ("name",)
    inlines = (BracketInline,)


@admin.register(Bracket)
class BracketAdmin(ReadOnlyAdmin):
    """All brackets."""

    list_display = (
        "schedule",
        "notional_up_to",
        "max_leverage",
        "initial_margin",
        "maintenance_margin",
        "deduction",
    )
    list_filter = ("schedule",)
    list_select_related = ("schedule",)
    search_fields = ("schedule__name",)
    ordering = ("schedule__name", "notional_up_to_micro")

    @admin.display(description="notional up to (USDT)", ordering="notional_up_to_micro")
    def notional_up_to(self, bracket: Bracket) -> str:
        """Return the border."""
        border_micro = bracket.notional_up_to_micro
        return "above" if border_micro is None else in_usdt(border_micro)

    @admin.display(description="initial margin", ordering="initial_margin_ppb")
    def initial_margin(self, bracket: Bracket) -> str:
        """Return the rate in per cent."""
        return in_percent(bracket.initial_margin_ppb)

    @admin.display(description="maintenance margin", ordering="maintenance_margin_ppb")
    def maintenance_margin(self, bracket: Bracket) -> str:
        """Return the rate in per cent."""
        return in_percent(bracket.maintenance_margin_ppb)

    @admin.display(description="deduction (USDT)", ordering="deduction_micro")
    def deduction(self, bracket: Bracket) -> str:
        """Return the deduction."""
        return in_usdt(bracket.deduction_micro)


@admin.register(TradingCalendar)
class TradingCalendarAdmin(ReadOnlyAdmin):
    """The hours of markets that keep some."""

    list_display = ("name", "time_zone", "week_closes_on", "week_opens_on", "turns_at")
    list_filter = ("time_zone",)
    search_fields = ("name", "holidays__name")
    ordering = ("name",)
    inlines = (HolidayInline,)
