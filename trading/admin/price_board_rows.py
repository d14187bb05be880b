"""The price board in words: prices on their ticks, ages, weights, deviations, sparklines.

Nothing here reckons a price; what is not here: the pages (`trading.admin.prices`).
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from prices.records import DROP_SENTENCES, Drop, Rung
from prices.units import decimal_of_pico
from trading.models import LastGoodPrice, Market
from trading.selectors.price_board import PriceBoardView
from trading.selectors.price_sources import CONVERSION_TICK_PICO
from trading.services.price_feed import MarketBoardView, SourceView
from trading.templatetags.market_numbers import (
    HalfStepped,
    basis_points,
    on_half_steps,
    places_of,
    state_words,
    stepped,
)

SPARK_WIDTH = 180
SPARK_HEIGHT = 36
# Venues quote finer than we do, and a conversion adds decimals without end.
FINER_PLACES = 2
WORST_FIRST = {Rung.NONE: 0, Rung.REMAINDER: 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """A source of a market, in words."""

    view: SourceView
    weight: str
    bid: str
    ask: str
    deviation: str
    age: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRow:
    """A market of the board, in words, with the lines of its sparkline."""

    symbol: str
    state: str
    view: MarketBoardView | None
    index: HalfStepped | None
    mark: HalfStepped | None
    counted: int
    dropped: list[SourceRow]
    age: str
    index_line: str
    mark_line: str


def board_rows(board: PriceBoardView, *, at: datetime) -> list[BoardRow]:
    """Return all markets that ever had a price: those in trouble first, then as the catalogue."""
    markets = {market.symbol: market for market in Market.objects.all()}
    goods = sorted(LastGoodPrice.objects.all(), key=lambda good: rank_of(markets.get(good.name)))
    rows = [
        board_row(good, view=board.markets.get(good.name), market=markets.get(good.name), at=at)
        for good in goods
    ]
    return sorted(rows, key=lambda row: WORST_FIRST.get(Rung(row.view.rung), 2) if row.view else 2)


def rank_of(market: Market | None) -> int:
    """Return a market's place in lists; the converting index stands first."""
    return 0 if market is None else market.rank


def board_row(
    good: LastGoodPrice, *, view: MarketBoardView | None, market: Market | None, at: datetime
) -> BoardRow:
    """Return a market of the board in words: its prices now, without a service the last good."""
    sources = view.sources if view else []
    tick = tick_of(market)
    age_s = (at - good.priced_at).total_seconds()
    if view and view.index_half_ticks is not None:
        age_s = max(0.0, at.timestamp() - view.at_ms / 1_000)
    newest = view or good
    return BoardRow(
        symbol=good.name,
        state="" if market is None else market.state,
        view=view,
        index=on_half_steps(newest.index_half_ticks, tick),
        mark=on_half_steps(newest.mark_half_ticks, tick),
        counted=sum(not source.drop for source in sources),
        dropped=[source_row(one, of=view, tick=tick) for one in sources if one.drop and view],
        age=f"{age_s:.0f} s",
        index_line=spark_line([index for index, _ in view.spark], of=view) if view else "",
        mark_line=spark_line([mark for _, mark in view.spark], of=view) if view else "",
    )


def market_facts(view: MarketBoardView, *, market: Market | None) -> list[tuple[str, str]]:
    """Return what is known of a market now, each with its name; a dash where there is nothing."""
    tick = tick_of(market)
    index, mark = (
        on_half_steps(price, tick) for price in (view.index_half_ticks, view.mark_half_ticks)
    )
    facts = [
        ("Index, USDT", index.text if index else ""),
        ("Mark", mark.text if mark else ""),
        ("Reference bid", "" if view.bid_ticks is None else stepped(view.bid_ticks * tick, tick)),
        ("Reference ask", "" if view.ask_ticks is None else stepped(view.ask_ticks * tick, tick)),
        ("Reference from", state_words(view.basis)),
        ("Premium", basis_points(view.premium_ppb)),
        ("Dispersion", basis_points(view.dispersion_ppb)),
        ("The ladder says", state_words(view.advice)),
        ("Hours", state_words(view.phase)),
    ]
    return [(name, text or "\u2013") for name, text in facts]


def source_rows(view: MarketBoardView, *, market: Market | None) -> list[SourceRow]:
    """Return all sources of a market in words."""
    return [source_row(source, of=view, tick=tick_of(market)) for source in view.sources]


def source_row(source: SourceView, *, of: MarketBoardView, tick: Decimal) -> SourceRow:
    """Return a source in words; its weight is its share among the venues that pass."""
    spot = [other for other in of.sources if other.kind == "SPOT" and not other.drop]
    total = sum(other.weight for other in spot)
    share = source.weight * 100 / total if source in spot and total else None
    return SourceRow(
        view=source,
        weight="" if share is None else f"{share:.1f}%",
        bid=_quoted(source.bid, tick=tick, rounding=ROUND_FLOOR),
        ask=_quoted(source.ask, tick=tick, rounding=ROUND_CEILING),
        deviation=basis_points(source.deviation_ppb),
        age="" if source.age_ms is None else f"{source.age_ms / 1_000:.1f} s",
        why=DROP_SENTENCES[Drop(source.drop)] if source.drop else "",
    )


def tick_of(market: Market | None) -> Decimal:
    """Return a market's tick in USDT, or that of the converting index, which is no market."""
    return decimal_of_pico(CONVERSION_TICK_PICO) if market is None else market.tick_size


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


def _quoted(price: str, *, tick: Decimal, rounding: str) -> str:
    if not price or not Decimal(price):
        return ""
    places = places_of(tick) + FINER_PLACES
    rounded = Decimal(price).quantize(Decimal(1).scaleb(-places), rounding=rounding)
    return f"{rounded:,.{places}f}"
