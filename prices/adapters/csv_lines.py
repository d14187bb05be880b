"""Recordings as CSV, gzipped or not: the simple format, and the recorder that writes it.

    received_at_ms,kind,market_id,source,first,second
    1700000000000,SPOT,BTC-USDT-PERP,binance,61800.1,61800.2
    1700000000000,PERPETUAL,BTC-USDT-PERP,okx-perp,61811.0,61811.4
    1700000000000,ORACLE,BTC-USDT-PERP,pyth,61799.5,12.4
    1700000000003,TRADE,BTC-USDT-PERP,binance,61800.2,0.25

`first` and `second` are bid and ask of a venue, price and confidence of an oracle, price
and size of a trade. Times do not fall. Sources carry the names of the market's own list.
What is not here: pace, and sinks other than the recorder.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

from prices.adapters.heard import BadRecordingError, Heard, Name, damage, time_after
from prices.records import Kind, OracleQuote, Quote, Source, Trade
from prices.units import PICO, decimal_of_pico, pico_of

HEADER = ["received_at_ms", "kind", "market_id", "source", "first", "second"]
TRADE = "TRADE"
_MS_NS = 1_000_000
_MICRO_PICO = 10**6


class CsvRecording:
    """A CSV file of quotes and trades; opening it checks every row."""

    def __init__(self, file: Path) -> None:
        """Check the whole file, or refuse it with a sentence."""
        self._file = file
        self._ends_ns: dict[str, int] = {}
        self._names: dict[str, set[Name]] = {}
        self._lines = 0
        for heard in read_rows(file):
            self._ends_ns[heard.source] = heard.at_ns
            names = self._names.setdefault(heard.market_id, set())
            if heard.kind is not None:
                names.add((heard.kind, heard.source))
            self._lines += 1
        if not self._lines:
            raise BadRecordingError(f"The recording {file} is empty.")

    def lines(self) -> int:
        """Return how many rows the file has below its header."""
        return self._lines

    def market_ids(self) -> frozenset[str]:
        """Return the recorded markets."""
        return frozenset(self._names)

    def names(self) -> Mapping[str, frozenset[Name]]:
        """Return the sources that it speaks of."""
        return {market_id: frozenset(names) for market_id, names in self._names.items()}

    def own_sources(self) -> Mapping[str, tuple[Source, ...]]:
        """Return nothing: a CSV speaks of the catalogue's own sources."""
        return {}

    def ends_ns(self) -> Mapping[str, int]:
        """Return when each source was heard last."""
        return dict(self._ends_ns)

    def events(self) -> Iterator[Heard]:
        """Return the rows in order."""
        return read_rows(self._file)


def read_raw_rows(file: Path) -> Iterator[list[str]]:
    """Return a file's rows as they stand, after its header."""
    with _open(file) as stream:
        rows = csv.reader(stream)
        _check_header(next(rows, None))
        yield from rows


def read_rows(file: Path) -> Iterator[Heard]:
    """Return a file's rows; refuse the first that makes no sense, by its line."""
    number, before_ns = 0, 0
    try:
        with _open(file) as stream:
            rows = csv.reader(stream)
            _check_header(next(rows, None))
            for number, row in enumerate(rows, start=2):  # noqa: B007 - named in the refusal
                heard = _heard(row, before_ns=before_ns)
                before_ns = heard.at_ns
                yield heard
    except (OSError, EOFError, ValueError, csv.Error, zlib.error) as error:
        raise damage(f"{file} is damaged at line {max(1, number)}", error) from error


class CsvRecorder:
    """A sink that writes what it takes, so that it can be replayed."""

    def __init__(self, stream: IO[str]) -> None:
        """Write the header to an open text stream."""
        self._writer = csv.writer(stream, lineterminator="\n")
        self._writer.writerow(HEADER)

    def take_quote(self, *, market_id: str, source: str, quote: Quote) -> None:
        """Write a spot venue's quote."""
        self._write(quote, kind=Kind.SPOT, market_id=market_id, source=source)

    def take_perpetual(self, *, market_id: str, source: str, quote: Quote) -> None:
        """Write an outside perpetual's quote."""
        self._write(quote, kind=Kind.PERPETUAL, market_id=market_id, source=source)

    def take_oracle(self, *, market_id: str, source: str, quote: OracleQuote) -> None:
        """Write an oracle's price and confidence."""
        price, confidence = _text(quote.price_pico), _text(quote.confidence_pico)
        self._writer.writerow(
            [quote.received_at_ms, Kind.ORACLE, market_id, source, price, confidence]
        )

    def take_trade(self, *, market_id: str, trade: Trade) -> None:
        """Write a trade as so many units at 1 USDT: only its worth is known here."""
        worth = _text(trade.notional_micro * _MICRO_PICO)
        self._writer.writerow([trade.received_at_ms, TRADE, market_id, "trades", 1, worth])

    def _write(self, quote: Quote, *, kind: Kind, market_id: str, source: str) -> None:
        bid, ask = _text(quote.bid_pico), _text(quote.ask_pico)
        self._writer.writerow([quote.received_at_ms, kind, market_id, source, bid, ask])


def _open(file: Path) -> IO[str]:
    if file.suffix == ".gz":
        return io.TextIOWrapper(gzip.open(file, "rb"), encoding="utf-8", newline="")
    return file.open(encoding="utf-8", newline="")


def _check_header(row: list[str] | None) -> None:
    if row != HEADER:
        raise ValueError(f"its first line must be {','.join(HEADER)}")


def _heard(row: list[str], *, before_ns: int) -> Heard:
    if len(row) != len(HEADER):
        raise ValueError(f"it has {len(row)} fields, not {len(HEADER)}")
    at, kind, market_id, source, first, second = row
    at_ns = time_after(before_ns, text=at, unit_ns=_MS_NS)
    if kind == TRADE:
        worth_micro = pico_of(first) * pico_of(second) // PICO // _MICRO_PICO
        return Heard(
            at_ns=at_ns,
            market_id=market_id,
            source=source,
            kind=None,
            first=worth_micro,
            second=0,
        )
    return Heard(
        at_ns=at_ns,
        market_id=market_id,
        source=source,
        kind=Kind(kind),
        first=pico_of(first),
        second=pico_of(second),
    )


def _text(value_pico: int) -> str:
    return f"{decimal_of_pico(value_pico).normalize():f}"
