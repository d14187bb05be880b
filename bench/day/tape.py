"""The tape: every recorded trade, as the order of the taker who made it.

Reads the two formats that the price service replays. What is not here: when it is sent.
"""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import NamedTuple

import msgspec

from prices.adapters.binance_lines import BinanceRecording, Book, read_raw_lines
from prices.adapters.csv_lines import TRADE, read_raw_rows
from prices.records import Kind

_CONTRACT_USD = 100
HOUR_NS = 3_600 * 10**9


class Taken(NamedTuple):
    """One recorded trade as its taker wanted it: `size` in the base currency."""

    at_ns: int
    market_id: str
    is_buy: bool
    size: Decimal


class TradeData(msgspec.Struct, gc=False):
    """A trade as the venue told it; `m`: the buyer was there first, so a seller took."""

    p: str = "0"
    q: str = "0"
    m: bool = False


class TradeMessage(msgspec.Struct, gc=False):
    """A line's JSON as far as the tape reads it."""

    stream: str = ""
    data: TradeData | None = None


class Tape(NamedTuple):
    """All takers of a recording in their order, and when the recording begins and ends."""

    taken: list[Taken]
    first_ns: int
    last_ns: int

    @property
    def seconds(self) -> float:
        """Return how long the recording is."""
        return (self.last_ns - self.first_ns) / 1e9

    def hours_ended(self) -> list[int]:
        """Return the full hours (counted from 1970) that end within the recording."""
        return list(range(self.first_ns // HOUR_NS, self.last_ns // HOUR_NS))


def read_tape(path: Path, *, seed: int) -> Tape:
    """Return a recording's takers; a CSV does not say who took, so the seed does."""
    if path.is_dir():
        return _of_books(BinanceRecording(path).books)
    return _of_csv(path, Random(seed))


def _of_books(books: list[Book]) -> Tape:
    decoder = msgspec.json.Decoder(TradeMessage)
    taken: list[Taken] = []
    first_ns, last_ns = 2**63, 0
    for book in books:
        for at_ns, text in read_raw_lines(book.files):
            first_ns, last_ns = min(first_ns, at_ns), max(last_ns, at_ns)
            if b"@trade" not in text[:40]:
                continue
            data = decoder.decode(text).data
            if data is not None:
                taken.append(_taken(book, data, at_ns))
    taken.sort(key=lambda one: one.at_ns)
    return Tape(taken, first_ns, last_ns)


def _taken(book: Book, data: TradeData, at_ns: int) -> Taken:
    size = Decimal(data.q)
    if book.is_inverse:
        size = size * _CONTRACT_USD / Decimal(data.p)
    return Taken(at_ns, book.market_id, not data.m, size)


def _of_csv(path: Path, random: Random) -> Tape:
    mids: dict[str, Decimal] = {}
    taken: list[Taken] = []
    times: list[int] = []
    for at_ms, kind, market_id, first, second in _rows(path):
        times.append(at_ms * 10**6)
        if kind == Kind.SPOT:
            mids[market_id] = (first + second) / 2
        elif kind == TRADE and market_id in mids:
            size = first * second / mids[market_id]
            taken.append(Taken(at_ms * 10**6, market_id, random.choice((True, False)), size))
    return Tape(taken, times[0], times[-1])


def _rows(path: Path) -> Iterator[tuple[int, str, str, Decimal, Decimal]]:
    for at, kind, market_id, _, first, second in read_raw_rows(path):
        yield int(at), kind, market_id, Decimal(first), Decimal(second)
