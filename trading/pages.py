"""The pages about markets (landing, overview) and about the chain (wallet, state roots).

What they show of markets is what `/api/v1/markets` says, of the chain what the API says.
Which markets there are stands in `trading.selectors`; how a number is written, in
`trading.templatetags.market_numbers`.
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from godark.errors import Failure
from trading.models import MarketKind, MarketState
from trading.selectors.candles import INTERVALS, CandleView, index_candles
from trading.selectors.markets import MarketView, access_market, view_of
from trading.selectors.markets import markets as all_markets
from trading.selectors.roots import newest_roots
from trading.selectors.rules import rules
from trading.selectors.venue_status import venue_status
from trading.solana import program_id
from trading.templatetags.market_numbers import plain

FIRST_ON_LANDING = 12
ROOTS_SHOWN = 20
BY_RANK = "rank"
CHART_MINUTES = 120
TERMINAL = settings.BASE_DIR / "static" / "js" / "trade"
TERMINAL_MODULES = sorted(f"js/trade/{path.name}" for path in TERMINAL.glob("*.js"))
CHART_WIDTH = 960
CHART_HEIGHT = 240
KINDS = (("", "All"), ("CRYPTO", "Crypto"), ("FX", "FX"))
SAMPLED = ("symbol", "state", "tick_size", "lot_size", "max_leverage", "index_price", "bid", "ask")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a market table, and whether the table is sorted by it.

    `shape` is its classes: numeric or not, and from which width of the screen it is shown.
    """

    field: str
    name: str
    shape: str = ""
    sort: str = BY_RANK

    @property
    def shown(self) -> str:
        """Return the class that hides it on a narrow screen, if any."""
        return self.shape.removeprefix("numeric").strip()

    @property
    def aria_sort(self) -> str:
        """Return how the table is sorted by it, as ARIA says it; empty: it is not."""
        return {self.field: "ascending", f"-{self.field}": "descending"}.get(self.sort, "")

    @property
    def next_sort(self) -> str:
        """Return what a click on its name sorts by."""
        return f"-{self.field}" if self.sort == self.field else self.field


