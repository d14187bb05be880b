"""The board: the newest quote of every source, and at each step the prices of all markets.

It is conflated by nature: a newer quote replaces an older one, and a step sees only the
newest. The caller brings the clock, which may stand still for a moment; one that is set back
makes everything that was dated by it be forgotten. What is not here: sockets, rows, waiting.
"""

from collections.abc import Iterable
from datetime import date
from typing import TypeVar

import msgspec

from prices.breaker import Breaker, Trip
from prices.consolidate import Consolidation, consolidate
from prices.hours import HOLIDAYS, Phase, fx_phase
from prices.mark import Average, advance_average, find_mark_pico
from prices.premium import Premium, measure_premium
from prices.records import (
    USDT_USD,
    Advice,
    MarketSources,
    OracleQuote,
    Quote,
    Rung,
    Screened,
    Trade,
)
from prices.reference import Reference, find_reference
from prices.units import LARGEST_HALF_TICKS, LARGEST_TRADE_MICRO, nearest_half_ticks
from prices.watch import Alert, Watch

ADVICE_BY_RUNG = {
    Rung.VENUES: Advice.TRADE,
    Rung.BLEND: Advice.TRADE,
    Rung.ORACLES: Advice.TRADE,
    Rung.REMAINDER: Advice.REDUCE_ONLY,
    Rung.NONE: Advice.HALT,
}


# A clock that goes back by no more than this is waited for: it is being corrected, not set.
SMALL_STEP_BACK_MS = 1_000


AnyQuote = TypeVar("AnyQuote", Quote, OracleQuote)


