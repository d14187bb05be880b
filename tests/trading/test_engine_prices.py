"""Board steps as commands of the engine: references, breakers, and what is wished of states."""

from datetime import UTC, datetime

import msgspec
import pytest

from engine.codec import decode_command, encode
from engine.commands import ListMarket, MarketSpec, ReferenceMove, SetMarketState
from engine.decision import effective_state
from engine.exchange import apply
from engine.state import State
from engine.vocabulary import MarketState
from prices.board import Board, LastGood, MarketPrices
from prices.mark import Average
from prices.records import USDT_USD, MarketSources, Quote
from tests.prices.sources import BTC, EUR, NAMES, NOW_MS, around, oracle, usdt
from tests.prices.worlds import USDT_USD_SOURCES
from trading.services.engine_prices import (
    DISPERSION_PPB,
    FRESHER_MS,
    KNOWN_OLD_MS,
    OPENING,
    OUT_OF_HOURS,
    REDUCING,
    TOLD_AGAIN_MS,
    TellingMoves,
    move_references,
    state_wished,
    trip_breakers,
)
from trading.services.market_states import OPEN, Wish, strictest
from trading.services.price_wishes import SETTLED_MS, PriceWishes

FRIDAY_CLOSE_MS = int(datetime(2023, 11, 17, 22, tzinfo=UTC).timestamp() * 1_000)
SUNDAY_OPEN_MS = int(datetime(2023, 11, 19, 22, tzinfo=UTC).timestamp() * 1_000)


def board_of(market: MarketSources = BTC, *, last_good: LastGood | None = None) -> Board:
    return Board(
        markets=[market],
        usdt_usd=USDT_USD_SOURCES,
        last_good={market.market_id: last_good} if last_good else None,
    )


def hear(
    board: Board, bid: str, ask: str, *, at_ms: int = NOW_MS, names: tuple[str, ...] = NAMES
) -> None:
    moment = {"received_at_ms": at_ms}
    for name in ("coinbase", "kraken"):
        dollar = msgspec.structs.replace(around("1", half="0.0001"), **moment)
        board.take_quote(market_id=USDT_USD, source=name, quote=dollar)
    quote = Quote(bid_pico=usdt(bid), ask_pico=usdt(ask), received_at_ms=at_ms)
    for name in names:
        board.take_quote(market_id=BTC.market_id, source=name, quote=quote)


def step(board: Board, *, at_ms: int = NOW_MS) -> MarketPrices:
    return board.step(at_ms)[-1]


def move_of(prices: MarketPrices) -> ReferenceMove:
    (move,) = move_references([prices], at_ms=NOW_MS).moves
    return move


@pytest.mark.parametrize(
    ("bid", "ask", "bid_ticks", "ask_ticks", "index_half_ticks"),
    [
        ("100.0", "100.2", 1_000, 1_002, 2_002),
        ("100.09", "100.11", 1_000, 1_002, 2_002),
        ("100.01", "100.02", 1_000, 1_001, 2_000),
        ("100.0", "100.1", 1_000, 1_001, 2_001),
        ("100.07", "100.08", 1_000, 1_001, 2_002),
    ],
)
def test_a_bid_rounds_down_an_ask_up_and_the_index_to_the_nearest_half_tick(
    bid: str, ask: str, bid_ticks: int, ask_ticks: int, index_half_ticks: int
) -> None:
    board = board_of()
    hear(board, bid, ask)
    move = move_of(step(board))
    assert (move.bid_ticks, move.ask_ticks) == (bid_ticks, ask_ticks)
    assert move.index_half_ticks == move.mark_half_ticks == index_half_ticks


def test_the_converting_index_is_no_market_of_the_engine() -> None:
    board = board_of()
    hear(board, "100", "100.2")
    moves = move_references(board.step(NOW_MS), at_ms=NOW_MS).moves
    assert [move.market_id for move in moves] == [BTC.market_id]


def test_a_reference_is_as_old_as_the_oldest_quote_that_sets_it() -> None:
    board = board_of()
    hear(board, "100", "100.2", at_ms=NOW_MS - 900, names=("binance",))
    hear(board, "99.9", "100.2", names=("bybit", "okx"))
    assert move_of(step(board)).quoted_at_ms == NOW_MS - 900


def test_a_market_without_an_index_carries_neither_price_nor_wish() -> None:
    board = board_of()
    prices = step(board)
    move = move_of(prices)
    assert (move.bid_ticks, move.ask_ticks) == (None, None)
    assert (move.index_half_ticks, move.mark_half_ticks) == (None, None)
    assert state_wished(prices) is None


