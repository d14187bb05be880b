"""The simulated venues, oracles and perpetuals: a market for a machine without keys.

Every source of every market quotes the seeded world around it with its own bias, spread
and rhythm; lies come by schedule or command. What is not here: the world (`walk`), the
ways of lying (`lies`).
"""

import asyncio
import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from prices.adapters.lies import (
    CALM,
    Lie,
    LieKind,
    Schedule,
    distort_oracle,
    distort_quote,
    find_lie,
)
from prices.adapters.source import Connection, ConnectionState, Sink
from prices.adapters.universe import ASSETS, Family, asset_of
from prices.adapters.walk import World
from prices.records import (
    USDT_USD,
    Currency,
    Kind,
    MarketSources,
    OracleQuote,
    Quote,
    Source,
    Trade,
)
from prices.units import PICO, ceil_div

TICK_S = 0.25
# The chance that a source has something new to say at a tick.
TALKATIVE = {Kind.SPOT: 0.85, Kind.PERPETUAL: 0.85, Kind.ORACLE: 0.7}
BIAS_BP = {Family.CRYPTO: 1.0, Family.PEGGED: 0.2, Family.FX: 0.3}
SPREAD_BP = {Family.CRYPTO: 2.0, Family.PEGGED: 0.6, Family.FX: 0.8}
PREMIUM_BP = 2.0
# An oracle is as sure as so many half spreads: two honest ones hardly ever disagree.
CONFIDENCE_HALVES = 5
# How much of a bias is left after one tick: it comes and goes within some ten seconds.
BIAS_KEPT = 0.975
USUAL_TRADE_USDT = 40_000


def wall_clock_ms() -> int:
    """Return the time of day in Unix milliseconds."""
    return time.time_ns() // 1_000_000


