"""Recordings as they come from a broken disk or a bad tool: a sentence, or prices, nothing else."""

import asyncio
import gzip
import os
import random
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prices.adapters.heard import BadRecordingError, deliver
from prices.adapters.replay import Pace, ReplayAdapter, open_recording
from prices.adapters.source import Status
from prices.board import Board
from prices.records import USDT_USD
from tests.prices.sources import BTC, EUR, NOW_MS
from tests.prices.test_replay import FIXTURE, SNAPSHOT, TICKER, TRADE, depth, write_book
from tests.prices.worlds import USDT_USD_SOURCES

CSV = gzip.decompress(FIXTURE.read_bytes()).splitlines(keepends=True)[:60]
BOOK = [
    TICKER,
    depth(2_000_000, 10, 12, '[["100.1","3"]]'),
    SNAPSHOT,
    depth(4_000_000, 13, 14, '[["100.1","0"]]', '[["100.15","1"]]'),
    TRADE,
]
HUGE = b"9" * 400
LINES = (
    b"",
    b"\n",
    b"\x00\xff\xfe garbage \x80\n",
    b"NaN,SPOT,BTC-USDT-PERP,okx,1,2\n",
    b"1e3,SPOT,BTC-USDT-PERP,okx,1,2\n",
    b"-5,SPOT,BTC-USDT-PERP,okx,1,2\n",
    HUGE + b",SPOT,BTC-USDT-PERP,okx,1,2\n",
    b"9" * 5_000 + b",SPOT,BTC-USDT-PERP,okx,1,2\n",
    b"7000000000000,SPOT,BTC-USDT-PERP,okx,Infinity,-0\n",
    b"7000000000000,SPOT,BTC-USDT-PERP,okx," + HUGE + b",1e999\n",
    b"7000000000000,TRADE,BTC-USDT-PERP,x," + HUGE + b"," + HUGE + b"\n",
    b"7000000000000,TRADE,BTC-USDT-PERP,x,1e9,1e9\n",
    b"7000000000000,ORACLE,EUR-USDT-PERP,pyth,,\n",
    b'7000000000000,SPOT,"BTC\n',
    b"7000000000000," + b"x" * 200_000 + b"\n",
    b"7000000000 []\n",
    b"7000000000 null\n",
    b'7000000000 {"data":null}\n',
    b'7000000000 {"stream":7}\n',
    b'7000000000 {"data":{"u":"1"}}\n',
    b'7000000000 {"data":{"b":[["1"]]}}\n',
    b'7000000000 {"data":{"s":"BTCUSDT","u":' + HUGE + b',"b":"x","a":"' + HUGE + b'"}}\n',
    b'7000000000 {"lastUpdateId":-1,"bids":[["",""]],"asks":[["1e999","NaN"]]}\n',
    b'7000000000 {"stream":"b@trade","data":{"s":"BTCUSDT","p":"Infinity","q":"-1"}}\n',
    b'7000000000 {"odd":' + b"[" * 100_000 + b"\n",
    HUGE + b" {}\n",
)


def spoil(lines: list[bytes], *, chance: random.Random) -> bytes:
    """Return a recording's bytes after one to three accidents."""
    for _ in range(chance.randint(1, 3)):
        place = chance.randrange(len(lines) + 1)
        match chance.randrange(4):
            case 0:
                lines = [*lines[:place], chance.choice(LINES), *lines[place:]]
            case 1:
                lines = [*lines[:place], *lines[place + 1 :]]
            case 2 if place < len(lines):
                lines[place] = lines[place][: chance.randrange(len(lines[place]) + 1)]
            case _ if place < len(lines) and lines[place]:
                changed = bytearray(lines[place])
                changed[chance.randrange(len(changed))] = chance.randrange(256)
                lines[place] = bytes(changed)
    return b"".join(lines)


def pack(content: bytes, *, chance: random.Random) -> bytes:
    """Return the bytes compressed, or cut off, with a wrong byte, or not compressed at all."""
    packed = bytearray(gzip.compress(content, mtime=0))
    match chance.randrange(6):
        case 0:
            return bytes(packed[: chance.randrange(len(packed))])
        case 1:
            packed[chance.randrange(len(packed))] ^= 1 << chance.randrange(8)
        case 2:
            return content
    return bytes(packed)


def hear_or_refuse(path: Path) -> BadRecordingError | None:
    """Return why a recording is refused, or hear it to its end on a board."""
    try:
        recording = open_recording(path)
        replay = ReplayAdapter(recording=recording, pace=Pace(speed=None))
        markets = replay.markets([BTC, EUR])
    except BadRecordingError as error:
        return error
    board = Board(markets=[BTC, EUR], usdt_usd=USDT_USD_SOURCES)
    assert markets or USDT_USD in recording.market_ids()
    at_ms = NOW_MS
    for heard in open_recording(path).events():
        at_ms = heard.at_ns // 1_000_000
        deliver(board, heard=heard, at_ms=at_ms)
    for one in board.step(at_ms):
        assert one.index_pico is None or one.index_pico > 0
        # what the engine and the rows are told fits into their numbers
        assert (one.index_half_ticks or 1) < 2**53
        assert 0 <= one.volume_micro < 2**63
    return None


def assert_a_sentence(error: BadRecordingError) -> None:
    words = str(error)
    assert words.startswith(("The recording ", "There is no recording"))
    assert words.endswith(".")
    assert len(words) < 600


