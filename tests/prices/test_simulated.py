import asyncio
import contextlib

import pytest

from prices.adapters.lies import (
    CALM,
    NO_LIES,
    SCHEDULES,
    TOUR,
    Lie,
    LieKind,
    distort_oracle,
    distort_quote,
)
from prices.adapters.simulated import SimulatedAdapter
from prices.adapters.universe import ASSETS
from prices.adapters.walk import Regime, World
from prices.board import Board, MarketPrices
from prices.consolidate import consolidate
from prices.records import Drop, MarketSources, Rung
from tests.prices.sources import BTC, EUR, NOW_MS, around, oracle
from tests.prices.worlds import LTC, USDT_USD_SOURCES, sixty_markets

SECOND_MS = 1_000


def run(
    adapter: SimulatedAdapter,
    *,
    markets: list[MarketSources],
    seconds: int,
    from_ms: int = NOW_MS,
    board: Board | None = None,
) -> list[list[MarketPrices]]:
    """Let a simulation run, four ticks a second, and return the prices after each second."""
    board = board or Board(markets=markets, usdt_usd=USDT_USD_SOURCES)
    steps = []
    for tick in range(1, 4 * seconds + 1):
        at_ms = from_ms + 250 * tick
        adapter.tick(board, at_ms=at_ms)
        if tick % 4 == 0:
            steps.append(board.step(at_ms))
    return steps


def simulate(
    *markets: MarketSources, seed: int = 7, schedule: str = "none"
) -> tuple[SimulatedAdapter, list[MarketSources]]:
    listed = list(markets)
    adapter = SimulatedAdapter(
        markets=[*listed, USDT_USD_SOURCES], seed=seed, schedule=SCHEDULES[schedule]
    )
    return adapter, listed


def test_the_same_seed_gives_the_same_prices_and_another_seed_others() -> None:
    runs = []
    for seed in (7, 7, 8):
        adapter, markets = simulate(BTC, LTC, seed=seed)
        runs.append(run(adapter, markets=markets, seconds=20))
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_sixty_markets_all_have_an_index_from_their_venues_and_oracles() -> None:
    adapter, markets = simulate(*sixty_markets())
    last = run(adapter, markets=markets, seconds=10)[-1]
    assert len(last) == 61
    rungs = {prices.rung for prices in last}
    assert rungs <= {Rung.VENUES, Rung.ORACLES, Rung.BLEND, Rung.REMAINDER}
    assert sum(prices.rung is Rung.VENUES for prices in last) >= 50
    assert all(prices.index_half_ticks for prices in last)
    referred = [prices for prices in last if prices.reference is not None]
    assert len(referred) == 61


def test_the_world_moves_together_and_stays_near_where_it_began() -> None:
    world = World(assets=ASSETS.values(), seed=3)
    before = {base: world.price(base) for base in ("BTC", "ETH", "SOL", "USDC")}
    together = 0
    for _ in range(600):
        bitcoin, ether = world.price("BTC"), world.price("ETH")
        world.step(1)
        moves = (world.price("BTC") - bitcoin, world.price("ETH") - ether)
        together += moves[0] * moves[1] > 0
    assert together > 360
    for base, price in before.items():
        assert 0.9 < world.price(base) / price < 1.1
    assert abs(world.price("USDC") - 1) < 0.01


def test_a_storm_is_livelier_than_a_calm() -> None:
    widths = {}
    for regime in (Regime.CALM, Regime.STORM):
        world = World(assets=[ASSETS["BTC"], ASSETS["USDT"]], seed=5)
        moved = 0.0
        for _ in range(200):
            world.regime = regime
            price = world.price("BTC")
            world.step(1)
            moved += abs(world.price("BTC") / price - 1)
        widths[regime] = moved
    assert widths[Regime.STORM] > 4 * widths[Regime.CALM]


def test_a_commanded_jump_moves_the_index_and_trips_the_breaker() -> None:
    adapter, markets = simulate(BTC)
    board = Board(markets=markets, usdt_usd=USDT_USD_SOURCES)
    before = run(adapter, markets=markets, seconds=5, board=board)[-1][1]
    adapter.jump(BTC.market_id, percent=-12)
    steps = run(adapter, markets=markets, seconds=3, from_ms=NOW_MS + 5_000, board=board)
    after = steps[-1][1]
    assert before.index_pico is not None
    assert after.index_pico is not None
    assert 0.87 < after.index_pico / before.index_pico < 0.89
    assert [step[1].trip for step in steps if step[1].trip] == ["PRICE"]


DROP_OF_LIE = {
    LieKind.ZERO: Drop.NONSENSE,
    LieKind.NEGATIVE: Drop.NONSENSE,
    LieKind.NOT_A_NUMBER: Drop.NONSENSE,
    LieKind.INFINITE: Drop.NONSENSE,
    LieKind.TENFOLD: Drop.OUTLIER,
    LieKind.TWELVE_PERCENT_HIGH: Drop.OUTLIER,
    LieKind.FIVE_PERCENT_HIGH: Drop.OUTLIER,
    LieKind.ONE_PERCENT_LOW: None,
    LieKind.CROSSED: Drop.CROSSED,
    LieKind.FUTURE: Drop.FUTURE,
    LieKind.SILENT: Drop.STALE,
    LieKind.FROZEN: None,
}


