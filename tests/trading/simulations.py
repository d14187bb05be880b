"""A price run over a simulated world with a clock of its own, for the tests of trading."""

from dataclasses import dataclass, field
from typing import Any

import redis
from django.conf import settings

from prices.adapters.simulated import SimulatedAdapter
from trading.services.price_adapters import PriceSettings
from trading.services.price_lock import PriceLock
from trading.services.price_run import PriceRun, ReferenceRecorder
from trading.services.price_setup import prepare_run

# A Tuesday, 22:00 UTC: FX is open, and an hour begins.
TUESDAY_MS = 1_700_000_000_000 - 1_700_000_000_000 % 3_600_000


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    at_ms: int = TUESDAY_MS

    def __call__(self) -> int:
        """Return its time."""
        return self.at_ms


@dataclass
class SimulatedRun:
    """A run, its clock, and the parts that tests look into."""

    run: PriceRun
    clock: Clock
    recorder: ReferenceRecorder = field(default_factory=ReferenceRecorder)

    @property
    def simulation(self) -> SimulatedAdapter:
        """Return the simulated world's adapter."""
        simulation = self.run._sourcing.simulation
        assert simulation is not None
        return simulation

    def go(self, *, seconds: int, steps_per_second: int = 1) -> None:
        """Let so many seconds pass: the world ticks four times in each, the board steps."""
        for _ in range(seconds):
            for quarter in range(4):
                self.clock.at_ms += 250
                self.simulation.tick(self.run._board, at_ms=self.clock.at_ms)
                if quarter % (4 // steps_per_second) == 0:
                    self.run.step()


def simulated_run(**chosen: Any) -> SimulatedRun:
    """Return a run over the listed markets; no source lies by itself."""
    options = PriceSettings(**{"mode": "simulated", "schedule": "none", "seed": 3, **chosen})
    client = redis.Redis.from_url(settings.REDIS_URL)
    run = prepare_run(options, client=client, lock=PriceLock())
    found = SimulatedRun(run=run, clock=Clock())
    run._clock_ms = found.clock
    run._outlet = found.recorder
    return found
