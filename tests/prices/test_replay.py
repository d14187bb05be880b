import asyncio
import gzip
import io
from pathlib import Path

import pytest

from prices.adapters.binance_lines import (
    BinanceRecording,
    check_book,
    read_lines,
    take_depth,
    ticker_of,
)
from prices.adapters.csv_lines import CsvRecorder
from prices.adapters.depth import DepthBook, DepthChange
from prices.adapters.heard import BadRecordingError, deliver
from prices.adapters.lies import NO_LIES
from prices.adapters.replay import Pace, ReplayAdapter, open_recording
from prices.adapters.simulated import SimulatedAdapter
from prices.adapters.source import Status
from prices.board import Board
from prices.records import USDT_USD, Kind, Quote, Rung
from tests.prices.sources import BTC, EUR, NOW_MS, usdt
from tests.prices.worlds import USDT_USD_SOURCES

FIXTURE = Path(__file__).parent / "recordings" / "simulated.csv.gz"
RECORDED = Path(__file__).parents[3] / "shared" / "data" / "binance_2024-08-08"
needs_recorded = pytest.mark.skipif(
    not RECORDED.is_dir(), reason=f"the recorded Binance books are not at {RECORDED}"
)


def record_simulation() -> str:
    """Return six seconds of a seeded simulation of two markets as CSV."""
    stream = io.StringIO()
    recorder = CsvRecorder(stream)
    adapter = SimulatedAdapter(markets=[BTC, EUR, USDT_USD_SOURCES], seed=11, schedule=NO_LIES)
    for tick in range(24):
        adapter.tick(recorder, at_ms=NOW_MS + 250 * tick)
    return stream.getvalue()


def test_the_fixture_is_what_the_simulation_records() -> None:
    assert gzip.decompress(FIXTURE.read_bytes()).decode() == record_simulation()