class LastGood(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What of a market's prices survives a restart: the index, its mark and their moment."""

    index_pico: int
    index_half_ticks: int
    mark_half_ticks: int
    average: Average
    at_ms: int


class MarketPrices(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One market's prices at one step, as the engine and the pages take them.

    `index_half_ticks` and `mark_half_ticks` are none without an index; `reference` is none
    where nothing may match. `advice` is what the ladder allows.
    """

    market_id: str
    at_ms: int
    index_pico: int | None
    index_half_ticks: int | None
    mark_half_ticks: int | None
    reference: Reference | None
    premium_ppb: int | None
    dispersion_ppb: int
    rung: Rung
    advice: Advice
    phase: Phase
    venues: tuple[Screened, ...]
    oracles: tuple[Screened, ...]
    perpetuals: tuple[Screened, ...]
    alerts: tuple[Alert, ...] = ()
    trip: Trip | None = None
    volume_micro: int = 0


class MarketBoard:
    """One market's newest quotes and the little that its prices remember."""

    def __init__(self, sources: MarketSources, *, last_good: LastGood | None = None) -> None:
        """Start with the last good prices of before, if there are any."""
        self.sources = sources
        self.quotes: dict[str, Quote] = {}
        self.oracles: dict[str, OracleQuote] = {}
        self.perpetuals: dict[str, Quote] = {}
        self.breaker = Breaker()
        if last_good is not None:
            index_pico = last_good.index_half_ticks * sources.tick_pico // 2
            self.breaker.remember(index_pico=index_pico, at_ms=last_good.at_ms)
        self.last_good = last_good
        self._watch = Watch(sources.market_id)
        self._volume_micro = 0

    def forget_times(self, at_ms: int) -> None:
        """Forget what is dated by a clock that was set back to this moment, but no price."""
        self.quotes = _heard_until(self.quotes, at_ms=at_ms)
        self.oracles = _heard_until(self.oracles, at_ms=at_ms)
        self.perpetuals = _heard_until(self.perpetuals, at_ms=at_ms)
        self.breaker = Breaker()
        self._watch = Watch(self.sources.market_id)
        if self.last_good is not None:
            average = msgspec.structs.replace(self.last_good.average, at_ms=at_ms)
            self.last_good = msgspec.structs.replace(
                self.last_good, average=average, at_ms=min(at_ms, self.last_good.at_ms)
            )

    def take_trade(self, trade: Trade) -> None:
        """Count an outside trade, if it may be one."""
        if not 0 < trade.notional_micro <= LARGEST_TRADE_MICRO:
            return
        self._volume_micro += trade.notional_micro
        self.breaker.volume.add(notional_micro=trade.notional_micro, at_ms=trade.received_at_ms)

    def step(self, *, at_ms: int, usdt_usd_pico: int | None, phase: Phase) -> MarketPrices:
        """Return the market's prices now; closed FX hours stand still."""
        found = consolidate(
            market=self.sources,
            quotes=self.quotes,
            oracles=self.oracles,
            at_ms=at_ms,
            usdt_usd_pico=usdt_usd_pico,
            trusted_pico=self.last_good.index_pico if self.last_good else None,
        )
        if phase is Phase.CLOSED:
            return self._stand_still(found, at_ms=at_ms)
        if found.index_pico is None or self._is_beyond_measure(found.index_pico):
            return self._halt(found, at_ms=at_ms, phase=phase)
        premium = measure_premium(
            market=self.sources,
            quotes=self.perpetuals,
            index_pico=found.index_pico,
            at_ms=at_ms,
            usdt_usd_pico=usdt_usd_pico,
        )
        return self._price(
            found, premium=premium, index_pico=found.index_pico, at_ms=at_ms, phase=phase
        )

    def _is_beyond_measure(self, index_pico: int) -> bool:
        return 2 * index_pico > LARGEST_HALF_TICKS * self.sources.tick_pico

    def _price(
        self,
        found: Consolidation,
        *,
        premium: Premium,
        index_pico: int,
        at_ms: int,
        phase: Phase,
    ) -> MarketPrices:
        good = self._remember(found, premium=premium, index_pico=index_pico, at_ms=at_ms)
        return MarketPrices(
            market_id=self.sources.market_id,
            at_ms=at_ms,
            index_pico=index_pico,
            index_half_ticks=good.index_half_ticks,
            mark_half_ticks=good.mark_half_ticks,
            reference=find_reference(market=self.sources, consolidation=found),
            premium_ppb=premium.premium_ppb,
            dispersion_ppb=found.dispersion_ppb,
            rung=found.rung,
            advice=ADVICE_BY_RUNG[found.rung],
            phase=phase,
            venues=found.venues,
            oracles=found.oracles,
            perpetuals=premium.perpetuals,
            alerts=self._watch.look(consolidation=found, at_ms=at_ms),
            trip=self.breaker.look(index_pico=index_pico, at_ms=at_ms),
            volume_micro=self._drain_volume(),
        )

    def _remember(
        self, found: Consolidation, *, premium: Premium, index_pico: int, at_ms: int
    ) -> LastGood:
        average = advance_average(
            self.last_good.average if self.last_good else None,
            premium_ppb=premium.premium_ppb,
            at_ms=at_ms,
        )
        mark_pico = find_mark_pico(index_pico=index_pico, average=average)
        tick_pico = self.sources.tick_pico
        # The remainder's index must not become what the remainder is judged by.
        trusted_pico = index_pico
        if found.rung is Rung.REMAINDER and self.last_good is not None:
            trusted_pico = self.last_good.index_pico
        self.last_good = LastGood(
            index_pico=trusted_pico,
            index_half_ticks=nearest_half_ticks(price_pico=index_pico, tick_pico=tick_pico),
            mark_half_ticks=nearest_half_ticks(price_pico=mark_pico, tick_pico=tick_pico),
            average=average,
            at_ms=at_ms,
        )
        return self.last_good

    def _stand_still(self, found: Consolidation, *, at_ms: int) -> MarketPrices:
        good = self.last_good
        return MarketPrices(
            market_id=self.sources.market_id,
            at_ms=at_ms,
            index_pico=good.index_pico if good else None,
            index_half_ticks=good.index_half_ticks if good else None,
            mark_half_ticks=good.mark_half_ticks if good else None,
            reference=None,
            premium_ppb=None,
            dispersion_ppb=0,
            rung=found.rung,
            advice=Advice.HALT,
            phase=Phase.CLOSED,
            venues=found.venues,
            oracles=found.oracles,
            perpetuals=(),
            volume_micro=self._drain_volume(),
        )

    def _halt(self, found: Consolidation, *, at_ms: int, phase: Phase) -> MarketPrices:
        return MarketPrices(
            market_id=self.sources.market_id,
            at_ms=at_ms,
            index_pico=None,
            index_half_ticks=None,
            mark_half_ticks=None,
            reference=None,
            premium_ppb=None,
            dispersion_ppb=0,
            rung=found.rung,
            advice=Advice.HALT,
            phase=phase,
            venues=found.venues,
            oracles=found.oracles,
            perpetuals=(),
            alerts=self._watch.look(consolidation=found, at_ms=at_ms),
            volume_micro=self._drain_volume(),
        )

    def _drain_volume(self) -> int:
        volume_micro, self._volume_micro = self._volume_micro, 0
        return volume_micro


def _heard_until(quotes: dict[str, AnyQuote], *, at_ms: int) -> dict[str, AnyQuote]:
    return {name: quote for name, quote in quotes.items() if quote.received_at_ms <= at_ms}


class Board:
    """All markets, and the USDT/USD index that converts for them."""

    def __init__(
        self,
        *,
        markets: Iterable[MarketSources],
        usdt_usd: MarketSources | None = None,
        last_good: dict[str, LastGood] | None = None,
        holidays: Iterable[date] = HOLIDAYS,
    ) -> None:
        """Start with no quotes, and the last good prices of before by market."""
        known = last_good or {}
        self._holidays = frozenset(holidays)
        self._stepped_ms: int | None = None
        self.times_set_back = 0
        self._markets = {
            sources.market_id: MarketBoard(sources, last_good=known.get(sources.market_id))
            for sources in markets
        }
        self._usdt_usd = (
            MarketBoard(usdt_usd, last_good=known.get(usdt_usd.market_id)) if usdt_usd else None
        )

    def boards(self) -> Iterable[MarketBoard]:
        """Return every market's board."""
        return self._markets.values()

    def all_boards(self) -> list[MarketBoard]:
        """Return every market's board and that of the converting index."""
        return [*self._markets.values(), *([self._usdt_usd] if self._usdt_usd else [])]

    def take_quote(self, *, market_id: str, source: str, quote: Quote) -> None:
        """Put a spot venue's newest quote in the place of its last."""
        self._find(market_id).quotes[source] = quote

    def take_oracle(self, *, market_id: str, source: str, quote: OracleQuote) -> None:
        """Put an oracle's newest price in the place of its last."""
        self._find(market_id).oracles[source] = quote

    def take_perpetual(self, *, market_id: str, source: str, quote: Quote) -> None:
        """Put an outside perpetual's newest quote in the place of its last."""
        self._find(market_id).perpetuals[source] = quote

    def take_trade(self, *, market_id: str, trade: Trade) -> None:
        """Count a trade that an outside venue reported."""
        self._find(market_id).take_trade(trade)

    def step(self, at_ms: int) -> list[MarketPrices]:
        """Return the prices of all markets now, the converting index first of all."""
        at_ms = self._believe(at_ms)
        fx = fx_phase(at_ms, holidays=self._holidays)
        usdt_usd_pico = None
        prices = []
        if self._usdt_usd is not None:
            converting = self._usdt_usd.step(at_ms=at_ms, usdt_usd_pico=None, phase=Phase.OPEN)
            usdt_usd_pico = converting.index_pico
            prices.append(converting)
        for board in self._markets.values():
            phase = fx if board.sources.keeps_fx_hours else Phase.OPEN
            prices.append(board.step(at_ms=at_ms, usdt_usd_pico=usdt_usd_pico, phase=phase))
        return prices

    def _believe(self, at_ms: int) -> int:
        before_ms, self._stepped_ms = self._stepped_ms, at_ms
        if before_ms is None or at_ms >= before_ms:
            return at_ms
        if before_ms - at_ms <= SMALL_STEP_BACK_MS:
            self._stepped_ms = before_ms
            return before_ms
        self.times_set_back += 1
        for board in self.all_boards():
            board.forget_times(at_ms)
        return at_ms

    def _find(self, market_id: str) -> MarketBoard:
        if self._usdt_usd is not None and market_id == USDT_USD:
            return self._usdt_usd
        return self._markets[market_id]
