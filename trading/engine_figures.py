"""What the engine tells of its own pace: written by its process, read at each scrape.

The engine has no door of its own: it leaves its figures in Redis, where they expire when it dies.
Counters begin anew with each process, as Prometheus expects. What is not here: anything of orders;
commands are counted together with the prices among them.
"""

from bisect import bisect_left
from typing import Final

import msgspec
from django.conf import settings

EXPIRES_S: Final = 20
SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
COUNTS: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)


class Spread(msgspec.Struct):
    """How a measure is spread: how many were at most each bound, the last for all above."""

    bounds: tuple[float, ...]
    counts: list[int]
    total: float = 0.0

    @classmethod
    def over(cls, bounds: tuple[float, ...]) -> "Spread":
        """Begin with nothing measured."""
        return cls(bounds, [0] * (len(bounds) + 1))

    def add(self, measure: float) -> None:
        """Add one measure."""
        self.counts[bisect_left(self.bounds, measure)] += 1
        self.total += measure

    def buckets(self) -> list[tuple[str, float]]:
        """Return the running sums by bound, as Prometheus takes them."""
        names = [*(str(bound) for bound in self.bounds), "+Inf"]
        sums, so_far = [], 0
        for name, count in zip(names, self.counts, strict=True):
            so_far += count
            sums.append((name, float(so_far)))
        return sums


class EngineFigures(msgspec.Struct):
    """The figures of one process that is the engine."""

    began_ms: int
    restored_s: float = 0.0
    commands: int = 0
    events: int = 0
    event_bytes: int = 0
    trades: int = 0
    liquidations: int = 0
    stale_references: int = 0
    oldest_reference_s: float = 0.0
    step_s: Spread = msgspec.field(default_factory=lambda: Spread.over(SECONDS))
    decide_s: Spread = msgspec.field(default_factory=lambda: Spread.over(SECONDS))
    commit_s: Spread = msgspec.field(default_factory=lambda: Spread.over(SECONDS))
    tell_s: Spread = msgspec.field(default_factory=lambda: Spread.over(SECONDS))
    step_commands: Spread = msgspec.field(default_factory=lambda: Spread.over(COUNTS))


def figures_key() -> str:
    """Return the Redis key of the engine's figures; of one database's engine only."""
    return f"godark:engine:figures:{settings.DATABASES['default']['NAME']}"


def standby_key() -> str:
    """Return the Redis key that says that an engine stands by."""
    return f"godark:engine:standby:{settings.DATABASES['default']['NAME']}"


def encode_figures(figures: EngineFigures, /) -> bytes:
    """Encode figures for Redis."""
    return msgspec.msgpack.encode(figures)


def decode_figures(data: bytes, /) -> EngineFigures:
    """Decode what stands in Redis; msgspec.MsgspecError where it is of another version."""
    return msgspec.msgpack.decode(data, type=EngineFigures)