def test_a_replayed_recording_gives_the_prices_of_the_simulation_it_was_made_of() -> None:
    direct = Board(markets=[BTC, EUR], usdt_usd=USDT_USD_SOURCES)
    adapter = SimulatedAdapter(markets=[BTC, EUR, USDT_USD_SOURCES], seed=11, schedule=NO_LIES)
    for tick in range(24):
        adapter.tick(direct, at_ms=NOW_MS + 250 * tick)
    replayed = Board(markets=[BTC, EUR], usdt_usd=USDT_USD_SOURCES)
    for heard in open_recording(FIXTURE).events():
        deliver(replayed, heard=heard, at_ms=heard.at_ns // 1_000_000)
    at_ms = NOW_MS + 5_900
    assert direct.step(at_ms) == replayed.step(at_ms)


def replay(path: Path, *, speed: float | None) -> tuple[ReplayAdapter, Board]:
    recording = open_recording(path)
    adapter = ReplayAdapter(recording=recording, pace=Pace(speed=speed))
    board = Board(markets=adapter.markets([BTC, EUR]), usdt_usd=USDT_USD_SOURCES)
    asyncio.run(adapter.run(board))
    return adapter, board


def test_a_replay_is_shifted_to_now_and_ends_saying_so() -> None:
    adapter, board = replay(FIXTURE, speed=None)
    states = adapter.states()
    assert {state.status for state in states} == {Status.ENDED}
    newest_ms = max(state.last_heard_ms or 0 for state in states)
    assert newest_ms > NOW_MS + 60_000
    prices = board.step(newest_ms)[1]
    assert (prices.market_id, prices.rung) == (BTC.market_id, Rung.VENUES)


def test_the_recorded_dollar_is_heard_until_it_ends_and_simulated_from_then_on() -> None:
    adapter = ReplayAdapter(recording=open_recording(FIXTURE), pace=Pace(speed=None))
    world = SimulatedAdapter(
        markets=[USDT_USD_SOURCES], seed=3, schedule=NO_LIES, is_heard_elsewhere=adapter.is_heard
    )
    board = Board(markets=[], usdt_usd=USDT_USD_SOURCES)
    assert adapter.is_heard(USDT_USD)
    assert not adapter.is_heard("SOL-USDT-PERP")
    world.tick(board, at_ms=NOW_MS)
    assert board.step(NOW_MS)[0].index_pico is None
    asyncio.run(adapter.run(Board(markets=[BTC, EUR], usdt_usd=USDT_USD_SOURCES)))
    assert not adapter.is_heard(USDT_USD)
    for tick in range(8):
        world.tick(board, at_ms=NOW_MS + 250 * tick)
    assert board.step(NOW_MS + 2_000)[0].rung is Rung.VENUES
    assert all(state.source.endswith("-recorded") for state in adapter.states())


def test_a_replay_keeps_its_pace() -> None:
    clock = [0]
    pace = Pace(speed=2)
    assert pace.due_ms(at_ns=5_000_000_000, first_ns=1_000_000_000, began_ms=100) == 2_100
    assert Pace(speed=None).due_ms(at_ns=9, first_ns=1, began_ms=clock[0]) is None


def test_who_begins_late_hears_at_once_what_was_due() -> None:
    late_ms = 120_000
    adapter = ReplayAdapter(
        recording=open_recording(FIXTURE),
        pace=Pace(speed=1, begins_ms=NOW_MS - late_ms),
        clock_ms=lambda: NOW_MS,
    )
    board = Board(markets=adapter.markets([BTC, EUR]), usdt_usd=USDT_USD_SOURCES)
    # The recording lasts a minute, which whoever kept its pace would wait for.
    asyncio.run(asyncio.wait_for(adapter.run(board), timeout=30))
    assert {state.status for state in adapter.states()} == {Status.ENDED}


def write_book(folder: Path, *, lines: list[str], name: str = "a.gz") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(gzip.compress("\n".join(lines).encode()))
    return folder


SNAPSHOT = '3000000 {"lastUpdateId":10,"bids":[["100.0","1"],["99.9","2"]],"asks":[["100.2","1"]]}'
TICKER = (
    '1000000 {"stream":"btcusdt@bookTicker","data":'
    '{"u":9,"s":"BTCUSDT","b":"100.0","B":"1","a":"100.2","A":"1"}}'
)
TRADE = (
    '9000000 {"stream":"btcusdt@trade","data":'
    '{"e":"trade","s":"BTCUSDT","p":"100.1","q":"0.5","T":1}}'
)


def depth(at_ns: int, first: int, last: int, bids: str, asks: str = "[]") -> str:
    return (
        f'{at_ns} {{"stream":"btcusdt@depth@100ms","data":{{"e":"depthUpdate","s":"BTCUSDT",'
        f'"U":{first},"u":{last},"b":{bids},"a":{asks}}}}}'
    )


def test_without_a_ticker_quotes_come_from_the_rebuilt_depth(tmp_path: Path) -> None:
    write_book(
        tmp_path / "spot",
        lines=[
            depth(1_000_000, 8, 9, '[["50.0","1"]]'),
            depth(2_000_000, 10, 12, '[["100.1","3"]]'),
            SNAPSHOT,
            depth(4_000_000, 13, 14, '[["100.1","0.000"]]', '[["100.15","1"]]'),
            TRADE,
        ],
    )
    heard = list(BinanceRecording(tmp_path).events())
    quotes = [(line.first, line.second) for line in heard if line.kind is Kind.SPOT]
    assert quotes == [
        (usdt("100.1"), usdt("100.2")),
        (usdt("100.0"), usdt("100.15")),
    ]
    assert heard[-1].first == 50_050_000


def test_where_there_is_a_ticker_it_is_the_quote(tmp_path: Path) -> None:
    write_book(tmp_path / "spot", lines=[TICKER, SNAPSHOT])
    recording = BinanceRecording(tmp_path)
    heard = list(recording.events())
    assert [(line.first, line.second) for line in heard] == [(usdt("100.0"), usdt("100.2"))]
    assert recording.lines() == 2


def change(first: int, last: int, *, previous: int | None = None, bid: str = "1") -> DepthChange:
    return DepthChange(
        first=first, last=last, previous=previous, bids=((usdt(bid), True),), asks=()
    )


def test_a_hole_in_the_numbering_empties_the_book_until_the_next_snapshot() -> None:
    book = DepthBook()
    book.take_snapshot(last_id=10, bids=[(usdt("1"), True)], asks=[(usdt("2"), True)])
    assert book.take_change(change(11, 12, bid="1.5"))
    assert book.best() == (usdt("1.5"), usdt("2"))
    assert not book.take_change(change(14, 15))
    assert (book.best(), book.gaps) == (None, 1)
    book.take_snapshot(last_id=14, bids=[(usdt("1"), True)], asks=[(usdt("2"), True)])
    assert book.best() == (usdt("1"), usdt("2"))


def test_a_change_that_names_its_predecessor_must_follow_it() -> None:
    book = DepthBook()
    book.take_snapshot(last_id=10, bids=[(usdt("1"), True)], asks=[(usdt("2"), True)])
    assert book.take_change(change(5, 20, previous=4))
    assert not book.take_change(change(1, 20, previous=0))
    assert not book.take_change(change(21, 22, previous=19))
    assert book.gaps == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"no gzip at all", "is damaged after line 0"),
        (gzip.compress(b"12 {}\nx {}", mtime=0), "is damaged after line 1"),
        (gzip.compress(b"12 {}\n13 {broken", mtime=0), "is damaged after line 1"),
        (gzip.compress(b"12 {}\n11 {}", mtime=0), "it goes back in time"),
        (gzip.compress(TICKER.encode() * 50)[:-9], "is damaged"),
        (gzip.compress(b"12 {}", mtime=0), "is of no symbol"),
        (gzip.compress(TICKER.replace("BTCUSDT", "BTCEUR").encode()), "is of BTCEUR"),
    ],
)
def test_a_damaged_book_is_refused_with_a_sentence_and_nothing_is_loaded(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    write_book(tmp_path / "good", lines=[TICKER])
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "x.gz").write_bytes(content)
    with pytest.raises(BadRecordingError, match=sentence):
        open_recording(tmp_path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "its first line must be received_at_ms,kind"),
        ("a,b\n", "its first line must be"),
        ("received_at_ms,kind,market_id,source,first,second\n", "is empty"),
        ("received_at_ms,kind,market_id,source,first,second\n1,SPOT,BTC\n", "3 fields, not 6"),
        ("received_at_ms,kind,market_id,source,first,second\n1,ODD,B,b,1,2\n", "line 2"),
        (
            "received_at_ms,kind,market_id,source,first,second\n2,SPOT,B,b,1,2\n1,SPOT,B,b,1,2\n",
            "line 3: it goes back in time",
        ),
    ],
)
def test_a_damaged_csv_is_refused_with_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "quotes.csv"
    file.write_text(text)
    with pytest.raises(BadRecordingError, match=sentence):
        open_recording(file)


