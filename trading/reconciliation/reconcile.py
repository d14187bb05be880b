"""Reconcile: engine = projections = ledger, each difference named, one row a run (I6).

The engine is restored from the log as a restart would restore it. Everything is read from one
picture of the database, so the venue goes on meanwhile. What is not here: mending.
"""

from datetime import datetime
from typing import Any, Final

import psycopg
from django.utils import timezone

from godark.reading import connection_parameters
from trading.alerts import raise_alert
from trading.log import LogBrokenError, one_picture
from trading.models import AlertKind, Reconciliation, ReconciliationOutcome
from trading.reconciliation.differences import Difference, compare
from trading.reconciliation.figures import (
    IN_LEDGER,
    engine_figures,
    ledger_figures,
    posted_figures,
    projection_figures,
)
from trading.runner.restore import restore

TOLD: Final = 100
ENGINE, PROJECTIONS, LEDGER, POSTINGS = "engine", "projections", "ledger", "postings"


def reconcile(connection: psycopg.Connection[Any] | None = None) -> list[Difference]:
    """Compare the three, write down the run, and return the differences."""
    started_at = timezone.now()
    if connection is None:
        with psycopg.connect(**connection_parameters(), autocommit=True) as own:
            sequence, differences = find_differences(own)
    else:
        sequence, differences = find_differences(connection)
    write_down(sequence, differences, started_at=started_at)
    return differences


def find_differences(connection: psycopg.Connection[Any], /) -> tuple[int, list[Difference]]:
    """Return after which event it looked, and every difference."""
    with one_picture(connection):
        try:
            state, place = restore(connection)
        except LogBrokenError as broken:
            said = ("what was written", str(broken))
            return 0, [Difference("log", "", "", (ENGINE, "log"), said)]
        engine = engine_figures(state)
        shown = projection_figures(connection)
        ledger = ledger_figures(connection)
        kept, posted = posted_figures(connection)
    in_ledger = {key: figure for key, figure in engine.items() if key.kind in IN_LEDGER}
    return place.sequence, [
        *compare(ENGINE, engine, PROJECTIONS, shown),
        *compare(ENGINE, in_ledger, LEDGER, ledger),
        *compare(LEDGER, kept, POSTINGS, posted),
    ]


def write_down(sequence: int, differences: list[Difference], /, *, started_at: datetime) -> None:
    """Leave the run's row, and an alert where something differs."""
    write_row(sequence, differences, started_at=started_at)
    if differences:
        kinds = sorted({difference.kind for difference in differences})
        raise_alert(AlertKind.BOOKS_DIFFER, f"{len(differences)} differences: {', '.join(kinds)}")


def write_row(sequence: int, differences: list[Difference], /, *, started_at: datetime) -> None:
    """Leave the run's row: its first differences in figures, and how many they are."""
    Reconciliation.objects.create(
        started_at=started_at,
        ended_at=timezone.now(),
        event_sequence=sequence,
        outcome=ReconciliationOutcome.DIFFERS if differences else ReconciliationOutcome.AGREES,
        difference_count=len(differences),
        differences=[difference.told() for difference in differences[:TOLD]],
    )
