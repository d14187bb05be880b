"""What Prometheus counts of prices, read from the board that the price service shows."""

from collections import Counter
from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from prices.adapters.source import ConnectionState
from prices.hours import Phase
from prices.records import USDT_USD, Rung
from trading.selectors.price_board import PriceBoardView, price_board
from trading.services.price_feed import MarketBoardView

OPEN = Phase.OPEN.value


class PriceCollector(Collector):
    """Reads the board at each scrape."""

    def describe(self) -> Iterable[Metric]:
        """Name nothing beforehand: the board is read only when it is asked for."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Return the metrics of the newest board; only `godark_prices_up` where there is none."""
        board = price_board()
        up = GaugeMetricFamily("godark_prices_up", "Whether the price service answers.")
        up.add_metric([], float(board.service is not None))
        yield up
        if board.service is not None:
            yield step_seconds(board.service.step_ms)
            yield from of_sources(board.service.connections, at_ms=board.service.at_ms)
            yield from of_markets(board)
            yield ages(board.markets.values(), at_ms=board.service.at_ms)


def step_seconds(step_ms: float) -> Metric:
    """Return how long the last step took."""
    family = GaugeMetricFamily("godark_prices_step_seconds", "Seconds of the last step.")
    family.add_metric([], step_ms / 1_000)
    return family


def of_sources(connections: list[ConnectionState], *, at_ms: int) -> Iterable[Metric]:
    """Yield what is known of each source's connection."""
    up = GaugeMetricFamily(
        "godark_price_source_up", "Whether a source was heard lately.", labels=["source"]
    )
    counted = {
        "messages": CounterMetricFamily(
            "godark_price_source_messages", "Messages heard.", labels=["source"]
        ),
        "connects": CounterMetricFamily(
            "godark_price_source_connects", "Times it was connected.", labels=["source"]
        ),
        "gaps": CounterMetricFamily(
            "godark_price_source_gaps", "Breaks of its numbering.", labels=["source"]
        ),
        "garbage": CounterMetricFamily(
            "godark_price_source_garbage", "Messages that made no sense.", labels=["source"]
        ),
    }
    for state in connections:
        up.add_metric([state.source], float(state.is_up(at_ms)))
        for name, family in counted.items():
            family.add_metric([state.source], float(getattr(state, name)))
    yield up
    yield from counted.values()


def of_markets(board: PriceBoardView) -> Iterable[Metric]:
    """Yield how many markets stand on each rung, and how many quotes are dropped for what."""
    standing = GaugeMetricFamily(
        "godark_price_markets", "Markets by the rung of their index.", labels=["rung"]
    )
    for rung, count in board.count_rungs().items():
        standing.add_metric([rung], float(count))
    yield standing
    if USDT_USD in board.markets:
        yield of_conversion(Rung(board.markets[USDT_USD].rung))
    drops = Counter(
        (source.name, source.drop)
        for market in board.markets.values()
        for source in market.sources
        if source.drop
    )
    dropped = GaugeMetricFamily(
        "godark_price_dropped", "Markets that drop a source now.", labels=["source", "reason"]
    )
    for (name, reason), count in drops.items():
        dropped.add_metric([name, reason], float(count))
    yield dropped


def ages(markets: Iterable[MarketBoardView], *, at_ms: int) -> Metric:
    """Return how old the reference of each open market is."""
    family = GaugeMetricFamily(
        "godark_price_age_seconds", "Of the reference of an open market.", labels=["market"]
    )
    for view in markets:
        if view.quoted_at_ms is not None and view.phase == OPEN:
            family.add_metric([view.market_id], max(0, at_ms - view.quoted_at_ms) / 1_000)
    return family


def of_conversion(rung: Rung) -> Metric:
    """Return whether the index that converts dollars stands on its own venues."""
    family = GaugeMetricFamily(
        "godark_price_conversion_good", "Whether the index of USDT-USD stands on its venues."
    )
    family.add_metric([], float(rung is Rung.VENUES))
    return family