# What the spot venues of a market of majors weigh: .30, .25, .15, .15, .15.
LIARS = [
    ("binance",),
    ("coinbase",),
    ("okx",),
    ("kraken", "bybit"),
    ("binance", "okx"),
    ("binance", "coinbase"),
]


def index_of_the_others(board: Board, *, liars: tuple[str, ...], steps: list[MarketPrices]) -> int:
    """Return the index that the venues which do not lie give alone at the same moment."""
    (market,) = board.boards()
    found = consolidate(
        market=market.sources,
        quotes={name: quote for name, quote in market.quotes.items() if name not in liars},
        oracles=market.oracles,
        at_ms=steps[1].at_ms,
        usdt_usd_pico=steps[0].index_pico,
    )
    assert found.rung is Rung.VENUES
    assert found.index_pico is not None
    return found.index_pico


@pytest.mark.parametrize("liars", LIARS, ids="+".join)
@pytest.mark.parametrize("kind", LieKind)
def test_no_lie_of_one_or_two_venues_moves_the_index_two_percent_from_the_others(
    kind: LieKind, liars: tuple[str, ...]
) -> None:
    adapter, markets = simulate(BTC)
    board = Board(markets=markets, usdt_usd=USDT_USD_SOURCES)
    run(adapter, markets=markets, seconds=3, board=board)
    adapter.obey(Lie(source=name, kind=kind, market_id=BTC.market_id) for name in liars)
    for second in range(3, 10):
        from_ms = NOW_MS + second * SECOND_MS
        steps = run(adapter, markets=markets, seconds=1, from_ms=from_ms, board=board)[-1]
        assert steps[1].rung is Rung.VENUES
        assert steps[1].index_pico is not None
        alone = index_of_the_others(board, liars=liars, steps=steps)
        assert 100 * abs(steps[1].index_pico - alone) <= 2 * alone
        # and whatever it was, the reference that orders trade on is no wider
        assert steps[1].reference is not None
        bid_pico = steps[1].reference.bid_ticks * BTC.tick_pico
        ask_pico = steps[1].reference.ask_ticks * BTC.tick_pico
        assert 98 * alone <= 100 * bid_pico < 100 * ask_pico <= 102 * alone
    drops = {venue.source.name: venue.drop for venue in steps[1].venues}
    assert {drops[name] for name in liars} == {DROP_OF_LIE[kind]}
    assert {drops[name] for name in drops if name not in liars} == {None}
    adapter.obey(())
    healed = run(adapter, markets=markets, seconds=3, from_ms=NOW_MS + 10_000, board=board)[-1][1]
    assert {venue.drop for venue in healed.venues} == {None}


def test_lying_oracles_are_seen_too() -> None:
    adapter, markets = simulate(BTC)
    adapter.obey(
        [
            Lie(source="pyth", kind=LieKind.ZERO),
            Lie(source="switchboard", kind=LieKind.FUTURE, market_id=BTC.market_id),
        ]
    )
    last = run(adapter, markets=markets, seconds=3)[-1][1]
    assert [seen.drop for seen in last.oracles] == [Drop.NONSENSE, Drop.FUTURE]


def test_a_frozen_source_repeats_what_it_said_before_and_a_silent_one_nothing() -> None:
    honest, before = around(101), around(100)
    frozen = distort_quote(honest, kind=LieKind.FROZEN, before=before)
    assert frozen == before
    assert distort_quote(honest, kind=LieKind.FROZEN, before=None) == honest
    assert distort_quote(honest, kind=LieKind.SILENT, before=before) is None
    price, old = oracle(101), oracle(100)
    assert distort_oracle(price, kind=LieKind.FROZEN, before=old) == old
    assert distort_oracle(price, kind=LieKind.SILENT, before=old) is None
    tenfold = distort_oracle(price, kind=LieKind.TENFOLD, before=old)
    assert tenfold is not None
    assert tenfold.price_pico == 10 * price.price_pico


def test_the_tour_walks_one_market_down_every_rung_and_up_again() -> None:
    adapter, markets = simulate(LTC, schedule="tour")
    steps = run(adapter, markets=markets, seconds=160)
    rungs = [step[1].rung for step in steps]
    walked = [rung for at, rung in enumerate(rungs) if at == 0 or rungs[at - 1] is not rung]
    best = list(dict.fromkeys(walked))
    assert best == [Rung.VENUES, Rung.BLEND, Rung.ORACLES, Rung.REMAINDER, Rung.NONE]
    assert rungs[-1] is Rung.VENUES


def test_the_calm_schedule_comes_round_and_none_has_no_lies() -> None:
    assert CALM.active(125) == CALM.active(125 + 900) == [Lie(source="okx", kind=LieKind.SILENT)]
    assert CALM.active(0) == []
    assert NO_LIES.active(0.5) == []
    assert TOUR.active(130)[0].market_id == LTC.market_id


def test_it_runs_until_canceled_and_every_source_is_up() -> None:
    adapter, markets = simulate(BTC, EUR)
    board = Board(markets=markets, usdt_usd=USDT_USD_SOURCES)

    async def briefly() -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(adapter.run(board), timeout=0.6)

    asyncio.run(briefly())
    states = {state.source: state for state in adapter.states()}
    assert states["binance"].is_up(states["binance"].last_heard_ms or 0)
    assert states["pyth"].messages > 0
    assert adapter.markets(markets) == markets
