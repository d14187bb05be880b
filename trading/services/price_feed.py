"""Prices told through Redis: tickers for the sockets, and the board for staff and metrics.

Redis carries nothing here that may not be lost: the next second brings all of it again. What is
not here: what a ticker holds (`trading.feed`), sockets, and the pages that show the board.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from prices.adapters.source import ConnectionState
from prices.board import MarketPrices
from prices.records import MarketSources, Screened
from prices.units import decimal_of_pico
from trading import feed
from trading.rings import Rings
from trading.services.price_desk import PriceDesk

if TYPE_CHECKING:
    import redis

BOARD_KEY = "godark:prices:board"
STATE_KEY = "godark:prices:state"
KEPT_SECONDS = 10
TOGETHER_SECONDS = 0.5
REPEATED_MS = 2_000
"""Prices that stand still are told again so often: silence says that nobody steps them."""
_ENCODER = msgspec.json.Encoder()


class SourceView(msgspec.Struct, frozen=True, kw_only=True):
    """A source as staff see it; prices in USDT as text."""

    name: str
    kind: str
    weight: int
    mid: str = ""
    bid: str = ""
    ask: str = ""
    age_ms: int | None = None
    deviation_ppb: int | None = None
    drop: str = ""


class MarketBoardView(msgspec.Struct, frozen=True, kw_only=True):
    """A market's prices and sources as staff see them, with its last three minutes."""

    market_id: str
    at_ms: int
    rung: str
    advice: str
    phase: str
    index_half_ticks: int | None
    mark_half_ticks: int | None
    bid_ticks: int | None
    ask_ticks: int | None
    basis: str
    quoted_at_ms: int | None
    premium_ppb: int | None
    dispersion_ppb: int
    sources: list[SourceView]
    spark: list[tuple[int | None, int | None]] = []


class ServiceView(msgspec.Struct, frozen=True, kw_only=True):
    """The price service as health and metrics see it."""

    mode: str
    at_ms: int
    steps: int
    step_ms: float
    connections: list[ConnectionState]


class PriceFeed:
    """Tells Redis what the newest prices are."""

    def __init__(self, client: "redis.Redis", *, markets: Iterable[MarketSources]) -> None:
        """Tell this Redis of these markets."""
        self._redis = client
        self._tick_pico = {market.market_id: market.tick_pico for market in markets}
        self._told: dict[str, dict[str, Any]] = {}
        self._told_at_ms: dict[str, int] = {}
        self._untold: dict[str, dict[str, Any]] = {}
        self._all_due_seconds = 0.0
        self._rings = Rings(client)

    def tell_ticks(self, prices: Iterable[MarketPrices], *, rates_ppb: Mapping[str, int]) -> int:
        """Tell the tickers that changed, or have stood still for long; return how many.

        Each is told by itself, all together that are told twice a second at most.
        """
        news: dict[str, dict[str, Any]] = {}
        for one in prices:
            name = one.market_id
            if name not in self._tick_pico:
                continue
            ticker = _ticker(one, tick_pico=self._tick_pico[name], rate_ppb=rates_ppb.get(name))
            if self._told.get(name) != ticker or self._is_due_again(one):
                news[name] = ticker
                self._told_at_ms[name] = one.at_ms
        messages = [feed.ticked(symbol, ticker) for symbol, ticker in news.items()]
        together, now = self._untold | news, time.monotonic()
        is_due = bool(together) and now >= self._all_due_seconds
        if is_due:
            messages.append(feed.ticked_all(list(together.values())))
        if messages:
            self._rings.tell(messages)
        if is_due:
            self._all_due_seconds, together = now + TOGETHER_SECONDS, {}
        self._told |= news
        self._untold = together
        return len(news)

    def _is_due_again(self, one: MarketPrices) -> bool:
        """Tell whether prices that were stepped since have been told long ago.

        A clock that was set back makes them due as well.
        """
        if one.index_half_ticks is None:
            return False
        since_ms = one.at_ms - self._told_at_ms.get(one.market_id, one.at_ms)
        return abs(since_ms) >= REPEATED_MS

    def tell_board(self, desk: PriceDesk, *, service: ServiceView) -> None:
        """Show staff the newest board; it goes by itself when nobody renews it."""
        rows: dict[Any, Any] = {
            one.market_id: _ENCODER.encode(_board(one, desk=desk)) for one in desk.newest
        }
        pipeline = self._redis.pipeline(transaction=False)
        if rows:
            pipeline.hset(BOARD_KEY, mapping=rows)
            pipeline.expire(BOARD_KEY, KEPT_SECONDS)
        pipeline.set(STATE_KEY, _ENCODER.encode(service), ex=KEPT_SECONDS)
        pipeline.execute()


def _ticker(one: MarketPrices, *, tick_pico: int, rate_ppb: int | None) -> dict[str, Any]:
    reference = one.reference
    return feed.ticker_of(
        symbol=one.market_id,
        index_price=_price(one.index_half_ticks, tick_pico=tick_pico),
        mark_price=_price(one.mark_half_ticks, tick_pico=tick_pico),
        bid=_price(2 * reference.bid_ticks, tick_pico=tick_pico) if reference else None,
        ask=_price(2 * reference.ask_ticks, tick_pico=tick_pico) if reference else None,
        funding_rate=None if rate_ppb is None else _plain(Decimal(rate_ppb).scaleb(-9)),
    )


def _price(half_ticks: int | None, *, tick_pico: int) -> str | None:
    return None if half_ticks is None else _plain(decimal_of_pico(half_ticks * tick_pico) / 2)


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _board(one: MarketPrices, *, desk: PriceDesk) -> MarketBoardView:
    reference, market = one.reference, desk.markets.get(one.market_id)
    return MarketBoardView(
        market_id=one.market_id,
        at_ms=one.at_ms,
        rung=one.rung,
        advice=one.advice,
        phase=one.phase,
        index_half_ticks=one.index_half_ticks,
        mark_half_ticks=one.mark_half_ticks,
        bid_ticks=reference.bid_ticks if reference else None,
        ask_ticks=reference.ask_ticks if reference else None,
        basis=reference.basis if reference else "",
        quoted_at_ms=reference.quoted_at_ms if reference else None,
        premium_ppb=one.premium_ppb,
        dispersion_ppb=one.dispersion_ppb,
        sources=_sources((*one.venues, *one.oracles, *one.perpetuals)),
        spark=list(market.spark) if market else [],
    )


def _sources(screened: Sequence[Screened]) -> list[SourceView]:
    return [
        SourceView(
            name=seen.source.name,
            kind=seen.source.kind,
            weight=seen.source.weight,
            mid=f"{decimal_of_pico(seen.mid_pico):f}",
            bid=f"{decimal_of_pico(seen.bid_pico):f}",
            ask=f"{decimal_of_pico(seen.ask_pico):f}",
            age_ms=seen.age_ms,
            deviation_ppb=seen.deviation_ppb,
            drop=seen.drop or "",
        )
        for seen in screened
    ]