def test_after_a_restart_the_last_good_price_bounds_a_lone_source_but_is_no_price() -> None:
    known = LastGood(
        index_pico=usdt("100"),
        index_half_ticks=2_000,
        mark_half_ticks=2_000,
        average=Average(premium_atto=0, at_ms=NOW_MS - 3_600_000),
        at_ms=NOW_MS - 3_600_000,
    )
    board = board_of(last_good=known)
    assert move_of(step(board)).index_half_ticks is None
    hear(board, "101", "101.2", names=("binance",))
    near = step(board)
    assert (move_of(near).index_half_ticks, state_wished(near)) == (2_022, REDUCING)
    hear(board, "103", "103.2", names=("binance",))
    assert move_of(step(board)).index_half_ticks is None


def test_the_hours_of_fx_become_closed_hours_an_opening_minute_and_an_open_market() -> None:
    board = board_of(EUR)
    wishes = []
    for at_ms in (
        FRIDAY_CLOSE_MS - 1,
        FRIDAY_CLOSE_MS,
        SUNDAY_OPEN_MS - 1,
        SUNDAY_OPEN_MS,
        SUNDAY_OPEN_MS + 59_999,
        SUNDAY_OPEN_MS + 60_000,
    ):
        hear(board, "100", "100.2", at_ms=at_ms, names=())
        for name in ("pyth", "switchboard"):
            price = msgspec.structs.replace(
                oracle("1.08", confidence="0.001"), received_at_ms=at_ms
            )
            board.take_oracle(market_id=EUR.market_id, source=name, quote=price)
        wishes.append(state_wished(step(board, at_ms=at_ms)))
    assert wishes == [OPEN, OUT_OF_HOURS, OUT_OF_HOURS, OPENING, OPENING, OPEN]


def test_a_breaker_that_trips_holds_for_five_minutes_from_its_step() -> None:
    board = board_of()
    hear(board, "100", "100.2")
    assert trip_breakers(board.step(NOW_MS)) == []
    hear(board, "111", "111.2", at_ms=NOW_MS + 1_000)
    (trip,) = trip_breakers(board.step(NOW_MS + 1_000))
    assert (trip.market_id, trip.until_ms) == (BTC.market_id, NOW_MS + 301_000)
    assert trip_breakers(board.step(NOW_MS + 1_250)) == []


def test_the_engine_takes_each_command_of_the_ladder_and_of_the_hours() -> None:
    state = State()
    spec = MarketSpec(market_id=BTC.market_id, tick_size="0.1", lot_size="1", tick_lot_micro=100)
    apply(state, ListMarket(at_ms=NOW_MS, spec=spec))
    market = state.markets[BTC.market_id]
    assert effective_state(market) is MarketState.HALTED
    board = board_of()
    hear(board, "100", "100.2")
    command = move_references(board.step(NOW_MS), at_ms=NOW_MS)
    assert decode_command(encode(command)) == command
    apply(state, command)
    assert effective_state(market) is MarketState.ACTIVE
    for wish in (REDUCING, OUT_OF_HOURS, OPENING, OPEN):
        change = SetMarketState(
            at_ms=NOW_MS,
            market_id=BTC.market_id,
            state=wish.state,
            hours_closed=wish.hours_closed,
        )
        apply(state, change)
        assert effective_state(market) is wish.state
    hear(board, "112", "112.2", at_ms=NOW_MS + 1_000)
    prices = board.step(NOW_MS + 1_000)
    apply(state, move_references(prices, at_ms=NOW_MS + 1_000))
    apply(state, trip_breakers(prices)[0])
    assert effective_state(market) is MarketState.REDUCE_ONLY


def test_only_what_changed_is_told_again_and_everything_after_a_while() -> None:
    telling = TellingMoves()
    move = ReferenceMove(
        market_id="A",
        bid_ticks=1,
        ask_ticks=3,
        quoted_at_ms=NOW_MS,
        index_half_ticks=4,
        mark_half_ticks=4,
    )
    assert telling.choose([move], at_ms=NOW_MS) == [move]
    # what could not be told stays news
    assert telling.choose([move], at_ms=NOW_MS) == [move]
    telling.told([move], at_ms=NOW_MS)
    moved = msgspec.structs.replace(move, mark_half_ticks=5)
    apart = msgspec.structs.replace(move, dispersion_ppb=DISPERSION_PPB)
    silent = msgspec.structs.replace(move, bid_ticks=None, ask_ticks=None)
    quiet = msgspec.structs.replace(move, quoted_at_ms=NOW_MS + 1, dispersion_ppb=1)
    choices = [telling.choose([one], at_ms=NOW_MS + 1) for one in (moved, apart, silent, quiet)]
    assert choices == [[moved], [apart], [silent], []]
    telling.told([silent], at_ms=NOW_MS + 2)
    later = msgspec.structs.replace(silent, quoted_at_ms=NOW_MS + 9_000)
    assert telling.choose([later], at_ms=NOW_MS + 9_000) == []
    assert telling.choose([later], at_ms=NOW_MS + 2 + TOLD_AGAIN_MS) == [later]


