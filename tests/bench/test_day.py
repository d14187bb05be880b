"""A trading day's own reckoning: the tape, the recordings it makes, what a pinger learns."""

import csv
import gzip
import io
from decimal import Decimal
from pathlib import Path
from random import Random

from bench.day import making
from bench.day.bots.pinger import Ping, learned
from bench.day.figures import percentile
from bench.day.tape import read_tape
from prices.adapters.csv_lines import CsvRecording

SHORT = making.Course(minutes=1, gain=-0.16, swing=0.0001, trades_a_second=8.0, is_shock=True)
TRADES = (
    b'1723161255088176367 {"stream":"btcusdt@trade","data":{"e":"trade","s":"BTCUSDT",'
    b'"p":"61800.30","q":"0.006","m":false}}\n'
    b'1723161255188176367 {"stream":"btcusdt@trade","data":{"e":"trade","s":"BTCUSDT",'
    b'"p":"61800.20","q":"0.5","m":true}}\n'
)


def test_a_buyer_who_was_there_first_makes_the_taker_a_seller(tmp_path: Path) -> None:
    (tmp_path / "spot").mkdir()
    (tmp_path / "spot" / "a.gz").write_bytes(gzip.compress(TRADES))
    tape = read_tape(tmp_path, seed=1)
    assert [(one.is_buy, one.size) for one in tape.taken] == [
        (True, Decimal("0.006")),
        (False, Decimal("0.5")),
    ]
    assert tape.hours_ended() == []


def test_a_recording_of_our_own_is_one_that_the_price_service_hears(tmp_path: Path) -> None:
    path = tmp_path / "short.csv.gz"
    making.make(path, SHORT, seed=7)
    heard = CsvRecording(path)
    assert heard.market_ids() == {making.MARKET, making.DOLLAR}
    tape = read_tape(path, seed=7)
    assert {one.market_id for one in tape.taken} == {making.MARKET}
    assert all(one.size > 0 for one in tape.taken)


def test_the_same_seed_makes_the_same_bytes(tmp_path: Path) -> None:
    first, second, other = (tmp_path / name for name in ("a.gz", "b.gz", "c.gz"))
    making.make(first, SHORT, seed=7)
    making.make(second, SHORT, seed=7)
    making.make(other, SHORT, seed=8)
    assert first.read_bytes() == second.read_bytes() != other.read_bytes()


def test_a_crash_falls_and_its_venues_fall_silent_and_cross(tmp_path: Path) -> None:
    path = tmp_path / "crash.csv.gz"
    making.make(path, SHORT, seed=7)
    text = gzip.decompress(path.read_bytes()).decode()
    rows = [row for row in csv.reader(io.StringIO(text)) if row[1] == "SPOT"]
    quotes = [row for row in rows if row[2] == making.MARKET]
    assert float(quotes[-1][4]) < 0.9 * float(quotes[0][4])
    by_moment: dict[str, list[list[str]]] = {}
    for row in quotes:
        by_moment.setdefault(row[0], []).append(row)
    assert any(len(found) < 5 for found in by_moment.values())
    assert any(
        max(float(row[4]) for row in found) > min(float(row[5]) for row in found)
        for found in by_moment.values()
    )


def test_who_sees_everything_learns_more_than_chance_and_who_guesses_does_not() -> None:
    random = Random(3)  # noqa: S311 - the same on every run
    sizes = [Decimal(random.randint(1, 1_000)) for _ in range(400)]
    seeing = learned([Ping(size > 500, size) for size in sizes], seed=1)
    assert seeing.about_size > 0.8 > seeing.by_chance
    guessing = learned([Ping(random.choice((True, False)), size) for size in sizes], seed=1)
    assert abs(guessing.about_size) < 0.2


def test_a_percentile_is_one_of_the_numbers() -> None:
    assert percentile([], 0.5) == 0
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([3.0, 1.0, 2.0], 0.99) == 3.0
