"""A few deaths between two writes, the same each time; `make faults` dies by the thousand."""

from collections import Counter
from typing import Any, cast

import psycopg
import pytest

from tests.exchange import SameConnection
from tests.simulation.faults import Fuse, Life, fused_cursor, fused_transaction
from trading.services.catalogue import CatalogueReport
from trading.solana import signer

PHASES = {"the inbox", "a step", "a snapshot", "a restore"}


class SameFused(SameConnection):
    """The test's connection with a fuse; a death rolls back to where its transaction began."""

    def __init__(self, fuse: Fuse) -> None:
        super().__init__()
        self._fuse, self._kind = fuse, fused_cursor(fuse)

    def cursor(self, *, binary: bool = False) -> psycopg.Cursor[Any]:
        cursor = self._kind(self._raw)
        cursor.format = psycopg.pq.Format(binary)
        return cursor

    def transaction(self) -> Any:
        return fused_transaction(self._fuse, super().transaction())

    def close(self) -> None:
        """Stay open: the test goes on with it."""


def connect(fuse: Fuse) -> "psycopg.Connection[Any]":
    return cast("psycopg.Connection[Any]", SameFused(fuse))


@pytest.mark.parametrize("seed", [3, 8])
def test_whoever_dies_between_two_writes_loses_and_doubles_nothing(
    seed: int, listing: CatalogueReport
) -> None:
    life = Life(seed=seed, connect=connect, signer=signer("venue"))
    life.live(steps=30)
    phases = Counter(where.partition(":")[0] for where in life.fuse.struck.elements())
    assert life.deaths >= 10
    assert life.told
    assert set(phases) <= PHASES
