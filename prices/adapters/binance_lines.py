"""Recordings of Binance streams: a folder per book, lines of `LOCAL_NANOSECONDS JSON`.

A book's files are read in the order of their names as one stream: combined-stream messages
(bookTicker, trade, depth) and REST depth snapshots. Where a book has no bookTicker, its
quotes are those of the book rebuilt from its depth. What is not here: pace, and sinks.
"""

import gzip
import heapq
import zlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from prices.adapters.depth import DepthBook, DepthChange, Level
from prices.adapters.heard import BadRecordingError, Heard, Name, damage, time_after
from prices.records import Currency, Kind, Source
from prices.units import PICO, pico_of

_MICRO = 10**6
# One contract of an inverse perpetual is worth so many USD.
_INVERSE_SUFFIX = "USD_PERP"
_CONTRACT_USD = {"BTC": 100}
_OTHER_CONTRACT_USD = 10


class Data(msgspec.Struct, gc=False):
    """The inner message of a stream, as far as it is read; sizes only where they matter."""

    s: str = ""
    u: int = 0
    U: int = 0
    pu: int | None = None
    b: str | list[tuple[str, str]] = ""
    a: str | list[tuple[str, str]] = ""
    p: str = ""
    q: str = ""


class Message(msgspec.Struct, gc=False):
    """A line's JSON: a stream's message, or a snapshot of the depth."""

    stream: str = ""
    data: Data | None = None
    lastUpdateId: int | None = None  # noqa: N815 - the venue's own name
    bids: list[tuple[str, str]] = []
    asks: list[tuple[str, str]] = []


class Line(NamedTuple):
    """One line of a recording."""

    at_ns: int
    message: Message


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """One recorded book: its files, its market, and whether it has tickers."""

    name: str
    files: tuple[Path, ...]
    market_id: str
    base: str
    is_inverse: bool
    has_tickers: bool
    lines: int
    last_ns: int


class BinanceRecording:
    """A folder of recorded Binance books; opening it checks every line."""

    def __init__(self, folder: Path) -> None:
        """Check the whole folder, or refuse it with a sentence."""
        folders = sorted(path for path in folder.iterdir() if any(path.glob("*.gz")))
        if not folders:
            raise BadRecordingError(f"The recording {folder} holds no folder of .gz files.")
        self.books = [check_book(book) for book in folders]

    def lines(self) -> int:
        """Return how many lines all books have."""
        return sum(book.lines for book in self.books)

    def market_ids(self) -> frozenset[str]:
        """Return the recorded markets."""
        return frozenset(book.market_id for book in self.books)

    def names(self) -> Mapping[str, frozenset[Name]]:
        """Return nothing: the books are sources of their own."""
        return {}

    def own_sources(self) -> Mapping[str, tuple[Source, ...]]:
        """Return each market's books as its venues, all of one weight."""
        found: dict[str, tuple[Source, ...]] = {}
        for book in self.books:
            currency = Currency.USD if book.is_inverse else Currency.USDT
            source = Source(name=book.name, kind=Kind.SPOT, currency=currency)
            found[book.market_id] = (*found.get(book.market_id, ()), source)
        return found

    def ends_ns(self) -> Mapping[str, int]:
        """Return when each book was heard last."""
        return {book.name: book.last_ns for book in self.books}

    def events(self) -> Iterator[Heard]:
        """Return all books' quotes and trades, in order of their time."""
        return heapq.merge(*(book_events(book) for book in self.books), key=_time_of)


def check_book(folder: Path) -> Book:
    """Return a book after reading all its lines; refuse the first that makes no sense."""
    files = tuple(sorted(folder.glob("*.gz")))
    symbol, tickers, count, last_ns = "", 0, 0, 0
    for line in read_lines(files):
        data = line.message.data
        if data is not None:
            symbol = symbol or data.s
            tickers += line.message.stream.endswith("@bookTicker")
        count, last_ns = count + 1, line.at_ns
    base, is_inverse = _split(symbol, folder=folder)
    return Book(
        name=folder.name,
        files=files,
        market_id=f"{base}-USDT-PERP",
        base=base,
        is_inverse=is_inverse,
        has_tickers=tickers > 0,
        lines=count,
        last_ns=last_ns,
    )