def test_prices_that_stand_still_are_told_again_before_the_engine_finds_them_old() -> None:
    telling = TellingMoves()
    told = ReferenceMove(
        market_id="A",
        bid_ticks=1,
        ask_ticks=3,
        quoted_at_ms=NOW_MS,
        index_half_ticks=4,
        mark_half_ticks=4,
    )
    telling.told([told], at_ms=NOW_MS)
    known_ms, oldest_ms, times = NOW_MS, 0, 0
    for at_ms in range(NOW_MS + 250, NOW_MS + 9_001, 250):
        move = msgspec.structs.replace(told, quoted_at_ms=at_ms)
        if telling.choose([move], at_ms=at_ms):
            telling.told([move], at_ms=at_ms)
            known_ms, times = at_ms, times + 1
        oldest_ms = max(oldest_ms, at_ms - known_ms)
    # orders trade on what is at most 1.5 s old
    assert oldest_ms <= 500
    assert times == 18
    # a quote that nobody renewed is no news, however old
    late = telling.choose([move], at_ms=at_ms + KNOWN_OLD_MS)
    barely = msgspec.structs.replace(move, quoted_at_ms=move.quoted_at_ms + FRESHER_MS - 1)
    assert late == telling.choose([barely], at_ms=at_ms + KNOWN_OLD_MS) == []


def test_a_market_closes_at_once_and_opens_when_its_sources_have_settled() -> None:
    board, wishes = board_of(), PriceWishes({})
    hear(board, "100", "100.2")
    assert wishes.find([step(board)]) == {}
    hear(board, "100", "100.2", at_ms=NOW_MS + 6_000, names=("binance",))
    reducing = {BTC.market_id: REDUCING}
    assert wishes.find([step(board, at_ms=NOW_MS + 6_000)]) == reducing
    # until it is written it is found again
    assert wishes.find([step(board, at_ms=NOW_MS + 6_250)]) == reducing
    wishes.made(reducing)
    assert wishes.find([step(board, at_ms=NOW_MS + 6_500)]) == {}
    for late_ms in (0, SETTLED_MS - 1):
        hear(board, "100", "100.2", at_ms=NOW_MS + 7_000 + late_ms)
        assert wishes.find([step(board, at_ms=NOW_MS + 7_000 + late_ms)]) == {}
    at_ms = NOW_MS + 7_000 + SETTLED_MS
    assert wishes.find([step(board, at_ms=at_ms)]) == {BTC.market_id: OPEN}


def test_a_halt_for_want_of_an_index_keeps_the_wish_of_before() -> None:
    board, wishes = board_of(), PriceWishes({BTC.market_id: REDUCING})
    assert wishes.find([step(board)]) == {}


def test_a_clock_that_was_set_back_begins_the_wait_anew() -> None:
    board, wishes = board_of(), PriceWishes({BTC.market_id: REDUCING})
    for at_ms in (NOW_MS + 3_600_000, NOW_MS):
        hear(board, "100", "100.2", at_ms=at_ms)
        assert wishes.find([step(board, at_ms=at_ms)]) == {}
    hear(board, "100", "100.2", at_ms=NOW_MS + SETTLED_MS)
    assert wishes.find([step(board, at_ms=NOW_MS + SETTLED_MS)]) == {BTC.market_id: OPEN}


@pytest.mark.parametrize(
    ("wishes", "holds"),
    [
        ([], OPEN),
        ([REDUCING], REDUCING),
        ([OPENING, REDUCING], OPENING),
        ([Wish(MarketState.CANCEL_ONLY), OUT_OF_HOURS], OUT_OF_HOURS),
        ([OUT_OF_HOURS, Wish(MarketState.HALTED)], Wish(MarketState.HALTED)),
    ],
)
def test_of_several_wishes_the_strictest_holds(wishes: list[Wish], holds: Wish) -> None:
    assert strictest(wishes) == strictest(wishes[::-1]) == holds