class SimulatedAdapter:
    """Quotes a seeded world for the given markets."""

    def __init__(
        self,
        *,
        markets: Iterable[MarketSources],
        seed: int,
        schedule: Schedule = CALM,
        anchors: Mapping[str, float] | None = None,
        start: Mapping[str, float] | None = None,
        clock_ms: Callable[[], int] = wall_clock_ms,
        is_heard_elsewhere: Callable[[str], bool] = lambda _: False,
    ) -> None:
        """Start the world at its anchors, or where `start` says (both in USDT, by base).

        While a market is heard elsewhere, it goes on unsaid here.
        """
        self._markets = list(markets)
        assets = {asset_of(market.market_id).base for market in self._markets} | {"USDT"}
        self._world = World(
            assets=[ASSETS.get(base) or asset_of(base) for base in sorted(assets)],
            seed=seed,
            anchors=anchors,
            start=start,
        )
        self._random = random.Random(seed + 1)  # noqa: S311 - a simulation, no secret
        self._schedule = schedule
        self._clock_ms = clock_ms
        self._is_heard_elsewhere = is_heard_elsewhere
        self._commanded: tuple[Lie, ...] = ()
        self._bias: dict[tuple[str, str], float] = {}
        self._before: dict[tuple[str, str], Quote] = {}
        self._oracle_before: dict[tuple[str, str], OracleQuote] = {}
        self._connections = {
            source.name: Connection(source.name)
            for market in self._markets
            for source in _sources(market)
        }
        self._began_ms: int | None = None
        self._ticked_ms: int | None = None

    def markets(self, catalogue: Iterable[MarketSources]) -> list[MarketSources]:
        """Return the catalogue as it is: every source of every market is simulated."""
        return list(catalogue)

    def states(self) -> Sequence[ConnectionState]:
        """Return every simulated source's state."""
        return [connection.state() for connection in self._connections.values()]

    def obey(self, lies: Iterable[Lie]) -> None:
        """Let these lies be told from now on, besides the schedule's."""
        self._commanded = tuple(lies)

    def jump(self, market_id: str, *, percent: float) -> None:
        """Move a market's true price at once."""
        self._world.jump(asset_of(market_id).base, percent=percent)

    async def run(self, sink: Sink) -> None:
        """Tick four times a second until canceled."""
        for connection in self._connections.values():
            connection.opened()
        while True:
            self.tick(sink, at_ms=self._clock_ms())
            await asyncio.sleep(TICK_S)

    def tick(self, sink: Sink, *, at_ms: int) -> None:
        """Let the world move to a moment, and every source say what it then says."""
        if self._began_ms is None or self._ticked_ms is None:
            self._began_ms = self._ticked_ms = at_ms
        self._world.step(max(1, at_ms - self._ticked_ms) / 1_000)
        self._ticked_ms = at_ms
        elapsed_s = (at_ms - self._began_ms) / 1_000
        lies = (*self._commanded, *self._schedule.active(elapsed_s))
        for market in self._markets:
            if self._is_heard_elsewhere(market.market_id):
                continue
            self._quote_market(sink, market=market, at_ms=at_ms, lies=lies)

    def _quote_market(
        self, sink: Sink, *, market: MarketSources, at_ms: int, lies: Sequence[Lie]
    ) -> None:
        family = asset_of(market.market_id).family
        price = self._world.price(asset_of(market.market_id).base)
        dollar = self._world.price("USDT")
        for source in _sources(market):
            if self._random.random() > TALKATIVE[source.kind]:
                continue
            lie = find_lie(lies, source=source.name, market_id=market.market_id) if lies else None
            worth = price * dollar if source.currency is Currency.USD else price
            bias_bp = self._drift(market=market, source=source, family=family)
            mid_pico = int(worth * (1 + bias_bp / 10_000) * PICO)
            self._say(sink, market=market, source=source, mid_pico=mid_pico, at_ms=at_ms, lie=lie)
        if market.market_id != USDT_USD:
            worth_usdt = self._random.expovariate(1 / USUAL_TRADE_USDT)
            trade = Trade(notional_micro=int(worth_usdt * 1_000_000), received_at_ms=at_ms)
            sink.take_trade(market_id=market.market_id, trade=trade)

    def _drift(self, *, market: MarketSources, source: Source, family: Family) -> float:
        """Return by how many basis points a source is off, moved on by a tick."""
        key = (market.market_id, source.name)
        center_bp = PREMIUM_BP if source.kind is Kind.PERPETUAL else 0.0
        width_bp = BIAS_BP[family]
        before_bp = self._bias.get(key, center_bp)
        noise_bp = self._random.gauss(0, width_bp * (1 - BIAS_KEPT**2) ** 0.5)
        self._bias[key] = center_bp + (before_bp - center_bp) * BIAS_KEPT + noise_bp
        return self._bias[key]

    def _say(
        self,
        sink: Sink,
        *,
        market: MarketSources,
        source: Source,
        mid_pico: int,
        at_ms: int,
        lie: LieKind | None,
    ) -> None:
        family = asset_of(market.market_id).family
        half_bp = SPREAD_BP[family] / 2 * self._random.uniform(0.6, 1.6)
        half_pico = max(1, int(mid_pico * half_bp / 10_000))
        if source.kind is Kind.ORACLE:
            said = self._say_oracle(
                sink,
                market=market,
                source=source,
                lie=lie,
                quote=OracleQuote(
                    price_pico=mid_pico,
                    confidence_pico=CONFIDENCE_HALVES * half_pico,
                    received_at_ms=at_ms,
                ),
            )
        else:
            tick = market.tick_pico
            said = self._say_quote(
                sink,
                market=market,
                source=source,
                lie=lie,
                quote=Quote(
                    bid_pico=max(1, (mid_pico - half_pico) // tick) * tick,
                    ask_pico=ceil_div(mid_pico + half_pico, tick) * tick,
                    received_at_ms=at_ms,
                ),
            )
        if said:
            self._connections[source.name].heard(at_ms=at_ms)

    def _say_quote(
        self,
        sink: Sink,
        *,
        market: MarketSources,
        source: Source,
        quote: Quote,
        lie: LieKind | None,
    ) -> bool:
        key = (market.market_id, source.name)
        if lie is None:
            self._before[key] = quote
        else:
            told = distort_quote(quote, kind=lie, before=self._before.get(key))
            if told is None:
                return False
            quote = told
        take = sink.take_perpetual if source.kind is Kind.PERPETUAL else sink.take_quote
        take(market_id=market.market_id, source=source.name, quote=quote)
        return True

    def _say_oracle(
        self,
        sink: Sink,
        *,
        market: MarketSources,
        source: Source,
        quote: OracleQuote,
        lie: LieKind | None,
    ) -> bool:
        key = (market.market_id, source.name)
        if lie is None:
            self._oracle_before[key] = quote
        else:
            told = distort_oracle(quote, kind=lie, before=self._oracle_before.get(key))
            if told is None:
                return False
            quote = told
        sink.take_oracle(market_id=market.market_id, source=source.name, quote=quote)
        return True


def _sources(market: MarketSources) -> tuple[Source, ...]:
    return (*market.venues, *market.oracles, *market.perpetuals)