def read_raw_lines(files: tuple[Path, ...]) -> Iterator[tuple[int, bytes]]:
    """Return when each line of a book's files was heard, and its JSON as it stands."""
    for file in files:
        with gzip.open(file, "rb") as stream:
            for raw in stream:
                local, _, text = raw.partition(b" ")
                yield int(local), text


def read_lines(files: tuple[Path, ...]) -> Iterator[Line]:
    """Return the lines of a book's files; refuse damage with the file's name and line."""
    decoder = msgspec.json.Decoder(Message)
    before_ns = 0
    for file in files:
        number = 0
        try:
            with gzip.open(file, "rb") as stream:
                for number, raw in enumerate(stream, start=1):  # noqa: B007 - named in the refusal
                    local, _, text = raw.partition(b" ")
                    before_ns = time_after(before_ns, text=local)
                    yield Line(before_ns, decoder.decode(text))
        except (OSError, EOFError, ValueError, RecursionError, zlib.error) as error:
            raise damage(f"{file} is damaged after line {max(0, number - 1)}", error) from error


def book_events(book: Book) -> Iterator[Heard]:
    """Return a book's quotes and trades, its quotes rebuilt from depth if it has no ticker."""
    depth = DepthBook()
    for line in read_lines(book.files):
        message, data = line.message, line.message.data
        best: tuple[int, int] | None = None
        if data is not None and message.stream.endswith("@trade"):
            yield _trade(book, data=data, at_ns=line.at_ns)
        elif book.has_tickers:
            best = ticker_of(message)
        elif take_depth(depth, message=message):
            best = depth.best()
        if best is not None:
            yield _quote(book, best=best, at_ns=line.at_ns)


def ticker_of(message: Message) -> tuple[int, int] | None:
    """Return a bookTicker's best bid and ask in pico-units."""
    data = message.data
    if data is None or not isinstance(data.b, str) or not isinstance(data.a, str) or not data.b:
        return None
    return pico_of_text(data.b), pico_of_text(data.a)


def take_depth(depth: DepthBook, *, message: Message) -> bool:
    """Let a message change a rebuilt book; tell whether it did."""
    if message.lastUpdateId is not None:
        depth.take_snapshot(
            last_id=message.lastUpdateId, bids=_levels(message.bids), asks=_levels(message.asks)
        )
        return True
    data = message.data
    if data is None or isinstance(data.b, str) or isinstance(data.a, str):
        return False
    return depth.take_change(
        DepthChange(
            first=data.U,
            last=data.u,
            previous=data.pu,
            bids=_levels(data.b),
            asks=_levels(data.a),
        )
    )


@lru_cache(maxsize=65_536)
def pico_of_text(text: str) -> int:
    """Return a recorded price in pico-units; recordings repeat themselves."""
    return pico_of(text)


def _levels(levels: list[tuple[str, str]]) -> tuple[Level, ...]:
    return tuple((pico_of_text(price), size.strip("0.") != "") for price, size in levels)


def _quote(book: Book, *, best: tuple[int, int], at_ns: int) -> Heard:
    return Heard(
        at_ns=at_ns,
        market_id=book.market_id,
        source=book.name,
        kind=Kind.SPOT,
        first=best[0],
        second=best[1],
    )


def _trade(book: Book, *, data: Data, at_ns: int) -> Heard:
    size_pico = pico_of_text(data.q)
    if book.is_inverse:
        contract = _CONTRACT_USD.get(book.base, _OTHER_CONTRACT_USD)
        worth_micro = size_pico * contract * _MICRO // PICO
    else:
        worth_micro = size_pico * pico_of_text(data.p) * _MICRO // PICO**2
    return Heard(
        at_ns=at_ns,
        market_id=book.market_id,
        source=book.name,
        kind=None,
        first=worth_micro,
        second=0,
    )


def _split(symbol: str, *, folder: Path) -> tuple[str, bool]:
    if symbol.endswith(_INVERSE_SUFFIX) and len(symbol) > len(_INVERSE_SUFFIX):
        return symbol.removesuffix(_INVERSE_SUFFIX), True
    if symbol.endswith("USDT") and len(symbol) > len("USDT"):
        return symbol.removesuffix("USDT"), False
    raise BadRecordingError(f"The recording {folder} is of {symbol or 'no symbol'}, not of USDT.")


def _time_of(heard: Heard) -> int:
    return heard.at_ns
