"""The replay of a recording: its times shifted to now, at any speed.

A quote is as fresh as its replay: it is received when it is heard, whatever the venues'
clocks said. Markets without a recording run simulated beside it. A recording that is over is
not begun anew: its markets lose their sources and halt, while a dollar that it brought is
simulated from then on, since the other markets are converted by it. What is not here: the
formats of recordings.
"""

import asyncio
import dataclasses
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from prices.adapters.binance_lines import BinanceRecording
from prices.adapters.csv_lines import CsvRecording
from prices.adapters.heard import BadRecordingError, Heard, Recording, damage, deliver
from prices.adapters.simulated import wall_clock_ms
from prices.adapters.source import Connection, ConnectionState, Sink
from prices.records import USDT_USD, MarketSources

OWN_LEAST = 2
# Beside the simulated sources of the same names, so that each stands for itself in health.
RECORDED = "-recorded"
# So many lines are heard before others get a turn, when nothing has to be waited for.
BURST = 500
_MS_NS = 1_000_000


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast a recording is heard, and from when: times real time, from now without a moment.

    Without a speed, as fast as possible. Whoever begins late hears at once what was due before.
    """

    speed: float | None = 1.0
    begins_ms: int | None = None

    def due_ms(self, *, at_ns: int, first_ns: int, began_ms: int) -> int | None:
        """Return when a line is due, or none if at once."""
        if self.speed is None:
            return None
        return began_ms + int((at_ns - first_ns) / _MS_NS / self.speed)


def open_recording(path: Path) -> Recording:
    """Return a recording, wholly checked; refuse one that is missing or damaged."""
    try:
        if path.is_dir():
            return BinanceRecording(path)
        if not path.is_file():
            raise BadRecordingError(f"There is no recording at {path}.")
        return CsvRecording(path)
    except OSError as error:
        raise damage("cannot be opened", error) from error


class ReplayAdapter:
    """Hears a recording again."""

    def __init__(
        self,
        *,
        recording: Recording,
        pace: Pace,
        clock_ms: Callable[[], int] = wall_clock_ms,
    ) -> None:
        """Start at the recording's beginning."""
        self._recording = recording
        self._pace = pace
        self._clock_ms = clock_ms
        self._ends_ns = recording.ends_ns()
        self._connections = {name: Connection(f"{name}{RECORDED}") for name in self._ends_ns}
        self._ended: set[str] = set()
        self.heard = 0

    def markets(self, catalogue: Iterable[MarketSources]) -> list[MarketSources]:
        """Return the recorded markets, with the recording's own venues where it brings some.

        A recording that speaks of a market or a source that is not in the catalogue is refused.
        """
        listed = {market.market_id: market for market in catalogue}
        own = self._recording.own_sources()
        recorded = self._recording.market_ids()
        for name in sorted(recorded - listed.keys() - {USDT_USD}):
            raise BadRecordingError(
                f"The recording speaks of {name[:24]!r}, which is no market here."
            )
        for market_id in sorted(recorded & listed.keys()):
            self._check_names(listed[market_id])
        return [
            self._with_own(market, own=own.get(market.market_id))
            for market in listed.values()
            if market.market_id in recorded
        ]

    def is_heard(self, market_id: str) -> bool:
        """Tell whether a market of the catalogue's own sources is still to be heard from."""
        sources = {name for _, name in self._recording.names().get(market_id, ())}
        return not sources <= self._ended

    def states(self) -> Sequence[ConnectionState]:
        """Return every recorded source's state."""
        return [connection.state() for connection in self._connections.values()]

    async def run(self, sink: Sink) -> None:
        """Hear the recording to its end, or to where its file has broken since it was checked."""
        for connection in self._connections.values():
            connection.opened()
        last_words = "The recording is over."
        try:
            await self._hear_all(sink)
        except BadRecordingError as error:
            last_words = str(error)
        for connection in self._connections.values():
            connection.ended(last_words)
        self._ended.update(self._connections)

    async def _hear_all(self, sink: Sink) -> None:
        began_ms, first_ns = self._pace.begins_ms or self._clock_ms(), None
        await self._wait(began_ms)
        for heard in self._recording.events():
            first_ns = heard.at_ns if first_ns is None else first_ns
            due_ms = self._pace.due_ms(at_ns=heard.at_ns, first_ns=first_ns, began_ms=began_ms)
            await self._wait(due_ms)
            self._hear(sink, heard=heard, at_ms=self._clock_ms())

    def _check_names(self, market: MarketSources) -> None:
        known = {
            (source.kind, source.name)
            for source in (*market.venues, *market.oracles, *market.perpetuals)
        }
        spoken = self._recording.names().get(market.market_id, frozenset())
        for kind, name in sorted(spoken - known):
            raise BadRecordingError(
                f"The recording speaks of {name[:24]!r}, which is no {kind.lower()} source of"
                f" {market.market_id}."
            )

    @staticmethod
    def _with_own(market: MarketSources, *, own: object) -> MarketSources:
        if not isinstance(own, tuple):
            return market
        # Oracles and perpetuals of another day would contradict the recorded price.
        return msgspec.structs.replace(
            market,
            venues=own,
            least=min(OWN_LEAST, len(own)),
            oracles=(),
            perpetuals=(),
        )

    async def _wait(self, due_ms: int | None) -> None:
        if due_ms is None or due_ms <= self._clock_ms():
            if self.heard % BURST == 0:
                await asyncio.sleep(0)
            return
        await asyncio.sleep((due_ms - self._clock_ms()) / 1_000)

    def _hear(self, sink: Sink, *, heard: Heard, at_ms: int) -> None:
        self.heard += 1
        deliver(sink, heard=heard, at_ms=at_ms)
        connection = self._connections[heard.source]
        connection.heard(at_ms=at_ms)
        if heard.at_ns >= self._ends_ns[heard.source]:
            connection.ended("The recording of this source ends here.")
            self._ended.add(heard.source)
