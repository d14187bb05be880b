import pytest

from prices.board import Board, LastGood, MarketPrices
from prices.breaker import Trip
from prices.hours import Phase
from prices.mark import Average
from prices.records import USDT_USD, Advice, Kind, MarketSources, Quote, Rung, Source, Trade
from tests.prices.sources import BTC, EUR, NAMES, NOW_MS, around, oracle, usdt

USDT_USD_SOURCES = MarketSources(
    market_id=USDT_USD,
    tick_pico=10**6,
    venues=tuple(Source(name=name, kind=Kind.SPOT) for name in ("coinbase", "kraken")),
    least=2,
)
SATURDAY_MS = 1_699_704_000_000  # 2023-11-11 12:00 UTC; NOW_MS is a Tuesday


def later(quote: Quote, *, by_ms: int) -> Quote:
    return Quote(
        bid_pico=quote.bid_pico,
        ask_pico=quote.ask_pico,
        received_at_ms=quote.received_at_ms + by_ms,
    )


def board_of(*, dollar: str = "1") -> Board:
    board = Board(markets=[BTC, EUR], usdt_usd=USDT_USD_SOURCES)
    for name in ("coinbase", "kraken"):
        board.take_quote(market_id=USDT_USD, source=name, quote=around(dollar, half="0.0001"))
    return board


def tell(board: Board, *, mid: str = "100", by_ms: int = 0, names: tuple[str, ...] = NAMES) -> None:
    for name in names:
        board.take_quote(
            market_id=BTC.market_id, source=name, quote=later(around(mid), by_ms=by_ms)
        )


def btc(board: Board, *, at_ms: int = NOW_MS) -> MarketPrices:
    return next(prices for prices in board.step(at_ms) if prices.market_id == BTC.market_id)


def test_a_step_gives_index_mark_and_reference_of_a_market_in_half_ticks_and_ticks() -> None:
    board = board_of()
    tell(board)
    board.take_perpetual(market_id=BTC.market_id, source="okx-perp", quote=around("100.25"))
    prices = btc(board)
    assert (prices.rung, prices.advice, prices.phase) == (Rung.VENUES, Advice.TRADE, Phase.OPEN)
    # half ticks of 0.05
    assert (prices.index_half_ticks, prices.mark_half_ticks) == (2_000, 2_005)
    assert prices.premium_ppb == 2_500_000
    assert prices.reference is not None
    assert (prices.reference.bid_ticks, prices.reference.ask_ticks) == (999, 1_001)


def test_the_newest_quote_replaces_the_one_before() -> None:
    board = board_of()
    tell(board, mid="100")
    tell(board, mid="101")
    assert btc(board).index_half_ticks == 2_020


def test_the_converting_index_comes_first_and_a_missing_one_leaves_dollar_venues_out() -> None:
    board = Board(markets=[BTC], usdt_usd=USDT_USD_SOURCES)
    tell(board)
    first, prices = board.step(NOW_MS)
    assert (first.market_id, first.index_pico) == (USDT_USD, None)
    assert sum(venue.drop is None for venue in prices.venues) == 3


def test_dollar_prices_are_divided_by_the_dollar_worth_of_a_usdt() -> None:
    board = board_of(dollar="0.8")
    for name in NAMES:
        mid = "80" if name in {"coinbase", "kraken"} else "100"
        board.take_quote(market_id=BTC.market_id, source=name, quote=around(mid))
    prices = btc(board)
    assert prices.index_half_ticks == 2_000
    assert all(venue.drop is None for venue in prices.venues)


def test_without_sources_a_market_halts_and_comes_back_with_them() -> None:
    board = board_of()
    tell(board)
    assert btc(board).advice is Advice.TRADE
    silent = btc(board, at_ms=NOW_MS + 6_000)
    assert (silent.advice, silent.index_half_ticks, silent.reference) == (Advice.HALT, None, None)
    tell(board, by_ms=7_000, names=("binance", "bybit", "okx"))
    assert btc(board, at_ms=NOW_MS + 7_000).advice is Advice.TRADE


def test_on_a_lone_venue_the_market_only_reduces_and_does_not_follow_it_away() -> None:
    board = board_of()
    tell(board)
    btc(board)
    for step, (mid, advice) in enumerate(
        (("101", Advice.REDUCE_ONLY), ("102", Advice.REDUCE_ONLY), ("103", Advice.HALT)), start=1
    ):
        at_ms = 6_000 * step
        tell(board, mid=mid, by_ms=at_ms, names=("binance",))
        assert btc(board, at_ms=NOW_MS + at_ms).advice is advice


def test_the_last_good_prices_go_on_where_they_stood_before_a_restart() -> None:
    known = LastGood(
        index_pico=usdt("100"),
        index_half_ticks=2_000,
        mark_half_ticks=2_004,
        average=Average(premium_atto=2 * 10**15, at_ms=NOW_MS - 1_000),
        at_ms=NOW_MS - 1_000,
    )
    board = Board(markets=[BTC], last_good={BTC.market_id: known})
    assert btc(board).advice is Advice.HALT
    tell(board)
    prices = btc(board)
    # the premium of 0.2% has decayed for one second of thirty
    assert prices.mark_half_ticks == 2_004
    tell(board, by_ms=60_000)
    assert btc(board, at_ms=NOW_MS + 60_000).mark_half_ticks == 2_001