chances = st.randoms(use_true_random=False)
many = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@many
@given(chances)
def test_a_spoiled_csv_is_refused_with_a_sentence_or_heard(
    tmp_path: Path, chance: random.Random
) -> None:
    content = spoil(list(CSV), chance=chance)
    is_packed = chance.random() < 0.5
    file = tmp_path / ("quotes.csv.gz" if is_packed else "quotes.csv")
    file.write_bytes(pack(content, chance=chance) if is_packed else content)
    if (error := hear_or_refuse(file)) is not None:
        assert_a_sentence(error)


@many
@given(chances)
def test_a_spoiled_book_is_refused_with_a_sentence_or_heard(
    tmp_path: Path, chance: random.Random
) -> None:
    folder = tmp_path / "recorded" / "spot"
    folder.mkdir(parents=True, exist_ok=True)
    lines = [line.encode() + b"\n" for line in BOOK]
    (folder / "a.gz").write_bytes(pack(spoil(lines, chance=chance), chance=chance))
    if (error := hear_or_refuse(tmp_path / "recorded")) is not None:
        assert_a_sentence(error)


@pytest.mark.parametrize("line", LINES, ids=range(len(LINES)))
def test_a_line_of_garbage_anywhere_is_refused_with_a_sentence_or_heard(
    tmp_path: Path, line: bytes
) -> None:
    books = [text.encode() + b"\n" for text in BOOK]
    for place in (0, 1, 3, len(books)):
        (tmp_path / "q.csv").write_bytes(b"".join([*CSV[:place], line, *CSV[place:]]))
        content = b"".join([*books[:place], line, *books[place:]])
        folder = tmp_path / f"recorded{place}" / "spot"
        folder.mkdir(parents=True)
        (folder / "a.gz").write_bytes(gzip.compress(content, mtime=0))
        for path in (tmp_path / "q.csv", folder.parent):
            if (error := hear_or_refuse(path)) is not None:
                assert_a_sentence(error)


@pytest.mark.parametrize("name", ["a" * 300, "a\0b", "nowhere/at/all", "loop", "pipe", "device"])
def test_a_path_that_is_no_file_is_refused_with_a_sentence(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "loop":
        path.symlink_to(path)
    elif name == "pipe":
        os.mkfifo(path)
    elif name == "device":
        path = Path("/dev/null")
    with pytest.raises(BadRecordingError) as refusal:
        open_recording(path)
    assert_a_sentence(refusal.value)


@pytest.mark.parametrize("kind", ["file", "folder", "book"])
def test_a_recording_that_may_not_be_read_is_refused_with_a_sentence(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_book(tmp_path / "spot", lines=[TICKER])
    (tmp_path / "q.csv").write_bytes(b"".join(CSV))

    def refuse(*_: object, **__: object) -> object:
        raise PermissionError(13, "Permission denied")

    # Root may read everything, and tests may run as root.
    patched = {"file": "pathlib.Path.open", "folder": "pathlib.Path.iterdir", "book": "gzip.open"}
    monkeypatch.setattr(patched[kind], refuse)
    with pytest.raises(BadRecordingError, match="Permission denied") as refusal:
        open_recording(tmp_path / "q.csv" if kind == "file" else tmp_path)
    assert_a_sentence(refusal.value)


def test_a_folder_in_the_place_of_a_books_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "spot" / "a.gz").mkdir(parents=True)
    with pytest.raises(BadRecordingError, match="Is a directory"):
        open_recording(tmp_path)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (b"5,SPOT,OLD-USDT-PERP,okx,1,2\n", "speaks of 'OLD-USDT-PERP', which is no market here"),
        (b"5,SPOT,BTC-USDT-PERP,Okx,1,2\n", "'Okx', which is no spot source of BTC-USDT-PERP"),
        (b"5,ORACLE,BTC-USDT-PERP,okx,1,2\n", "'okx', which is no oracle source of BTC-USDT-PERP"),
    ],
)
def test_a_recording_of_strangers_is_refused_before_anything_of_it_is_heard(
    tmp_path: Path, line: bytes, sentence: str
) -> None:
    file = tmp_path / "q.csv"
    file.write_bytes(CSV[0] + line)
    error = hear_or_refuse(file)
    assert error is not None
    assert sentence in str(error)


def test_a_recording_that_breaks_while_it_is_heard_ends_with_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "q.csv"
    file.write_bytes(b"".join(CSV))
    replay = ReplayAdapter(recording=open_recording(file), pace=Pace(speed=None))
    file.write_bytes(b"".join(CSV[:30]) + b"garbage\n")
    board = Board(markets=[BTC, EUR], usdt_usd=USDT_USD_SOURCES)
    asyncio.run(replay.run(board))
    assert {state.status for state in replay.states()} == {Status.ENDED}
    assert {state.detail for state in replay.states()} == {
        f"The recording {file} is damaged at line 31: it has 1 fields, not 6."
    }


def test_a_price_beyond_all_measure_is_no_index(tmp_path: Path) -> None:
    """A row and an event hold so many half ticks and no more; all sources may be wrong at once."""
    names = [source.name for source in BTC.venues if source.currency == "USDT"]
    rows = [f"{NOW_MS},SPOT,BTC-USDT-PERP,{name},1e9,1e9\n".encode() for name in names]
    file = tmp_path / "q.csv"
    file.write_bytes(CSV[0] + b"".join(rows))
    fine = msgspec.structs.replace(BTC, tick_pico=2)
    board = Board(markets=[fine])
    for heard in open_recording(file).events():
        deliver(board, heard=heard, at_ms=NOW_MS)
    (prices,) = board.step(NOW_MS)
    assert (prices.index_half_ticks, prices.advice) == (None, "HALT")