def test_a_missing_recording_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRecordingError, match="There is no recording at"):
        open_recording(tmp_path / "nothing.csv")
    with pytest.raises(BadRecordingError, match="holds no folder"):
        open_recording(tmp_path)


def test_a_csv_price_of_nonsense_is_kept_as_nonsense_for_screening(tmp_path: Path) -> None:
    file = tmp_path / "quotes.csv"
    file.write_text(
        "received_at_ms,kind,market_id,source,first,second\n1,SPOT,BTC-USDT-PERP,okx,NaN,-1\n"
    )
    assert [(line.first, line.second) for line in open_recording(file).events()] == [(0, 0)]


@needs_recorded
def test_the_recorded_books_bring_their_own_source_list_and_survive_the_end_of_one() -> None:
    recording = open_recording(RECORDED)
    adapter = ReplayAdapter(recording=recording, pace=Pace(speed=None))
    (market,) = adapter.markets([BTC, EUR])
    assert [source.name for source in market.venues] == ["cm", "spot", "usdm"]
    assert (market.least, market.oracles) == (2, ())
    board = Board(markets=[market], usdt_usd=USDT_USD_SOURCES)
    ended_ms = recording.ends_ns()["usdm"] // 1_000_000
    rungs, at_ms = {}, 0
    for heard in recording.events():
        deliver(board, heard=heard, at_ms=heard.at_ns // 1_000_000)
        if heard.at_ns // 1_000_000 - at_ms >= 10_000:
            at_ms = heard.at_ns // 1_000_000
            dollar = Quote(bid_pico=usdt("1"), ask_pico=usdt("1"), received_at_ms=at_ms)
            for name in ("coinbase", "kraken"):
                board.take_quote(market_id=USDT_USD, source=name, quote=dollar)
            prices = board.step(at_ms)[1]
            rungs[at_ms] = (prices.rung, sum(venue.drop is None for venue in prices.venues))
    settled = list(rungs.items())[1:]
    assert {seen for at, seen in settled if at < ended_ms} == {(Rung.VENUES, 3)}
    assert {seen for at, seen in settled if at > ended_ms + 6_000} == {(Rung.VENUES, 2)}


@needs_recorded
def test_the_rebuilt_spot_book_equals_the_recorded_best_quotes_where_update_ids_coincide() -> None:
    book = check_book(RECORDED / "spot")
    depth_book, tickers, equal = DepthBook(), {}, 0
    for line in read_lines(book.files):
        best = ticker_of(line.message)
        if best is not None and line.message.data is not None:
            tickers[line.message.data.u] = best
        elif take_depth(depth_book, message=line.message) and depth_book.last_id in tickers:
            assert depth_book.best() == tickers[depth_book.last_id]
            equal += 1
    assert depth_book.gaps == 0
    assert equal > 500