@pytest.mark.parametrize(
    ("seconds", "mid", "trip"), [(59, "111", Trip.PRICE), (59, "109", None), (62, "111", None)]
)
def test_a_violent_minute_is_one_minute_across_a_restart(
    seconds: int, mid: str, trip: Trip | None
) -> None:
    at_ms = NOW_MS - 1_000 * seconds
    known = LastGood(
        index_pico=usdt("100"),
        index_half_ticks=2_000,
        mark_half_ticks=2_000,
        average=Average(premium_atto=0, at_ms=at_ms),
        at_ms=at_ms,
    )
    board = Board(markets=[BTC], last_good={BTC.market_id: known})
    tell(board, mid=mid)
    assert btc(board).trip is trip


@pytest.mark.parametrize(("at_ms", "phase"), [(NOW_MS, Phase.OPEN), (SATURDAY_MS, Phase.CLOSED)])
def test_an_fx_market_keeps_its_hours(at_ms: int, phase: Phase) -> None:
    board = board_of()
    for name in ("pyth", "switchboard"):
        board.take_oracle(market_id=EUR.market_id, source=name, quote=oracle("1.08"))
    prices = board.step(at_ms)[-1]
    assert prices.phase is phase


def test_in_closed_hours_index_and_mark_stand_still_and_nothing_matches() -> None:
    friday_ms = 1_699_649_990_000  # 2023-11-10 20:59:50 UTC, an hour before closing
    known = LastGood(
        index_pico=usdt("1.08"),
        index_half_ticks=216_000,
        mark_half_ticks=216_000,
        average=Average(premium_atto=0, at_ms=friday_ms),
        at_ms=friday_ms,
    )
    board = Board(markets=[EUR], last_good={EUR.market_id: known})
    board.take_oracle(market_id=EUR.market_id, source="pyth", quote=oracle("1.2"))
    prices = board.step(SATURDAY_MS)[-1]
    assert (prices.index_half_ticks, prices.mark_half_ticks) == (216_000, 216_000)
    assert prices.reference is None
    assert prices.alerts == ()


def test_outside_trades_are_counted_once() -> None:
    board = board_of()
    tell(board)
    for notional_micro in (5, 7):
        trade = Trade(notional_micro=notional_micro, received_at_ms=NOW_MS)
        board.take_trade(market_id=BTC.market_id, trade=trade)
    assert btc(board).volume_micro == 12
    assert btc(board).volume_micro == 0


AN_HOUR_MS = 3_600_000


def test_a_clock_that_steps_back_a_little_is_waited_for() -> None:
    board = board_of()
    tell(board)
    btc(board, at_ms=NOW_MS + 100)
    corrected = btc(board, at_ms=NOW_MS - 900)
    assert (corrected.at_ms, corrected.rung) == (NOW_MS + 100, Rung.VENUES)
    assert board.times_set_back == 0


def test_a_clock_that_is_set_back_loses_quotes_and_windows_but_no_trusted_price() -> None:
    board = board_of()
    tell(board)
    btc(board)
    lost = btc(board, at_ms=NOW_MS - AN_HOUR_MS)
    assert (lost.at_ms, lost.index_half_ticks, board.times_set_back) == (
        NOW_MS - AN_HOUR_MS,
        None,
        1,
    )
    tell(board, by_ms=250 - AN_HOUR_MS, names=("binance", "bybit", "okx"), mid="120")
    found = btc(board, at_ms=NOW_MS - AN_HOUR_MS + 250)
    # the hundred of before is not within this minute
    assert (found.index_half_ticks, found.trip) == (2_400, None)
    tell(board, by_ms=1_250 - AN_HOUR_MS, names=("binance", "bybit", "okx"), mid="135")
    tripped = btc(board, at_ms=NOW_MS - AN_HOUR_MS + 1_250)
    assert tripped.trip is not None


def test_after_a_clock_was_set_back_the_premium_goes_on_from_where_it_stood() -> None:
    board = board_of()
    for by_ms, mid in ((0, "100.2"), (-AN_HOUR_MS, "100.4"), (30_000 - AN_HOUR_MS, "100.4")):
        tell(board, by_ms=by_ms, names=("binance", "bybit", "okx"))
        board.take_perpetual(
            market_id=BTC.market_id, source="okx-perp", quote=later(around(mid), by_ms=by_ms)
        )
        prices = btc(board, at_ms=NOW_MS + by_ms)
    # from 0.2% towards 0.4%: 63% of the way in thirty seconds
    assert prices.mark_half_ticks == 2_007


def test_a_clock_that_jumps_ahead_halts_until_fresh_quotes_come() -> None:
    board = board_of()
    tell(board)
    btc(board)
    assert btc(board, at_ms=NOW_MS + AN_HOUR_MS).index_half_ticks is None
    tell(board, by_ms=AN_HOUR_MS + 250, mid="120", names=("binance", "bybit", "okx"))
    found = btc(board, at_ms=NOW_MS + AN_HOUR_MS + 250)
    assert (found.index_half_ticks, found.trip) == (2_400, None)