COLUMNS = (
    {"field": "symbol", "name": "Market"},
    {"field": "index_price", "name": "Index, USDT", "shape": "numeric"},
    {"field": "mark_price", "name": "Mark", "shape": "numeric wide-only"},
    {"field": "bid", "name": "Bid", "shape": "numeric wide-only"},
    {"field": "ask", "name": "Ask", "shape": "numeric wide-only"},
    {"field": "funding_rate", "name": "Funding, 1 h", "shape": "numeric medium-only"},
    {"field": "max_leverage", "name": "Max leverage", "shape": "numeric medium-only"},
    {"field": "state", "name": "State", "shape": "state-cell"},
)
SORTABLE = {column["field"] for column in COLUMNS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A market in a table: its place in the catalogue, and whether the filter hides it."""

    market: MarketView
    rank: int
    is_hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the venue, and whether people can use it today."""

    name: str
    stands: bool


PARTS = (
    Part(name="Accounts", stands=True),
    Part(name="Market rules, by page and API", stands=True),
    Part(name="Index, mark and reference prices", stands=True),
    Part(name="Hidden orders and matching, by API", stands=True),
    Part(name="State roots and proofs on a development chain", stands=True),
    Part(name="Checkpoints and the way out without the venue", stands=True),
    Part(name="The browser terminal", stands=True),
)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show what GoDark is, and its first markets."""
    views = public_markets()
    context = about_all(views, sort=BY_RANK) | {
        "rows": [Row(market=view, rank=rank) for rank, view in enumerate(views, 1)][
            :FIRST_ON_LANDING
        ],
        "parts": PARTS,
        "is_being_built": not all(part.stands for part in PARTS),
        "sample": sample_of(views[0]) if views else None,
    }
    return render(request, "home.html", context)


@require_safe
def markets(request: HttpRequest) -> HttpResponse:
    """Show every market; `q`, `kind` and `sort` choose, as the script does without asking."""
    wanted, kind, sort = (request.GET.get(name, "") for name in ("q", "kind", "sort"))
    kind = kind if kind in dict(KINDS) else ""
    sort = sort if sort.removeprefix("-") in SORTABLE else BY_RANK
    views = public_markets()
    rows = [
        Row(
            market=view,
            rank=rank,
            is_hidden=not (kind in {"", view.kind} and is_meant(view, wanted=wanted)),
        )
        for rank, view in enumerate(views, 1)
    ]
    context = about_all(views, sort=sort) | {
        "rows": in_order(rows, sort=sort),
        "shown": sum(not row.is_hidden for row in rows),
        "q": wanted,
        "kind": kind,
        "kinds": KINDS,
    }
    return render(request, "markets.html", context)


@require_safe
def market(request: HttpRequest, symbol: str) -> HttpResponse:
    """Show one market: its prices as they move, its last two hours and its terms."""
    try:
        found = access_market(symbol)
    except Failure as failure:
        raise Http404(failure.detail) from failure
    at = timezone.now()
    candles = [
        candle
        for candle in index_candles(
            market=found, interval=INTERVALS["1m"], until=at, limit=CHART_MINUTES
        )
        if at - candle.opened_at <= timedelta(minutes=CHART_MINUTES)
    ]
    context = {
        "market": view_of(found, at=at),
        "line": chart_line(candles),
        "low": min((candle.low for candle in candles), default=None),
        "high": max((candle.high for candle in candles), default=None),
        "chart_width": CHART_WIDTH,
        "chart_height": CHART_HEIGHT,
        "chart_minutes": CHART_MINUTES,
    }
    return render(request, "market.html", context)


@require_safe
@ensure_csrf_cookie
def trade(request: HttpRequest, symbol: str) -> HttpResponse:
    """Show the terminal of one market; its scripts speak to the public contract alone."""
    try:
        found = access_market(symbol)
    except Failure as failure:
        raise Http404(failure.detail) from failure
    context = {"market": view_of(found, at=timezone.now()), "modules": TERMINAL_MODULES}
    return render(request, "trade.html", context)


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """Show how things work, with the numbers that rule now."""
    return render(request, "help.html", {"rules": rules()})


@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """Show whether the venue and its markets trade now."""
    found = venue_status()
    active = sum(mode.state == MarketState.ACTIVE for mode in found.markets)
    return render(request, "status.html", {"status": found, "active": active})


def price_mode(request: HttpRequest) -> dict[str, str]:  # noqa: ARG001 - a context processor's signature
    """Tell every page where prices come from, so that none that are made up pass for real."""
    return {"price_mode": settings.PRICES["mode"]}


def chart_line(candles: list[CandleView]) -> str:
    """Return the closes of candles, newest first, as the path of a line; the newest is right.

    Where minutes are missing, the line breaks off: nobody knows what was between.
    """
    if not candles:
        return ""
    low = min(candle.low for candle in candles)
    span = max(candle.high for candle in candles) - low or Decimal(1)
    newest = candles[0].opened_at
    steps, before = [], None
    for candle in reversed(candles):
        minutes_ago = (newest - candle.opened_at).total_seconds() / 60
        x = CHART_WIDTH - minutes_ago * CHART_WIDTH / (CHART_MINUTES - 1)
        y = CHART_HEIGHT - (candle.close - low) * CHART_HEIGHT / span
        follows = before is not None and candle.opened_at - before <= timedelta(minutes=1)
        steps.append(f"{'L' if follows else 'M'}{x:.1f},{y:.1f}")
        before = candle.opened_at
    return " ".join(steps)


def public_markets() -> list[MarketView]:
    """Return every market as the public sees it now, in the order of the catalogue."""
    at = timezone.now()
    return [view_of(market, at=at) for market in all_markets().order_by("rank")]


def is_meant(view: MarketView, *, wanted: str) -> bool:
    """Tell whether a search means this market: by its base, or by the symbol from its start."""
    meant = wanted.strip().upper()
    return meant in view.base or view.symbol.startswith(meant)


def about_all(views: list[MarketView], *, sort: str) -> dict[str, Any]:
    """Return what both tables say about the list as a whole."""
    return {
        "market_count": len(views),
        "crypto_count": sum(view.kind == MarketKind.CRYPTO for view in views),
        "fx_count": sum(view.kind == MarketKind.FX for view in views),
        "has_prices": any(view.index_price is not None for view in views),
        "sort": sort,
        "columns": [Column(**column, sort=sort) for column in COLUMNS],
    }


def in_order(rows: list[Row], *, sort: str) -> list[Row]:
    """Return the rows sorted; those that have no value yet stand last either way."""
    field = sort.removeprefix("-")
    if field == BY_RANK:
        return rows
    present = [row for row in rows if getattr(row.market, field) is not None]
    absent = [row for row in rows if getattr(row.market, field) is None]
    present.sort(key=lambda row: getattr(row.market, field), reverse=sort.startswith("-"))
    return present + absent


def sample_of(view: MarketView) -> dict[str, str]:
    """Return the symbol and part of what the API says of a market, as JSON."""
    said = {name: getattr(view, name) for name in SAMPLED}
    written = {
        name: plain(value) if isinstance(value, Decimal) else value for name, value in said.items()
    }
    return {"symbol": view.symbol, "json": json.dumps(written, indent=2)}


@login_required
@require_safe
def wallet(request: HttpRequest) -> HttpResponse:
    """Show where somebody's money is, and what moves it; the page asks the API for the figures."""
    told = {
        "chain": "solana:mainnet" if settings.IN_PRODUCTION else "solana:localnet",
        "node": settings.SOLANA_BROWSER_NODE,
        "explorer": settings.SOLANA_EXPLORER_URL,
    }
    return render(request, "wallet.html", told)


@require_safe
def settlement(request: HttpRequest) -> HttpResponse:
    """Show the newest state roots and where they stand on the chain."""
    roots = newest_roots(ROOTS_SHOWN)
    told = {
        "roots": roots,
        "newest": roots[0] if roots else None,
        "program": program_id(),
        "explorer": settings.SOLANA_EXPLORER_URL,
    }
    return render(request, "settlement.html", told)
